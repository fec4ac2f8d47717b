import type { Vfs } from '@ldb/vfs'
import type { Catalog } from '../catalog/catalog.js'
import type { DatabaseKeys } from '../encryption/database-keys.js'
import type { Logger } from '../health/logger.js'
import type { ArchiveReader } from '../log/log-archive.js'

/** The log, as the archive reads it. */
export interface ArchivedLog {
  readonly firstLsn: number
  readonly endLsn: number
  readonly truncatedSeq: number
  /** Opens a reader of the commits after `since`. */
  readArchive(since: number): ArchiveReader
}

/** What an archive is made of. */
export interface ArchiverParts {
  /** Directory of the archive. */
  readonly to: string
  /** File system of the archive. */
  readonly target: Vfs
  /** Directory of the database, and its file system. */
  readonly directory: string
  readonly source: Vfs
  readonly catalog: Catalog
  /** Keys of an encrypted database. */
  readonly keys: DatabaseKeys | undefined
  readonly logger: Logger | undefined
}
