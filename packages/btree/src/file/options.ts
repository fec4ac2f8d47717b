import type { StoreObserver } from '@ldb/base'
import { invalidArgument, kindOf, ownOptions } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import { CodecId, CodecTable, CUSTOM_CODEC_ID_MIN, unknownCodec, ZSTD_CODEC } from '@ldb/integrity'
import type { UnitCipher } from '@ldb/integrity'
import { PAGE_BYTES_DEFAULT } from '../format.js'

/**
 * Options of `BTree.open`.
 *
 * @category B+tree
 */
export interface BTreeOptions {
  /** Page cache to use, which may be shared with other trees. Default: an own cache of `cacheBytes`. */
  readonly cache?: PageCache
  /** Bytes of the own cache; ignored when `cache` is set. Default 64 MiB. */
  readonly cacheBytes?: number
  /** Page size of a new file: a power of two from 512 to 32,768; ignored when `cache` is set. Default 8,192. */
  readonly pageBytes?: number
  /** Create the file when it is absent. Default true. */
  readonly create?: boolean
  /**
   * Identity of the file that the owner expects; another file is LDB_CORRUPTION, and so is one without a meta block. Ignored
   * when the file is created.
   */
  readonly identity?: TreeIdentity
  /**
   * When to persist the recovered meta block again, which makes the found checkpoint and `durableSeq` certain: `'open'` does it in
   * `open`, `'write'` before the first write or with the first `checkpoint`. `'write'` is for an owner whose log
   * contains everything that a crash could still undo. `'none'` is for an owner that knows that the found checkpoint is durable, because it
   * has recorded it after the end of the checkpoint. Default `'open'`.
   */
  readonly rewriteMeta?: 'open' | 'write' | 'none'
  /**
   * When a new file is created: `'open'` does it in `open`, `'write'` at the first write of a page, unsynced. `'write'` needs an
   * `identity`, which the owner has chosen, and is for an owner whose log contains every commit of the tree until the first checkpoint is
   * recorded: a file that is found is used only if it contains a checkpoint of a commit, and otherwise replaced. Default `'open'`.
   */
  readonly creation?: 'open' | 'write'
  /**
   * Compression of values that are stored in overflow extents: `'lz4'`, also by the name `'adaptive'`; `'deflate'` or `'zstd'` for fewer bytes
   * and more processor time; or the id of a codec of the application in `codecs`, in place of which LZ4 is used while it is unknown. A value is
   * compressed only where that saves an eighth of it and a page. Each extent says how it is stored: a file can be opened with any compression.
   * Default `'none'`.
   */
  readonly compression?: TreeCompression
  /**
   * The codecs that values may have. The owner may add codecs of the application later: reads of values whose codec is unknown are
   * LDB_UNSUPPORTED. Default: the built-in codecs.
   */
  readonly codecs?: CodecTable
  /**
   * Encode values of 64 bytes to 16 KiB that are stored in leaves with dictionaries of LZ4, which are trained from the values that are written. Values that
   * are in the file stay as they are until they are written again, or until a compaction of full effort; a file can be opened with and
   * without. Default false.
   */
  readonly dictionary?: boolean
  /** Receives damage that `open` finds, and of which nothing is lost. Default: none. */
  readonly observer?: StoreObserver
  /** Makes the cipher of the file with an id. Default: the file is not encrypted. @internal */
  readonly createCipher?: (fileId: Uint8Array) => UnitCipher
}

/**
 * Identity of a B+tree file. It never changes.
 *
 * @category B+tree
 */
export interface TreeIdentity {
  /** 16 random bytes, chosen when the file is created. */
  readonly fileId: Uint8Array
  /** Page size in bytes. */
  readonly pageBytes: number
}

/** Compression of a tree by name, or the id of a codec of the application. @category B+tree */
export type TreeCompression = 'none' | 'lz4' | 'deflate' | 'zstd' | 'adaptive' | number

/** @internal */
export interface ResolvedBTreeOptions {
  readonly cache: PageCache
  readonly create: boolean
}

const COMPRESSIONS = ['none', 'lz4', 'deflate', 'zstd', 'adaptive'] as const
const CACHE_BYTES_DEFAULT = 64 * 2 ** 20
const NAMES = [
  'cache',
  'cacheBytes',
  'pageBytes',
  'create',
  'identity',
  'rewriteMeta',
  'creation',
  'compression',
  'codecs',
  'dictionary',
  'observer',
  'createCipher',
] as const

/**
 * Reads the options of a caller as own properties.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an unknown option, or one whose getter throws.
 * @internal
 */
export function ownBTreeOptions(options: BTreeOptions | undefined): BTreeOptions {
  return ownOptions(options, NAMES, 'options of a B+tree') as BTreeOptions
}

/**
 * Checks options and fills in defaults.
 *
 * @param options - of {@link ownBTreeOptions}.
 * @param pageBytes - page size of the file; `undefined` for a new file.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when an option is out of bounds, or when the frames of `cache` have
 * another size than the pages of the file.
 * @internal
 */
export function resolveBTreeOptions(options: BTreeOptions, pageBytes?: number): ResolvedBTreeOptions {
  const { cache, create = true } = options
  if (typeof create !== 'boolean') throw invalidArgument(`create must be a boolean, got ${kindOf(create)}`)
  const { rewriteMeta = 'open' } = options
  if (rewriteMeta !== 'open' && rewriteMeta !== 'write' && rewriteMeta !== 'none') {
    throw invalidArgument("rewriteMeta must be 'open', 'write' or 'none'")
  }
  const { creation = 'open', identity } = options
  if (creation !== 'open' && creation !== 'write') throw invalidArgument("creation must be 'open' or 'write'")
  if (creation === 'write' && identity === undefined) {
    throw invalidArgument("creation 'write' needs the identity of the file")
  }
  checkCompression(options)
  const { dictionary = false } = options
  if (typeof dictionary !== 'boolean')
    throw invalidArgument(`dictionary must be a boolean, got ${kindOf(dictionary)}`)
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

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT; LDB_UNSUPPORTED for a codec that the platform does not have. */
function checkCompression({ compression = 'none', codecs }: BTreeOptions): void {
  if (codecs !== undefined && !(codecs instanceof CodecTable))
    throw invalidArgument('codecs must be a CodecTable')
  const isId =
    typeof compression === 'number' &&
    Number.isInteger(compression) &&
    compression >= CUSTOM_CODEC_ID_MIN &&
    compression <= 255
  if (!isId && !COMPRESSIONS.includes(compression as never)) {
    throw invalidArgument(
      `compression must be ${COMPRESSIONS.map((name) => `'${name}'`).join(', ')} or the id of a codec`,
    )
  }
  if (compression === 'zstd' && ZSTD_CODEC === undefined) throw unknownCodec(CodecId.Zstd)
}
