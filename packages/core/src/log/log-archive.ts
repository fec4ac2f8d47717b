import type { Syncable } from '@ldb/base'
import type { Catalog } from '../catalog/catalog.js'

/**
 * Receives the commits of a log before it is truncated (W5). A sync archives what is on the device; it throws nothing: what could not be
 * archived stays in the log.
 */
export interface LogArchive extends Syncable {
  /** Position in the log up to which everything is archived: the log keeps what follows. */
  readonly retainedLsn: number
  /** Notes the time of a commit that was appended to the log. */
  noteAppended(seq: number): void
  /** Notes a catalog that was written when `seq` was the newest commit. */
  noteCatalog(catalog: Catalog, seq: number): void
  /** Archives what is on the device, and closes the files. Throws nothing. */
  close(): void
}

/** The position of the reader of an archive. */
export interface ArchiveReader {
  readonly seq: number
  readonly type: number
  /** Borrowed until the next move. */
  readonly payload: Uint8Array
  /** Position of the record after the current one. */
  readonly nextLsn: number
  /** Moves to the next commit that is on the device. Returns false while there is none. */
  next(): boolean
  close(): void
}
