import { BatchReader, decodeBatch, OperationKind } from '@ldb/base'
import { decodeReference } from '@ldb/blob'
import type { BlobReference } from '@ldb/blob'
import type { ExternalValues } from '@ldb/wal'
import type { BlobValues } from './blob-values.js'
import { referenceAt } from './value-header.js'

/** The values in blob files, as the log sees them. */
export class LogValues implements ExternalValues {
  readonly #blobs: BlobValues
  readonly #readOnly: boolean
  readonly #reader = new BatchReader()
  /** References of records that recovery has found complete. */
  #recovered: BlobReference[] = []

  /** @param readOnly - recovered values are not written again. */
  constructor(blobs: BlobValues, readOnly: boolean) {
    this.#blobs = blobs
    this.#readOnly = readOnly
  }

  get isSynced(): boolean {
    return this.#blobs.isSynced
  }

  sync(): void {
    this.#blobs.sync()
  }

  syncAsync(): Promise<void> {
    return this.#blobs.syncAsync()
  }

  isComplete(payload: Uint8Array, lsn: number): boolean {
    const reader = this.#reader
    const references: BlobReference[] = []
    for (const section of decodeBatch(payload, 'wal', lsn)) {
      reader.reset(section)
      while (reader.next()) {
        if (reader.kind !== OperationKind.Put) continue
        const { bytes, valueStart, valueEnd } = reader
        const at = referenceAt(bytes, valueStart, valueEnd)
        if (at < 0) continue
        const reference = decodeReference(bytes, at)
        if (reference === undefined || !this.#blobs.isIntact(bytes, at)) return false
        references.push(reference)
      }
    }
    this.#recovered.push(...references)
    return true
  }

  persist(): void {
    if (!this.#readOnly) this.#blobs.persist(this.#recovered)
    this.#recovered = []
  }
}
