import {
  BatchReader,
  copyBytes,
  decodeBatch,
  equalBytes,
  intersectBounds,
  isEmptyBounds,
  isLdbError,
  isWithinBounds,
  OperationKind,
} from '@ldb/base'
import type { KeyBounds, KeyspaceSection } from '@ldb/base'
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
import { encodingsOf } from '../keyspace/options.js'
import { KeyspaceCodec } from '../keyspace/codec.js'
import type { KeyspaceTable } from '../keyspace/table.js'

/** One change of a commit. @category Changes */
export type Change<K = unknown, V = unknown> =
  | { readonly kind: 'put'; readonly keyspace: string; readonly key: K; readonly value: V }
  | { readonly kind: 'delete'; readonly keyspace: string; readonly key: K }
  /** The removal of an expired entry, which has been absent from every read since its expiry. */
  | { readonly kind: 'expire'; readonly keyspace: string; readonly key: K }
  /**
   * A range of keys, with encodings at or above `lower` and below `upper`: all of them were removed (`'deleteRange'`), or some of them were
   * written by a bulk load (`'load'`), whose entries are not in the log: read them from the keyspace. After a crash during a load, the
   * change may be reported although nothing was written.
   */
  | {
      readonly kind: 'deleteRange' | 'load'
      readonly keyspace: string
      /** The key whose encoding is `lower`; `undefined` when no key has it, as after a prefix. */
      readonly gte: K | undefined
      /** The key whose encoding is `upper`; `undefined` when no key has it. */
      readonly lt: K | undefined
      /** Inclusive lower bound of the encoded keys; `undefined` without one. */
      readonly lower: Uint8Array | undefined
      /** Exclusive upper bound of the encoded keys; `undefined` without one. */
      readonly upper: Uint8Array | undefined
    }

/** The changes of one commit. @category Changes */
export interface CommittedChanges<K = unknown, V = unknown> {
  /** Number of the commit. Pass it as `since` to resume after it. */
  readonly seq: number
  /** Changes in the order of the operations, keyspace by keyspace, within the requested keyspace and prefix. */
  readonly changes: readonly Change<K, V>[]
}

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
export class ChangeStream<K, V> implements AsyncIterable<CommittedChanges<K, V>>, AsyncDisposable {
  /**
   * This reference keeps the database open as long as the stream is reachable.
   *
   * @internal
   */
  readonly sentinel: HandleSentinel
  readonly #parts: ChangeParts
  readonly #options: ResolvedChangesOptions
  readonly #commits: CommitReader
  readonly #lease: HandleLease<PinnedResource>
  readonly #reader = new BatchReader()
  readonly #codecs: Map<number, KeyspaceCodec<K, V>> = new Map()
  readonly #calls: CallOrder
  readonly #reads: CallChain = { newest: undefined }
  #isEnded = false
  /** Wakes a pending call of `next` when the stream ends. */
  #wake: (() => void) | undefined = undefined

  /** @internal */
  constructor(
    parts: ChangeParts,
    sentinel: HandleSentinel,
    options: ResolvedChangesOptions,
    commits: CommitReader,
  ) {
    this.#parts = parts
    this.sentinel = sentinel
    this.#options = options
    this.#commits = commits
    this.#lease = parts.openStreams.open('changes', pinnedLog(commits), this)
    this.#calls = new CallOrder(parts.gate)
  }

  /** Returns the changes of the next commit, and waits until there is one. */
  async next(): Promise<IteratorResult<CommittedChanges<K, V>, undefined>> {
    if (this.#calls.isEnding) return this.return()
    return this.#calls.runNext(this.#reads, () => this.#next())
  }

  /**
   * Ends the stream, and releases its position in the log. Calls of `next` before it return the commits that are there,
   * and do not wait for later ones. Idempotent.
   */
  async return(): Promise<IteratorResult<CommittedChanges<K, V>, undefined>> {
    const ended = this.#calls.end(() => {
      this.#end()
    })
    this.#wake?.()
    await ended
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
        if (changes.length > 0) return { seq: this.#commits.seq, changes }
        if (gate.isSliceOver) await gate.yieldThread()
        continue
      }
      // `return` was called: the calls before it wait for no more commits.
      if (this.#calls.isEnding) return undefined
      // No commit follows a failed write.
      if (health.poisoned) health.assertWritable()
      await this.#wait()
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
    const { payload, file, seq } = this.#commits
    const { keyspace } = this.#options
    const changes: Change<K, V>[] = []
    for (const section of decodeBatch(payload, file, seq)) {
      if (keyspace !== undefined && keyspace.store.descriptor.id !== section.keyspaceId) continue
      const store = this.#parts.keyspaces.byId(section.keyspaceId)
      // `undefined` when the keyspace was dropped.
      if (store === undefined) continue
      const values = store.hasBlobs ? await this.#loadValues(section, store) : undefined
      // It may have been dropped meanwhile.
      if (!store.dropped) this.#decodeSection(section, store, values, changes)
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

  #decodeSection(
    section: KeyspaceSection,
    { descriptor: { name: keyspace }, decoder }: KeyspaceStore,
    values: LargeValues | undefined,
    changes: Change<K, V>[],
  ): void {
    const reader = this.#reader
    const codec = this.#codecOf(section.keyspaceId)
    const { bounds } = this.#options
    reader.reset(section)
    while (reader.next()) {
      const first = reader.key()
      if (reader.kind !== OperationKind.DeleteRange && reader.kind !== OperationKind.DeleteFrom) {
        if (!isWithinBounds(first, bounds)) continue
        const key = codec.decodeKey(first)
        if (reader.kind === OperationKind.Delete) changes.push({ kind: 'delete', keyspace, key })
        else if (reader.kind === OperationKind.Expire) changes.push({ kind: 'expire', keyspace, key })
        else {
          const large = values?.get(reader.valueStart)
          const kept = large ?? reader.value()
          const isPlain = large !== undefined || decoder === undefined
          const value = codec.decodeValue(isPlain ? kept : decoder.valueOf(kept))
          changes.push({ kind: 'put', keyspace, key, value })
        }
      } else {
        const last = reader.kind === OperationKind.DeleteRange ? reader.value() : undefined
        const range: KeyBounds = { lower: first.length === 0 ? undefined : first, upper: last }
        const part = intersectBounds(range, bounds)
        if (isEmptyBounds(part)) continue
        const lower = part.lower === undefined ? undefined : copyBytes(part.lower)
        const upper = part.upper === undefined ? undefined : copyBytes(part.upper)
        const [gte, lt] = [keyOfBound(codec, lower), keyOfBound(codec, upper)]
        const kind = this.#commits.isLoad ? 'load' : 'deleteRange'
        changes.push({ kind, keyspace, gte, lt, lower, upper })
      }
    }
  }

  #codecOf(keyspaceId: number): KeyspaceCodec<K, V> {
    const { keyspace } = this.#options
    if (keyspace !== undefined) return keyspace.codec as KeyspaceCodec<K, V>
    const present = this.#codecs.get(keyspaceId)
    if (present !== undefined) return present
    const { descriptor } = this.#parts.keyspaces.require(keyspaceId)
    const { keys, values } = encodingsOf<K, V>(descriptor, {
      engine: undefined,
      compression: undefined,
      dictionary: undefined,
      keys: undefined,
      values: undefined,
      ttlMs: undefined,
    })
    const codec = new KeyspaceCodec(keys, values)
    this.#codecs.set(keyspaceId, codec)
    return codec
  }
}

/** Returns the part of the log that a reader pins, without the stream of the reader. */
function pinnedLog(commits: CommitReader): PinnedResource {
  return {
    release(): void {
      commits.close()
    },
  }
}

/** Returns the key whose encoding is `bound`; `undefined` when no key has it. */
function keyOfBound<K, V>(codec: KeyspaceCodec<K, V>, bound: Uint8Array | undefined): K | undefined {
  if (bound === undefined) return undefined
  try {
    const key = codec.decodeKey(bound)
    return equalBytes(codec.encodeKey(key), bound) ? key : undefined
  } catch {
    // An encoding may reject bytes with any error.
    return undefined
  }
}
