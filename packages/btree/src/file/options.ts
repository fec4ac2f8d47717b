import { invalidArgument, kindOf } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import { PAGE_BYTES_DEFAULT } from '../format.js'

/**
 * Options of `BTree.open`.
 *
 * @category B+tree
 */
export interface BTreeOptions {
  /** Frames that the tree shares with others. Default: a cache of its own, of `cacheBytes`. */
  readonly cache?: PageCache
  /** Bytes of the tree's own cache, when it gets none. Default 64 MiB. */
  readonly cacheBytes?: number
  /** Page size of a new file, when it gets no cache: a power of two from 512 to 32,768. Default 8,192. */
  readonly pageBytes?: number
  /** Create the file when it is absent. Default true. */
  readonly create?: boolean
  /** What the owner knows of the file: another one in its place is LDB_CORRUPTION. Not looked at when it is new. */
  readonly identity?: TreeIdentity
  /**
   * When the recovered meta block is persisted again, because its last write may not have reached the device: at open, or
   * before the first write and with the first checkpoint. `'write'` is for an owner whose log still holds the commits that a
   * crash could take. Default `'open'`.
   */
  readonly rewriteMeta?: 'open' | 'write'
}

/**
 * What tells one B+tree file from another, and never changes.
 *
 * @category B+tree
 */
export interface TreeIdentity {
  /** 16 bytes, random, made with the file. */
  readonly fileId: Uint8Array
  /** Bytes of its pages. */
  readonly pageBytes: number
}

/** @internal */
export interface ResolvedBTreeOptions {
  readonly cache: PageCache
  readonly create: boolean
}

const CACHE_BYTES_DEFAULT = 64 * 2 ** 20
const NAMES: ReadonlySet<string> = new Set([
  'cache',
  'cacheBytes',
  'pageBytes',
  'create',
  'identity',
  'rewriteMeta',
])

/**
 * Checks options and fills in defaults.
 *
 * @param pageBytes - page size of the file, when there is one already.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when one is unknown or out of bounds, or a given cache has frames of
 * another size than the file's pages.
 * @internal
 */
export function resolveBTreeOptions(options: BTreeOptions, pageBytes?: number): ResolvedBTreeOptions {
  for (const name of Object.keys(options)) {
    if (!NAMES.has(name)) throw invalidArgument(`unknown option of a B+tree: ${name}`)
  }
  const { cache, create = true } = options
  if (typeof create !== 'boolean') throw invalidArgument(`create must be a boolean, got ${kindOf(create)}`)
  const { rewriteMeta = 'open' } = options
  if (rewriteMeta !== 'open' && rewriteMeta !== 'write') {
    throw invalidArgument("rewriteMeta must be 'open' or 'write'")
  }
  if (cache === undefined) {
    const { cacheBytes = CACHE_BYTES_DEFAULT } = options
    const own = new PageCache({
      bytes: cacheBytes,
      pageBytes: pageBytes ?? options.pageBytes ?? PAGE_BYTES_DEFAULT,
    })
    return Object.freeze({ cache: own, create })
  }
  if (pageBytes !== undefined && cache.pageBytes !== pageBytes) {
    throw invalidArgument(
      `the cache has frames of ${cache.pageBytes} bytes, the file has pages of ${pageBytes}`,
    )
  }
  return Object.freeze({ cache, create })
}
