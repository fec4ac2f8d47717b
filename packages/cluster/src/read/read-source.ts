import type { AbortSignalLike } from '@ldb/base'
import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import type { ScannedPart, ScannedRange } from './range-pages.js'

/** A range to scan, and how much of each value. */
export interface ScanRequest extends ScannedRange {
  /** Bytes of each stored value that are needed; Infinity for all. */
  readonly valueBytes: number
}

/** The parts of a scanned range. */
export interface PartSource {
  /** Begins to read the next part. */
  prefetch(): void
  /** Returns the next part; `undefined` at the end. */
  next(): Promise<ScannedPart | undefined>
  /** Releases what the scan holds. Idempotent. */
  close(): void
  /** @throws {@link LdbError} LDB_CLOSED when buffered results must not be returned. */
  check(): void
}

/** What reads are made of: the newest state, a snapshot or a transaction. Values are stored values, with their headers. */
export interface ReadSource {
  /** @throws {@link LdbError} LDB_CLOSED. */
  assertReadable(): void
  /** Returns the stored values of keys in one state, `undefined` for absent ones. */
  getMany(
    keyspace: DriverKeyspace,
    keys: readonly Uint8Array[],
    signal: AbortSignalLike | undefined,
  ): Promise<(Uint8Array | undefined)[]>
  /** Begins a scan of the state at this call. */
  scan(keyspace: DriverKeyspace, request: ScanRequest, signal: AbortSignalLike | undefined): PartSource
}
