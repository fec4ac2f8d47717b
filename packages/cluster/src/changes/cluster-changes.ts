import {
  addAbortListener,
  ignoreRejection,
  invalidArgument,
  LdbError,
  removeAbortListener,
  throwIfAborted,
} from '@ldb/base'
import type { Session } from '../calls/session.js'
import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import type { DriverWatch, WatchedCommit } from '../driver/driver-watch.js'
import type { Version } from '../driver/version.js'
import type { OpenKeyspace } from '../keyspace/open-keyspace.js'
import type { ClusterKeyspace } from '../write/cluster-keyspace.js'
import { decodeChanges } from './change.js'
import type { ClusterCommit } from './change.js'
import type { ResolvedChangesOptions } from './changes-options.js'
import { ConsumerPosition } from './consumer.js'
import type { PositionTarget } from './consumer.js'

/** Commits after which a position is recorded. */
const RECORD_COMMITS = 64
/** Time without a commit after which a position is recorded, in milliseconds. */
const RECORD_IDLE_MS = 100

/** The parts of the database that a change stream reads. */
export interface ChangeParts {
  readonly session: Session
  readonly settings: ClusterKeyspace<string, unknown>
  /** Returns the keyspaces to watch. */
  readonly keyspaces: () => Promise<readonly DriverKeyspace[]>
  readonly openedOf: (driver: DriverKeyspace) => OpenKeyspace<unknown, unknown>
}

/**
 * Committed changes in the order of the engine, each commit once: those after the start, then each new one.
 *
 * @remarks An async iterator. End it with `return()`, or by leaving the `for await`. `next` rejects with `LDB_UNSUPPORTED` when the engine cannot watch,
 * `LDB_NOT_FOUND` when it no longer has the changes after the start or the position: start over from a snapshot; `LDB_IO` when no server answers: open the stream
 * again, with `since` or with its consumer; `LDB_LOCKED` when another stream of the consumer was opened; `LDB_ABORTED`; `LDB_CLOSED`.
 * @category Changes
 */
export class ClusterChanges<K, V> implements AsyncIterable<ClusterCommit<K, V>>, AsyncDisposable {
  readonly #parts: ChangeParts
  readonly #options: ResolvedChangesOptions
  readonly #position: ConsumerPosition | undefined
  readonly #opened: Map<string, OpenKeyspace<unknown, unknown>> = new Map()
  readonly #watch: Promise<DriverWatch>
  #returned: Version | undefined = undefined
  #acknowledged: Version | undefined = undefined
  #unrecorded = 0
  #isEnded = false
  #pending: Promise<unknown> = Promise.resolve()

  /** @internal */
  constructor(parts: ChangeParts, options: ResolvedChangesOptions) {
    this.#parts = parts
    this.#options = options
    const { session, settings } = parts
    if (!session.driver.capabilities.watch)
      throw new LdbError('LDB_UNSUPPORTED', `${session.driver.engine} has no watch`)
    if (options.consumer !== undefined)
      this.#position = new ConsumerPosition(session, settings, options.consumer)
    const start = options.since ?? presentVersion(session)
    // Writes that are called after this one are not sent before the start is fixed.
    if (typeof start !== 'string') session.pins.add(session.track(start))
    this.#watch = session.track(this.#open(start))
    session.handles.add(this)
    addAbortListener(options.signal, this.#onAbort)
  }

  /** Returns the changes of the next commit, and waits until there is one. */
  next(): Promise<IteratorResult<ClusterCommit<K, V>, undefined>> {
    const call = this.#pending.then(() => this.#next())
    this.#pending = call.catch(() => undefined)
    return call
  }

  /**
   * Records that a consumer has processed commits.
   *
   * @param version - of the newest one of them. Default: the newest commit that was returned.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT without a consumer; LDB_LOCKED; the errors of writes.
   */
  async acknowledge(version: Version | undefined = this.#returned): Promise<void> {
    const position = this.#requirePosition()
    if (version === undefined) return
    this.#acknowledged = version
    this.#unrecorded = 0
    await position.record(version)
  }

  /**
   * Adds to a batch or transaction that the consumer has processed commits: both are committed, or neither. Use it with `acknowledge: 'explicit'`.
   *
   * @param version - of the newest one of them. Default: the newest commit that was returned.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT without a consumer or a commit; LDB_LOCKED, for a transaction, when another stream of the consumer was opened.
   */
  async acknowledgeIn(target: PositionTarget, version: Version | undefined = this.#returned): Promise<void> {
    const position = this.#requirePosition()
    if (version === undefined) throw invalidArgument('no commit was returned')
    await position.recordIn(target, version)
  }

  /** Ends the stream, and records what was acknowledged. Idempotent. */
  async return(): Promise<IteratorResult<ClusterCommit<K, V>, undefined>> {
    if (!this.#isEnded) {
      await this.end()
      // What cannot be recorded is returned again.
      if (!this.#parts.session.isClosing) await this.#record().catch(() => undefined)
    }
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  /** Ends the stream. @internal */
  async end(): Promise<void> {
    this.#isEnded = true
    this.#parts.session.handles.delete(this)
    removeAbortListener(this.#options.signal, this.#onAbort)
    const watch = await this.#watch.catch(() => undefined)
    await watch?.close()
  }

  readonly #onAbort = (): void => {
    ignoreRejection(this.end())
  }

  async #open(start: Version | Promise<Version>): Promise<DriverWatch> {
    const { session, openedOf } = this.#parts
    const { keyspace, since } = this.#options
    const keyspaces = keyspace === undefined ? await this.#parts.keyspaces() : [keyspace.opened.driver]
    for (const driver of keyspaces)
      this.#opened.set(driver.id, keyspace === undefined ? openedOf(driver) : keyspace.opened)
    const from = await (this.#position?.open(since, start) ?? start)
    return session.driver.watch({ keyspaces, from })
  }

  async #next(): Promise<IteratorResult<ClusterCommit<K, V>, undefined>> {
    const { session } = this.#parts
    try {
      throwIfAborted(this.#options.signal)
      session.assertOpen()
      const watch = await this.#watch
      if (this.#isEnded) return { done: true, value: undefined }
      if (this.#options.acknowledgesNext && this.#returned !== undefined) this.#advance(this.#returned)
      for (;;) {
        if (this.#unrecorded >= RECORD_COMMITS) await this.#record()
        const commit = await this.#watched(watch)
        throwIfAborted(this.#options.signal)
        if (commit === undefined) {
          session.assertOpen()
          return { done: true, value: undefined }
        }
        const changes = decodeChanges(commit.changes, this.#options.bounds, (id) => this.#opened.get(id))
        if (changes.length > 0) {
          this.#returned = commit.version
          return {
            done: false,
            value: { version: commit.version, changes: changes as ClusterCommit<K, V>['changes'] },
          }
        }
        // Nothing to process up to here.
        if (this.#acknowledged === this.#returned) this.#advance(commit.version)
      }
    } catch (error) {
      await this.end()
      throw session.errorOf(error)
    }
  }

  /** Waits for a commit, and records the position when none comes. */
  async #watched(watch: DriverWatch): Promise<WatchedCommit | undefined> {
    const next = watch.next()
    if (this.#unrecorded === 0) return next
    let recorded: Promise<void> = Promise.resolve()
    const cancel = this.#parts.session.environment.schedule(RECORD_IDLE_MS, () => {
      recorded = this.#record()
      // The rejection ends the stream below, which waits no longer then.
      recorded.catch(() => watch.close())
    })
    const commit = await next.finally(cancel)
    await recorded
    return commit
  }

  #advance(version: Version): void {
    if (this.#position === undefined) return
    this.#acknowledged = version
    this.#returned = version
    this.#unrecorded++
  }

  async #record(): Promise<void> {
    if (this.#unrecorded === 0 || this.#acknowledged === undefined) return
    this.#unrecorded = 0
    await this.#position?.record(this.#acknowledged)
  }

  #requirePosition(): ConsumerPosition {
    if (this.#position === undefined) throw invalidArgument('the stream has no consumer')
    this.#parts.session.assertOpen()
    if (this.#isEnded) throw new LdbError('LDB_CLOSED', 'the stream of the consumer has ended')
    return this.#position
  }
}

/** Returns the version of the present state. */
async function presentVersion(session: Session): Promise<Version> {
  const version = await session.repeat(async (options) => {
    const transaction = session.driver.begin({ mode: 'readOnly', isolation: 'snapshot', isSingleRead: false })
    try {
      await transaction.pin(options)
      return transaction.version
    } finally {
      void transaction.abort()
    }
  }, undefined)
  if (version !== undefined) return version
  throw new LdbError('LDB_UNSUPPORTED', `${session.driver.engine} reports no version of a snapshot`)
}
