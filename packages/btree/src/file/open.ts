import { isLdbError, LdbError } from '@ldb/base'
import type { Syncable } from '@ldb/base'
import type { PageCache } from '@ldb/cache'
import type { UnitCodec } from '@ldb/integrity'
import { InternalVfs, resolvePath } from '@ldb/vfs'
import type { FilePath, Vfs, VfsFile } from '@ldb/vfs'
import { SPARE_BLOCK } from '../format.js'
import type { FreeSpace } from '../space/free-space.js'
import { createTreeFile, encodeEmptyTree } from './create.js'
import { DeferredFile } from './deferred-file.js'
import type { FreeSpacePages } from './free-space-pages.js'
import { readFreeSpace } from './free-space-reading.js'
import { rebuildFreeSpace } from './free-space-rebuild.js'
import { codecOfFile } from './file-codec.js'
import type { CodecOfFile } from './file-codec.js'
import { checkIdentity } from './identity-check.js'
import { blockOf } from './meta.js'
import type { Meta } from './meta.js'
import { findWholeMeta } from './meta-blocks.js'
import { MetaRewrite } from './meta-rewrite.js'
import { resolveBTreeOptions } from './options.js'
import type { BTreeOptions, TreeIdentity } from './options.js'

/** An open file of a tree, and what its newest checkpoint says. @internal */
export interface OpenedTreeFile {
  readonly file: VfsFile
  readonly cache: PageCache
  readonly meta: Meta
  readonly codec: UnitCodec
  readonly metaRewrite: MetaRewrite
  readonly freeSpace: FreeSpace
  /** Free-space pages of the newest checkpoint. */
  readonly freeSpacePages: FreeSpacePages
  /** Damage of which everything was read elsewhere, or rebuilt: the next checkpoint replaces it. */
  readonly healed: readonly LdbError[]
  /** Makes the entries of a file durable that the first write creates; `undefined` for one that exists. */
  readonly newEntries: Syncable | undefined
}

/**
 * Opens the file of a tree, creating it when it is absent. Writes nothing to a file that exists.
 *
 * @throws {@link LdbError} as `BTree.open` does.
 * @internal
 */
export function openTreeFile(given: Vfs, givenPath: FilePath, options: BTreeOptions): OpenedTreeFile {
  const vfs = InternalVfs.over(given)
  const path = resolvePath(vfs, givenPath)
  const isNew = vfs.status(path) === undefined
  const codecOf = codecOfFile(options.createCipher)
  const { creation, identity } = options
  if (creation === 'write' && identity !== undefined) {
    const { cache } = resolveBTreeOptions(options, identity.pageBytes)
    if (isNew || !hasCommit(vfs, path, codecOf)) return deferCreation(vfs, path, identity, codecOf, cache)
  }
  const resolved = isNew ? { ...options, cache: createFile(vfs, path, options, codecOf) } : options
  const file = vfs.open(path, 'write')
  try {
    const found = findWholeMeta(file, codecOf, !isNew && options.identity !== undefined)
    const { meta } = found
    if (!isNew && options.identity !== undefined) checkIdentity(file, meta, options.identity)
    const { cache } = resolveBTreeOptions(resolved, meta.pageBytes)
    const codec = codecOf(meta.fileId)
    const { freeSpace, pages, healed, fault } = readFreeSpace(file, codec, meta)
    const isDurable = options.rewriteMeta === 'none'
    const hasOwn = found.blocks.includes(blockOf(meta.checkpoint))
    const hasSpare = found.blocks.includes(SPARE_BLOCK)
    // A crash leaves a torn block beside an intact spare one.
    const metaFault = hasOwn || (hasSpare && !isDurable) ? undefined : found.fault
    // The next checkpoint overwrites the copy, which must not hold the only block of this one.
    const needsRewrite = !isNew && (!isDurable || (!hasOwn && !hasSpare))
    return {
      file,
      cache,
      meta,
      codec,
      metaRewrite: new MetaRewrite(vfs, file, codec, needsRewrite ? found : undefined, isDurable),
      freeSpace: fault === undefined ? freeSpace : rebuildFreeSpace(file, codec, meta, pages),
      freeSpacePages: pages,
      healed: [metaFault, ...healed, fault].filter((each) => each !== undefined),
      newEntries: undefined,
    }
  } catch (error) {
    file.close()
    throw error
  }
}

/** Reports whether a file contains a checkpoint of a commit. Its pages are durable then: they were synced before the meta block was written. */
function hasCommit(vfs: Vfs, path: string, codecOf: CodecOfFile): boolean {
  const file = vfs.open(path, 'read')
  try {
    return findWholeMeta(file, codecOf, true).meta.durableSeq > 0
  } catch (error) {
    // Its creation was interrupted.
    if (isLdbError(error, 'LDB_CORRUPTION')) return false
    throw error
  } finally {
    file.close()
  }
}

/** Returns an empty tree whose file the first write creates. */
function deferCreation(
  vfs: Vfs,
  path: string,
  identity: TreeIdentity,
  codecOf: CodecOfFile,
  cache: PageCache,
): OpenedTreeFile {
  const codec = codecOf(identity.fileId)
  const { meta, image, freeSpace, freeSpacePages } = encodeEmptyTree(identity, codec)
  // The versions and nonces of an encrypted image are random: another one would not match what is in memory.
  const encode = codec.cipher === undefined ? () => encodeEmptyTree(identity, codec).image : () => image
  const file = new DeferredFile(vfs, path, image, encode)
  return {
    file,
    cache,
    meta,
    codec,
    metaRewrite: new MetaRewrite(vfs, file, codec, undefined),
    freeSpace,
    freeSpacePages,
    healed: [],
    newEntries: file.persistEntries,
  }
}

function createFile(vfs: Vfs, path: string, options: BTreeOptions, codecOf: CodecOfFile): PageCache {
  const { cache, create } = resolveBTreeOptions(options)
  if (!create) {
    throw new LdbError('LDB_NOT_FOUND', `there is no B+tree at ${path}`, { details: { file: path } })
  }
  createTreeFile(vfs, path, cache.pageBytes, codecOf)
  return cache
}
