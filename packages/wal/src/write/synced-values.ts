import { assert } from '@ldb/base'
import type { ExternalValues } from '../external-values.js'
import { RecordType } from '../format.js'

/** Knows below which position of the log the values that records name are on the device. */
export class SyncedValues {
  readonly #values: ExternalValues | undefined
  /** Position of the first record whose values may not be on the device; `Infinity` without one. */
  #unsyncedLsn = Infinity

  constructor(values: ExternalValues | undefined) {
    this.#values = values
  }

  /** Records below this position name no value that may be missing on the device. */
  get unsyncedLsn(): number {
    return this.#unsyncedLsn
  }

  /** True when all values are on the device. */
  get isSynced(): boolean {
    return this.#values === undefined || this.#values.isSynced
  }

  /** Notes a record that was appended. */
  noteAppended(type: number, lsn: number): void {
    if (type !== RecordType.blobCommit) return
    assert(this.#values !== undefined, 'records of type 6 name values')
    if (this.#unsyncedLsn === Infinity) this.#unsyncedLsn = lsn
  }

  /** Notes that the values of all records below a position are on the device. */
  noteSynced(lsn: number): void {
    if (this.#unsyncedLsn < lsn) this.#unsyncedLsn = this.isSynced ? Infinity : lsn
  }

  sync(): void {
    if (!this.isSynced) this.#values?.sync()
  }

  /** Waits for a sync of the log, and for one of the values that runs at the same time. */
  async syncAsync(logSync: Promise<void>): Promise<void> {
    if (this.isSynced) await logSync
    else await Promise.all([logSync, this.#values?.syncAsync()])
  }
}
