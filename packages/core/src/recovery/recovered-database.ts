import type { PageCache } from '@ldb/cache'
import type { KeyspaceDescriptor } from '../catalog/catalog.js'

/** What recovery uses of a database besides its log, catalog and stores. */
export interface RecoveredDatabase {
  /** Directory of the database. */
  readonly directory: string
  /** Page cache of the stores. */
  readonly cache: PageCache
  /** Returns the path of the file that contains the newest checkpoint of a keyspace, for errors. */
  checkpointFileOf(descriptor: KeyspaceDescriptor): string
}
