import { LdbError, throwIfAborted, untilAborted } from '@ldb/base'
import type { AbortSignalLike } from '@ldb/base'
import type { OpenHandle, Session } from '../calls/session.js'
import type { CallOptions } from '../driver/call-options.js'
import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import type { DriverTransaction, RangePage } from '../driver/driver-transaction.js'
import { pageReader } from './page-reader.js'
import { RangePages } from './range-pages.js'
import type { ScannedPart } from './range-pages.js'
import type { PartSource, ScanRequest } from './read-source.js'

/** A scan of the newest state, in a snapshot of its own, which its first page fixes. */
export class SnapshotScan implements PartSource, OpenHandle {
  readonly #session: Session
  readonly #signal: AbortSignalLike | undefined
  readonly #pages: RangePages
  #transaction: DriverTransaction | undefined
  #isClosed = false

  constructor(
    session: Session,
    keyspace: DriverKeyspace,
    request: ScanRequest,
    signal: AbortSignalLike | undefined,
  ) {
    this.#session = session
    this.#signal = signal
    const reader = pageReader(keyspace, request, (call) =>
      this.#transaction === undefined ? this.#readFirst(call) : this.#readNext(this.#transaction, call),
    )
    this.#pages = new RangePages(reader, request)
    session.handles.add(this)
    const first = this.#pages.prefetch()
    if (first !== undefined) session.pins.add(session.track(first))
  }

  prefetch(): void {
    void this.#pages.prefetch()
  }

  async next(): Promise<ScannedPart | undefined> {
    this.check()
    const part = await this.#pages.next()
    this.check()
    if (part === undefined) this.close()
    return part
  }

  check(): void {
    throwIfAborted(this.#signal)
    if (this.#isClosed) throw new LdbError('LDB_CLOSED', 'the scan has ended')
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#session.handles.delete(this)
    void this.#transaction?.abort()
  }

  async end(): Promise<void> {
    this.close()
    await this.#transaction?.abort()
  }

  /** The first page may be read again, from another snapshot. */
  async #readFirst(
    call: (transaction: DriverTransaction, options: CallOptions) => Promise<RangePage>,
  ): Promise<RangePage> {
    const { driver } = this.#session
    return this.#session.repeat(async (options) => {
      const transaction = driver.begin({ mode: 'readOnly', isolation: 'snapshot', isSingleRead: false })
      try {
        const page = await call(transaction, options)
        this.#transaction = transaction
        if (this.#isClosed || !page.hasMore) void transaction.abort()
        return page
      } catch (error) {
        void transaction.abort()
        throw error
      }
    }, this.#signal)
  }

  async #readNext(
    transaction: DriverTransaction,
    call: (transaction: DriverTransaction, options: CallOptions) => Promise<RangePage>,
  ): Promise<RangePage> {
    const session = this.#session
    try {
      const options = session.callOptions(session.deadline())
      return await untilAborted(session.track(call(transaction, options)), this.#signal)
    } catch (error) {
      throw session.errorOf(error)
    }
  }
}
