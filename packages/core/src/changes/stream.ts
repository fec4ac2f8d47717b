import { decodeBatch, invalidArgument, isLdbError, LdbError } from '@ldb/base'
import type { KeyspaceSection } from '@ldb/base'
import type { AsyncTransaction } from '../async/transaction.js'
import { CallOrder } from '../calls/call-order.js'
import type { CallChain } from '../calls/call-order.js'
import type { ReadGate } from '../resident/read-gate.js'
import { addAbortListener, removeAbortListener, throwIfAborted } from '../health/abort-signal.js'
import type { ResolvedChangesOptions } from './options.js'
import type { CommitReader } from '../log/change-reader.js'
import type { ChangeSignal } from '../log/change-signal.js'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { HandleLease, HandleLeases, PinnedResource } from '../health/handle-leases.js'
import type { Health } from '../health/health.js'
import type { HandleSentinel } from '../health/leaks.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import { loadLargeValues } from './large-values.js'
import type { LargeValues } from './large-values.js'
import { CONSUMERS_KEYSPACE } from '../catalog/directory-layout.js'
import { decodeKeyspaceChange } from '../catalog/keyspace-change.js'
import type { KeyspaceChange } from '../catalog/catalog.js'
import { LogRecordType } from '../format.js'
import type { Change, CommittedChanges } from './change.js'
import { ChangeDecoder } from './decoder.js'
import type { OpenConsumer, PositionWrites } from './open-consumer.js'
import type { KeyspaceTable } from '../keyspace/table.js'
import { PlainHandle } from '../health/handle-summary.js'

/** The parts of the database that a change stream reads. */
export interface ChangeParts {
  readonly health: Health
  readonly keyspaces: KeyspaceTable
  readonly pipeline: CommitPipeline
  readonly gate: ReadGate
  readonly changeSignal: ChangeSignal
  readonly openStreams: HandleLeases<PinnedResource>
}

/**
 * Committed changes in commit order, as they become visible: first those in the log, then each new one.
 *
 * @remarks An async iterator that reads a commit when `next` is called. An open stream keeps the log back to its
 * position, up to `changesBacklogBytes`; a stream that is further behind fails with `LDB_NOT_FOUND`. End it with
 * `return()`, or by leaving the `for await`. A commit at durability `'none'` is returned after the background sync has
 * written it to the operating system. `next` rejects with `LDB_CLOSED` when the database is closed, `LDB_ABORTED` when
 * the signal is aborted, and `LDB_POISONED` when a write has failed.
 * @example
 * ```ts
 * import { AsyncDatabase } from '@ldb/core'
 *
 * const db = await AsyncDatabase.memory()
 * const changes = db.changes()
 * await db.put('a', '1')
 * console.log((await changes.next()).value) // { seq: 1, changes: [ { kind: 'put', … } ] }
 * await db.close()
 * ```
 * @category Changes
 */
export class ChangeStream<K, V>
  extends PlainHandle
  implements AsyncIterable<CommittedChanges<K, V>>, AsyncDisposable
{
  readonly #parts: ChangeParts
  readonly #options: ResolvedChangesOptions
  /** The reference to the sentinel keeps the database open as long as the stream is reachable. */
  readonly #kept: { readonly commits: CommitReader; readonly sentinel: HandleSentinel }
  readonly #lease: HandleLease<PinnedResource>
  readonly #decoder: ChangeDecoder<K, V>
  readonly #calls: CallOrder
  readonly #reads: CallChain = { newest: undefined }
  readonly #consumer: OpenConsumer | undefined
  #isEnded = false
  /** The current commit only records positions of consumers. */
  #isOwnCommit = false
  /** Wakes a pending call of `next` when the stream ends. */
  #wake: (() => void) | undefined = undefined

  /** @internal */
  constructor(
    parts: ChangeParts,
    sentinel: HandleSentinel,
    options: ResolvedChangesOptions,
    commits: CommitReader,
    consumer: OpenConsumer | undefined,
  ) {
    super()
    this.#parts = parts
    this.#options = options
    this.#kept = { commits, sentinel }
    this.#consumer = consumer
    this.#lease = parts.openStreams.open('changes', pinnedLog(commits, consumer?.releaser), this)
    this.#decoder = new ChangeDecoder(parts.keyspaces, options)
    this.#calls = new CallOrder(parts.gate)
  }

  get #commits(): CommitReader {
    return this.#kept.commits
  }

  /** Returns the changes of the next commit, and waits until there is one. */
  async next(): Promise<IteratorResult<CommittedChanges<K, V>, undefined>> {
    if (this.#calls.isEnding) return this.return()
    return this.#calls.runNext(this.#reads, () => this.#next())
  }

  /**
   * Records that a consumer has processed commits, as durably as other commits.
   *
   * @param seq - the newest one of them. Default: the newest commit that was returned.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT without a consumer, or for a commit that was not returned yet; LDB_CLOSED after the end
   * of the stream; the errors of writes.
   */
  async acknowledge(seq?: number): Promise<void> {
    await this.#requireConsumer().acknowledge(seq)
  }

  /**
   * Adds to a batch or transaction that the consumer has processed commits: both are committed, or neither. A batch or transaction that is
   * retried adds it again. Use it with `acknowledge: 'explicit'`.
   *
   * @param seq - the newest one of them. Default: the newest commit that was returned.
   * @returns a promise for an asynchronous transaction.
   * @throws {@link LdbError} as `acknowledge`.
   */
  acknowledgeIn<Writes extends PositionWrites>(
    writes: Writes,
    seq?: number,
  ): Writes extends AsyncTransaction ? Promise<void> : void {
    type Result = Writes extends AsyncTransaction ? Promise<void> : void
    return this.#requireConsumer().acknowledgeIn(writes, seq) as Result
  }

  #requireConsumer(): OpenConsumer {
    if (this.#consumer === undefined) throw invalidArgument('the stream has no consumer')
    this.#parts.health.assertOpen()
    if (this.#isEnded) throw new LdbError('LDB_CLOSED', 'the stream of the consumer has ended')
    return this.#consumer
  }

  /**
   * Ends the stream, and releases its position in the log. Calls of `next` before it return the commits that are there,
   * and do not wait for later ones. Idempotent.
   */
  async return(): Promise<IteratorResult<CommittedChanges<K, V>, undefined>> {
    const consumer = this.#consumer
    const ended = this.#calls.end(() => {
      if (consumer === undefined) this.#end()
    })
    this.#wake?.()
    await ended
    if (consumer !== undefined) {
      await consumer.finish()
      this.#end()
    }
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  async #next(): Promise<IteratorResult<CommittedChanges<K, V>, undefined>> {
    if (this.#isEnded) return { done: true, value: undefined }
    try {
      await this.#consumer?.begin()
      const value = await this.#read()
      return value === undefined ? { done: true, value } : { done: false, value }
    } catch (error) {
      this.#end()
      throw error
    }
  }

  async #read(): Promise<CommittedChanges<K, V> | undefined> {
    const { health, pipeline, gate } = this.#parts
    for (;;) {
      if (this.#isEnded) return undefined
      throwIfAborted(this.#options.signal)
      health.assertOpen()
      if (this.#commits.next(pipeline.seq)) {
        const changes = await this.#decode()
        this.#commits.endCommit()
        if (this.#isEnded) return undefined
        const { seq, endLsn } = this.#commits
        await this.#consumer?.pass(seq, endLsn, changes.length > 0, this.#isOwnCommit)
        if (changes.length > 0) return { seq: this.#commits.seq, changes }
        if (gate.isSliceOver) await gate.yieldThread()
        continue
      }
      // `return` was called: the calls before it wait for no more commits.
      if (this.#calls.isEnding) return undefined
      // No commit follows a failed write.
      if (health.poisoned) health.assertWritable()
      if (this.#consumer?.wantsRecord === true) await this.#consumer.record()
      else await this.#wait()
    }
  }

  /** Waits for a commit, the end of the stream or an aborted signal. */
  async #wait(): Promise<void> {
    const { signal } = this.#options
    let callOff = (): void => undefined
    const aborted = (): void => {
      this.#wake?.()
    }
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      callOff = this.#parts.changeSignal.wait(resolve)
      addAbortListener(signal, aborted)
    })
    this.#wake = undefined
    callOff()
    removeAbortListener(signal, aborted)
    throwIfAborted(signal)
  }

  #end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#parts.openStreams.close(this.#lease)
    this.#wake?.()
  }

  async #decode(): Promise<Change<K, V>[]> {
    const { payload, file, seq, type } = this.#commits
    const { keyspace } = this.#options
    const changes: Change<K, V>[] = []
    if (type === LogRecordType.Keyspace) {
      const change = decodeKeyspaceChange(payload, file, seq)
      this.#isOwnCommit = change.name === CONSUMERS_KEYSPACE
      const isSelected = keyspace === undefined || keyspace.store.descriptor.id === change.id
      return isSelected && !this.#isOwnCommit ? [changedKeyspace(change)] : []
    }
    this.#isOwnCommit = true
    for (const section of decodeBatch(payload, file, seq)) {
      const isOwn = this.#parts.keyspaces.byId(section.keyspaceId)?.descriptor.name === CONSUMERS_KEYSPACE
      if (!isOwn) this.#isOwnCommit = false
      if (isOwn) continue
      if (keyspace !== undefined && keyspace.store.descriptor.id !== section.keyspaceId) continue
      const store = this.#parts.keyspaces.byId(section.keyspaceId)
      // `undefined` when the keyspace was dropped.
      if (store === undefined) continue
      const values = store.hasBlobs ? await this.#loadValues(section, store) : undefined
      // It may have been dropped meanwhile.
      if (!store.dropped) this.#decoder.decode(section, store, values, type === LogRecordType.Load, changes)
    }
    return changes
  }

  async #loadValues(section: KeyspaceSection, store: KeyspaceStore): Promise<LargeValues> {
    const { health, gate } = this.#parts
    try {
      return await loadLargeValues(section, store, gate, () => {
        throwIfAborted(this.#options.signal)
        health.assertOpen()
      })
    } catch (error) {
      // A value that is gone was released with its commit.
      if (isLdbError(error, 'LDB_CORRUPTION')) this.#commits.assertRetained()
      throw error
    }
  }
}

function changedKeyspace({
  kind,
  name: keyspace,
  engine,
  keys,
  values,
}: KeyspaceChange): Change<never, never> {
  const described = { keyspace, engine, keys, values }
  return kind === 'createKeyspace' ? { kind, ...described } : { kind, ...described }
}

/** Returns the part of the log that a reader pins, without the stream of the reader. */
function pinnedLog(commits: CommitReader, releaseConsumer: (() => void) | undefined): PinnedResource {
  return {
    release(): void {
      commits.close()
      releaseConsumer?.()
    },
  }
}
