import { LdbError, throwIfAborted, untilAborted } from '@ldb/base'
import type { AbortSignalLike } from '@ldb/base'
import { mergeWrites } from '../buffer/merge-writes.js'
import { ReadSet } from '../buffer/read-set.js'
import type { BufferedValue } from '../buffer/write-buffer.js'
import { WriteSet } from '../buffer/write-set.js'
import { commitOnce } from '../calls/commit.js'
import { checkCommitSize, checkReadCount } from '../calls/portable-limits.js'
import type { OpenHandle, Session } from '../calls/session.js'
import type { CallOptions } from '../driver/call-options.js'
import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import { isDriverError } from '../driver/driver-error.js'
import type { DriverError } from '../driver/driver-error.js'
import type { DriverKey, DriverTransaction, TransactionRequest } from '../driver/driver-transaction.js'
import { RangePages } from '../read/range-pages.js'
import type { PartSource, ReadSource, ScanRequest } from '../read/read-source.js'
import { pageReader } from '../read/page-reader.js'

/** How a transaction behaves. */
export interface TransactionMode {
  readonly isolation: TransactionRequest['isolation']
  readonly readOnly: boolean
}

/** A failure of the engine that ended a transaction. */
export interface TransactionFailure {
  readonly driverError: DriverError
  /** The error that the API has thrown. */
  readonly thrown: unknown
}

/** One transaction: the snapshot of the driver, the writes that no other transaction sees, and what was read. */
export class TransactionState implements ReadSource, OpenHandle {
  readonly session: Session
  readonly mode: TransactionMode
  readonly writes: WriteSet = new WriteSet()
  readonly #driver: DriverTransaction
  readonly #reads: ReadSet = new ReadSet()
  readonly #readForUpdate: ReadSet = new ReadSet()
  readonly #pending: Set<Promise<unknown>> = new Set()
  #firstReadAt: number | undefined = undefined
  /** Why calls are refused: how the transaction has ended. */
  #refused: string | undefined = undefined
  #onEnd: (() => void) | undefined = undefined
  /** What ended the transaction, when it was the engine. */
  failure: TransactionFailure | undefined = undefined

  constructor(session: Session, mode: TransactionMode) {
    this.session = session
    this.mode = mode
    const { isolation, readOnly } = mode
    this.#driver = session.driver.begin({
      mode: readOnly ? 'readOnly' : 'readWrite',
      isolation,
      isSingleRead: false,
    })
    session.handles.add(this)
  }

  /** True until `commit` or `end` is called. */
  get isOpen(): boolean {
    return this.#refused === undefined
  }

  /** Fixes the snapshot. */
  async pin(): Promise<void> {
    await this.#call((driver, options) => driver.pin(options), undefined)
  }

  /** Calls a function when the transaction ends before its commit is called. */
  whenEnded(listener: () => void): void {
    this.#onEnd = listener
  }

  assertReadable(): void {
    if (this.#refused !== undefined) throw new LdbError('LDB_CLOSED', `the transaction ${this.#refused}`)
  }

  /** @throws {@link LdbError} LDB_CLOSED, LDB_READ_ONLY. */
  assertWritable(): void {
    this.assertReadable()
    if (this.mode.readOnly) throw new LdbError('LDB_READ_ONLY', 'the transaction is read-only')
  }

  async getMany(
    keyspace: DriverKeyspace,
    keys: readonly Uint8Array[],
    signal: AbortSignalLike | undefined,
  ): Promise<(Uint8Array | undefined)[]> {
    const found = keys.map((key) => this.#buffered(keyspace, key))
    const wanted: DriverKey[] = []
    for (const [index, value] of found.entries())
      if (value === 'unwritten') wanted.push({ keyspace, key: keys[index] as Uint8Array })
    if (wanted.length === 0) return found as (Uint8Array | undefined)[]
    const read = await this.#call((driver, options) => driver.getMany(wanted, options), signal)
    for (const { key } of wanted) this.#reads.addKey(keyspace, key)
    let next = 0
    return found.map((value) => (value === 'unwritten' ? read[next++] : value))
  }

  /** Reads the stored value of a key, and makes the read conflict like a write. The value is that after later calls on the transaction. */
  async getForUpdate(
    keyspace: DriverKeyspace,
    key: Uint8Array,
    signal: AbortSignalLike | undefined,
  ): Promise<Uint8Array | undefined> {
    const [read] = await this.getMany(keyspace, [key], signal)
    if (this.#reads.has(keyspace, key)) this.#readForUpdate.addKey(keyspace, key)
    const buffered = this.#buffered(keyspace, key)
    return buffered === 'unwritten' ? read : buffered
  }

  scan(keyspace: DriverKeyspace, request: ScanRequest, signal: AbortSignalLike | undefined): PartSource {
    this.assertReadable()
    const view = this.writes.find(keyspace)?.view()
    const pages = new RangePages(
      pageReader(keyspace, request, (call) => this.#call(call, signal)),
      request,
    )
    const check = (): void => {
      throwIfAborted(signal)
      this.assertReadable()
    }
    return {
      prefetch: () => void pages.prefetch(),
      next: async () => {
        check()
        const part = await pages.next()
        if (part === undefined) return undefined
        this.#reads.addRange(keyspace, part.interval)
        if (view === undefined) return part
        return { ...part, entries: mergeWrites(part.entries, view, part.interval, request.reverse) }
      },
      close: () => undefined,
      check,
    }
  }

  /**
   * Commits after the reads that were called before. Its later calls are `LDB_CLOSED`.
   *
   * @throws DriverError, and {@link LdbError} LDB_TOO_LARGE, LDB_ABORTED, LDB_COMMIT_UNKNOWN.
   */
  async commit(signal: AbortSignalLike | undefined): Promise<void> {
    const { session } = this
    this.#refuse('was committed')
    const passed = session.pins.passed()
    const deadline = session.deadline()
    try {
      await Promise.all(this.#pending)
      if (this.failure !== undefined) throw this.failure.driverError
      const commit = this.writes.commit()
      const writeCount = commit.writes.length + commit.deletedRanges.length
      if (writeCount === 0) {
        if (this.#reads.count > 0 && this.mode.isolation === 'serializable')
          await this.#driver.finish(session.callOptions(deadline))
        return
      }
      checkCommitSize(session.limits, writeCount, commit.byteCount)
      checkReadCount(session.limits, this.#reads.count)
      this.#checkAge()
      if (passed !== undefined) await untilAborted(passed, signal)
      throwIfAborted(signal)
      const { writes, deletedRanges } = commit
      await commitOnce(
        session,
        this.#driver,
        { writes, deletedRanges, ...this.#validated(commit.writes) },
        deadline,
      )
    } finally {
      session.handles.delete(this)
      void this.#driver.abort()
    }
  }

  /** Ends the transaction without a commit. Without effect after `commit`. Idempotent. */
  async end(): Promise<void> {
    if (!this.isOpen) return
    this.#refuse(this.session.isClosing ? 'ended with its database' : 'was rolled back')
    this.session.handles.delete(this)
    this.#onEnd?.()
    await this.#driver.abort()
  }

  #buffered(keyspace: DriverKeyspace, key: Uint8Array): BufferedValue {
    const buffer = this.writes.find(keyspace)
    return buffer === undefined ? 'unwritten' : buffer.get(key)
  }

  /** The keys and ranges that must be unchanged. */
  #validated(writes: readonly DriverKey[]): {
    readKeys: DriverKey[]
    readRanges: ReturnType<ReadSet['ranges']>
  } {
    if (this.mode.isolation === 'serializable')
      return { readKeys: this.#reads.keys(), readRanges: this.#reads.ranges() }
    for (const { keyspace, key } of writes)
      if (this.#reads.has(keyspace, key)) this.#readForUpdate.addKey(keyspace, key)
    return { readKeys: this.#readForUpdate.keys(), readRanges: [] }
  }

  #checkAge(): void {
    const { environment, limits } = this.session
    const ageMs = this.#firstReadAt === undefined ? 0 : environment.elapsed() - this.#firstReadAt
    if (ageMs <= limits.transactionMsMax) return
    throw new LdbError(
      'LDB_TOO_LARGE',
      `a transaction of ${Math.round(ageMs)} ms is over the limit of ${limits.transactionMsMax}`,
      { details: { expected: limits.transactionMsMax, actual: Math.round(ageMs) } },
    )
  }

  #refuse(why: string): void {
    this.assertReadable()
    this.#refused = why
  }

  async #call<T>(
    call: (driver: DriverTransaction, options: CallOptions) => Promise<T>,
    signal: AbortSignalLike | undefined,
  ): Promise<T> {
    this.assertReadable()
    throwIfAborted(signal)
    if (this.failure !== undefined) throw this.failure.thrown
    const { session } = this
    this.#firstReadAt ??= session.environment.elapsed()
    const read = session.track(call(this.#driver, session.callOptions(session.deadline())))
    const settled: Promise<unknown> = read.then(
      () => this.#pending.delete(settled),
      (error: unknown) => {
        this.#pending.delete(settled)
        this.#fail(error)
      },
    )
    this.#pending.add(settled)
    try {
      return await untilAborted(read, signal)
    } catch (error) {
      if (!isDriverError(error)) throw error
      if (!this.isOpen) this.assertReadable()
      throw this.#fail(error)
    }
  }

  /** Notes the first failure, and returns the error for the caller. */
  #fail(error: unknown): unknown {
    if (!isDriverError(error)) return error
    if (this.failure?.driverError === error) return this.failure.thrown
    const thrown = this.session.errorOf(error)
    this.failure ??= { driverError: error, thrown }
    return thrown
  }
}
