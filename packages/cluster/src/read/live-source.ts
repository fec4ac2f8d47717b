import type { AbortSignalLike } from '@ldb/base'
import type { Session } from '../calls/session.js'
import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import type { PartSource, ReadSource, ScanRequest } from './read-source.js'
import { SnapshotScan } from './snapshot-scan.js'

/** Reads of the newest committed state. */
export class LiveSource implements ReadSource {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  assertReadable(): void {
    this.#session.assertOpen()
  }

  getMany(
    keyspace: DriverKeyspace,
    keys: readonly Uint8Array[],
    signal: AbortSignalLike | undefined,
  ): Promise<(Uint8Array | undefined)[]> {
    const { driver } = this.#session
    const read = keys.map((key) => ({ keyspace, key }))
    return this.#session.track(
      this.#session.repeat(async (options) => {
        const transaction = driver.begin({ mode: 'readOnly', isolation: 'snapshot', isSingleRead: true })
        try {
          return await transaction.getMany(read, options)
        } finally {
          void transaction.abort()
        }
      }, signal),
    )
  }

  scan(keyspace: DriverKeyspace, request: ScanRequest, signal: AbortSignalLike | undefined): PartSource {
    return new SnapshotScan(this.#session, keyspace, request, signal)
  }
}
