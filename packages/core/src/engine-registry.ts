import type { OrderedStore } from '@ldb/base'
import { BTree } from '@ldb/btree'
import type { PageCache } from '@ldb/cache'
import type { Vfs } from '@ldb/vfs'
import type { KeyspaceDescriptor } from './catalog.js'
import { treePath } from './directory-layout.js'

/** What the stores of one database share. */
export interface EngineParts {
  readonly vfs: Vfs
  /** Directory of the database. */
  readonly directory: string
  readonly cache: PageCache
}

/**
 * Opens the store of a keyspace; the only place that knows engines by name.
 *
 * @param create - make its file, which must be absent; otherwise it must be there.
 * @throws {@link LdbError} LDB_CORRUPTION when the file is missing or bad, LDB_FORMAT, LDB_IO, LDB_NO_SPACE.
 */
export function openStore(parts: EngineParts, descriptor: KeyspaceDescriptor, create: boolean): OrderedStore {
  return BTree.open(parts.vfs, treePath(parts.directory, descriptor.id), { cache: parts.cache, create })
}
