import type { OrderedStore } from '@ldb/base'
import { BTree } from '@ldb/btree'
import type { PageCache } from '@ldb/cache'
import type { Vfs } from '@ldb/vfs'
import type { KeyspaceRecord, StoreIdentity } from '../catalog/catalog.js'
import { treePath } from '../catalog/directory-layout.js'

/** What the stores of one database share. */
export interface EngineParts {
  readonly vfs: Vfs
  /** Directory of the database. */
  readonly directory: string
  readonly cache: PageCache
}

/** A store that was just made, and what the catalog must know of its file. */
export interface CreatedStore {
  readonly store: OrderedStore
  readonly identity: StoreIdentity
}

// The only place that knows engines by name.

/**
 * Opens the store of a keyspace.
 *
 * @throws {@link LdbError} LDB_NOT_FOUND when the file is missing; LDB_CORRUPTION when it is bad, or another one than
 * the catalog knows; LDB_FORMAT, LDB_IO.
 */
export function openStore(parts: EngineParts, { descriptor, identity }: KeyspaceRecord): OrderedStore {
  const path = treePath(parts.directory, descriptor.id)
  return BTree.open(parts.vfs, path, {
    cache: parts.cache,
    create: false,
    identity,
    confirm: 'write',
  })
}

/**
 * Makes the file of a keyspace, with pages as large as the frames of the cache, and opens it. It must be absent.
 *
 * @throws {@link LdbError} LDB_IO, LDB_NO_SPACE.
 */
export function createStore(parts: EngineParts, keyspaceId: number): CreatedStore {
  const tree = BTree.open(parts.vfs, treePath(parts.directory, keyspaceId), { cache: parts.cache })
  return { store: tree, identity: tree.identity }
}
