import { LdbError, throwIfAborted, untilAborted } from '@ldb/base'
import type { AbortSignalLike } from '@ldb/base'
import type { OpenHandle, Session } from '../calls/session.js'
import type { CallOptions } from '../driver/call-options.js'
import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import type { DriverTransaction } from '../driver/driver-transaction.js'
import { RangePages } from './range-pages.js'
import type { PartSource, ReadSource, ScanRequest } from './read-source.js'
import { pageReader } from './page-reader.js'

/** Reads of a snapshot that is fixed at its construction. */
export class SnapshotSource implements ReadSource, OpenHandle {
  readonly #session: Session
  readonly #pinned: Promise<DriverTransaction>
  #isReleased = false

  constructor(session: Session) {
    this.#session = session
    const { driver } = session
    this.#pinned = session.track(
      session.repeat(async (options) => {
        const transaction = driver.begin({ mode: 'readOnly', isolation: 'snapshot', isSingleRead: false })
        try {
          await transaction.pin(options)
          return transaction
        } catch (error) {
          void transaction.abort()
          throw error
        }
      }, undefined),
    )
    session.pins.add(this.#pinned)
    session.handles.add(this)
  }

  /** The transaction of the snapshot, once it is fixed. */
  get pinned(): Promise<DriverTransaction> {
    return this.#pinned
  }

  assertReadable(): void {
    this.#session.assertOpen()
    if (this.#isReleased) throw new LdbError('LDB_CLOSED', 'the snapshot was released')
  }

  getMany(
    keyspace: DriverKeyspace,
    keys: readonly Uint8Array[],
    signal: AbortSignalLike | undefined,
  ): Promise<(Uint8Array | undefined)[]> {
    const read = keys.map((key) => ({ keyspace, key }))
    return this.#call((transaction, options) => transaction.getMany(read, options), signal)
  }

  scan(keyspace: DriverKeyspace, request: ScanRequest, signal: AbortSignalLike | undefined): PartSource {
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
      next: () => {
        check()
        return pages.next()
      },
      close: () => undefined,
      check,
    }
  }

  /** Releases the snapshot. Idempotent. */
  async end(): Promise<void> {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#session.handles.delete(this)
    const transaction = await this.#pinned.catch(() => undefined)
    await transaction?.abort()
  }

  async #call<T>(
    call: (transaction: DriverTransaction, options: CallOptions) => Promise<T>,
    signal: AbortSignalLike | undefined,
  ): Promise<T> {
    this.assertReadable()
    const session = this.#session
    const transaction = await untilAborted(this.#pinned, signal)
    try {
      const options = session.callOptions(session.deadline())
      return await untilAborted(session.track(call(transaction, options)), signal)
    } catch (error) {
      if (this.#isReleased) this.assertReadable()
      throw session.errorOf(error)
    }
  }
}
