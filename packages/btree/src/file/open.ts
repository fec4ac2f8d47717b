import { isLdbError, LdbError } from '@ldb/base'
import type { Syncable } from '@ldb/base'
import type { PageCache } from '@ldb/cache'
import type { UnitCodec } from '@ldb/integrity'
import { InternalVfs, resolvePath } from '@ldb/vfs'
import type { FilePath, Vfs, VfsFile } from '@ldb/vfs'
import { firstPageNumber } from '../format.js'
import { FreeSpace } from '../space/free-space.js'
import { createTreeFile, emptyTreeBitmapPage, encodeEmptyTree } from './create.js'
import { DeferredFile } from './deferred-file.js'
import { readFreeSpace } from './free-space-reading.js'
import { rebuildFreeSpace } from './free-space-rebuild.js'
import { codecOfFile } from './file-codec.js'
import type { CodecOfFile } from './file-codec.js'
import { checkIdentity } from './identity-check.js'
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
  readonly bitmapPages: number[]
  /** The free-space pages are damaged, and the next checkpoint replaces them. */
  readonly isFreeSpaceRebuilt: boolean
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
    const { freeSpace, pageNumbers, fault } = readFreeSpace(file, codec, meta)
    return {
      file,
      cache,
      meta,
      codec,
      metaRewrite: new MetaRewrite(
        vfs,
        file,
        codec,
        isNew || options.rewriteMeta === 'none' ? undefined : found,
      ),
      freeSpace: fault === undefined ? freeSpace : rebuildFreeSpace(file, codec, meta, pageNumbers),
      bitmapPages: pageNumbers,
      isFreeSpaceRebuilt: fault !== undefined,
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
  const { pageBytes } = identity
  const codec = codecOf(identity.fileId)
  const { meta, image } = encodeEmptyTree(identity, codec)
  // The versions and nonces of an encrypted image are random: another one would not match what is in memory.
  const encode = codec.cipher === undefined ? () => encodeEmptyTree(identity, codec).image : () => image
  const file = new DeferredFile(vfs, path, image, encode)
  return {
    file,
    cache,
    meta,
    codec,
    metaRewrite: new MetaRewrite(vfs, file, codec, undefined),
    freeSpace: new FreeSpace(firstPageNumber(pageBytes), meta.pageCount),
    bitmapPages: [emptyTreeBitmapPage(pageBytes)],
    isFreeSpaceRebuilt: false,
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
