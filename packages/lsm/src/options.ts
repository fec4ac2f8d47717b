import { invalidArgument, kindOf, NO_SEGMENT_ID, ownOptions } from '@ldb/base'
import type { StoreLog, StoreObserver } from '@ldb/base'
import { BlockCache } from '@ldb/cache'
import {
  checkedCodec,
  CodecId,
  CodecTable,
  CUSTOM_CODEC_ID_MIN,
  unknownCodec,
  ZSTD_CODEC,
} from '@ldb/integrity'
import type { CompressionCodec, DataKeys } from '@ldb/integrity'
import type { Block } from './block/block.js'
import { STORE_ID_BYTES } from './format.js'
import type { CompactionThread } from './worker/thread.js'
import { LevelCodecs } from './table/level-codecs.js'

/** Options of `LsmTree.open`. All are optional. @category LSM tree */
export interface LsmTreeOptions {
  /** Creates the store when its directory contains none. Default true. */
  readonly create?: boolean
  /**
   * When to create a store that is absent: `'open'` does it in `open`, durably, if `create` allows it. With `'write'` it is an empty store
   * whatever `create` says, and its files and its directory are created by the first write; the first checkpoint makes them durable, with
   * the entry of the directory. Needs `storeId`. Default `'open'`.
   */
  readonly creation?: 'open' | 'write'
  /**
   * Random id of the store that the owner expects, 16 bytes; another store is LDB_CORRUPTION, and so is one without a manifest, which is
   * not created then. The id of a store that is created with
   * `creation: 'write'`.
   */
  readonly storeId?: Uint8Array
  /** Block cache to use, which may be shared with other stores. Default: an own cache of `cacheBytes`. */
  readonly cache?: BlockCache
  /** Bytes of the own cache; ignored when `cache` is set. Default 64 MiB. */
  readonly cacheBytes?: number
  /** Bytes of operations in memory after which they are written to a table: 1 KiB to 1 GiB. Default 32 MiB. */
  readonly memtableBytes?: number
  /** Bytes of a block: 256 to 1 MiB. A larger one saves space and makes a read of one entry cost more. Default 4 KiB. */
  readonly blockBytes?: number
  /**
   * Compression of data blocks: `'lz4'`, `'deflate'` or `'zstd'` for fewer bytes and more processor time, `'adaptive'` for LZ4 above the last level
   * and deflate in it, `'none'`, or a codec of the application, by itself or by its id in `codecs`. A block is stored uncompressed when
   * compression saves less than an eighth of it. Each block says how it is stored: a store can be opened with any compression, and
   * tables get the present one when they are compacted. Default `'lz4'`.
   */
  readonly compression?: 'none' | 'lz4' | 'deflate' | 'zstd' | 'adaptive' | CompressionCodec | number
  /**
   * The codecs that blocks may have, those of the application included. The owner may add codecs later: reads of blocks whose codec is
   * unknown are LDB_UNSUPPORTED, and their tables are not compacted. Default: the built-in codecs, and `compression`.
   */
  readonly codecs?: CodecTable
  /**
   * `'leveled'` keeps few sorted runs to read and little obsolete space. `'tiered'` merges runs of similar size: it writes each entry fewer
   * times, and reads more runs and uses more space, up to three times that of the entries, and again during a merge. A store can be
   * opened with either. Default `'leveled'`.
   */
  readonly compaction?: 'leveled' | 'tiered'
  /** Bytes of a table that a compaction writes: 1 KiB to 1 GiB. Default 32 MiB. */
  readonly tableBytes?: number
  /** Bytes of the first level that newly written tables are merged into: 1 KiB to 64 GiB. Default 64 MiB. */
  readonly levelBaseBytes?: number
  /**
   * When to write the recovered manifest again, which makes the found checkpoint and `durableSeq` certain: `'open'` does it in `open`,
   * `'write'` with the first `checkpoint` or `persistRecovered`. `'write'` is for an owner whose log contains everything that a crash
   * could still undo, `'none'` for one that knows that the manifest is durable. Default `'open'`.
   */
  readonly rewriteManifest?: 'open' | 'write' | 'none'
  /** The log that the store follows: synced before a checkpoint that the store makes by itself becomes durable. Default: none. */
  readonly log?: StoreLog
  /** Receives stalls, completed compactions and requests for a checkpoint. Default: none. */
  readonly observer?: StoreObserver
  /**
   * Another thread that runs large compactions; only for a store in files of the operating system. It may be shared with other stores, and
   * is closed after them. Default: none, compactions run in the calling thread.
   */
  readonly thread?: CompactionThread
  /** The data keys with which the store is encrypted, and the `thread` uses, too. Default: it is not encrypted. */
  readonly keys?: DataKeys
}

/** Options with all defaults applied. */
export interface ResolvedLsmOptions {
  readonly create: boolean
  readonly creation: 'open' | 'write'
  readonly storeId: Uint8Array | undefined
  readonly cache: BlockCache<Block>
  readonly memtableBytes: number
  readonly blockBytes: number
  readonly codecs: LevelCodecs
  readonly compaction: 'leveled' | 'tiered'
  readonly tableBytes: number
  readonly levelBaseBytes: number
  readonly rewriteManifest: 'open' | 'write' | 'none'
  readonly log: StoreLog
  readonly observer: StoreObserver
  readonly thread: CompactionThread | undefined
  readonly keys: DataKeys | undefined
}

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB
const NAMES = [
  'create',
  'creation',
  'storeId',
  'cache',
  'cacheBytes',
  'memtableBytes',
  'blockBytes',
  'compression',
  'codecs',
  'compaction',
  'tableBytes',
  'levelBaseBytes',
  'rewriteManifest',
  'log',
  'observer',
  'thread',
  'keys',
] as const

const POLICIES: readonly unknown[] = ['leveled', 'tiered']
const REWRITES: readonly unknown[] = ['open', 'write', 'none']

const NO_LOG: StoreLog = Object.freeze({
  segmentId: NO_SEGMENT_ID,
  sync: () => undefined,
  syncAsync: () => Promise.resolve(),
})
const NO_OBSERVER: StoreObserver = Object.freeze({
  wantsCheckpoint: () => undefined,
  stalled: () => undefined,
  completed: () => undefined,
  failed: () => undefined,
  healed: () => undefined,
})

/** Validates options and applies the defaults. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveLsmOptions(options: LsmTreeOptions | undefined): ResolvedLsmOptions {
  const own = ownOptions(options, NAMES, 'options of an LSM tree') as LsmTreeOptions
  const { create = true, storeId, cache, log = NO_LOG, observer = NO_OBSERVER, thread } = own
  if (typeof create !== 'boolean') throw invalidArgument(`create must be a boolean, got ${kindOf(create)}`)
  const { creation = 'open', rewriteManifest = 'open', compaction = 'leveled' } = own
  if (creation !== 'open' && creation !== 'write') throw invalidArgument("creation must be 'open' or 'write'")
  if (storeId === undefined ? creation === 'write' : storeId.length !== STORE_ID_BYTES) {
    throw invalidArgument(`storeId must be ${STORE_ID_BYTES} bytes`)
  }
  if (!REWRITES.includes(rewriteManifest))
    throw invalidArgument("rewriteManifest must be 'open', 'write' or 'none'")
  if (!POLICIES.includes(compaction)) throw invalidArgument("compaction must be 'leveled' or 'tiered'")
  return Object.freeze({
    create,
    creation,
    rewriteManifest,
    storeId,
    // Blocks of all stores have one class; the cache does not know it.
    cache: (cache as BlockCache<Block> | undefined) ?? new BlockCache<Block>(own.cacheBytes ?? 64 * MIB),
    memtableBytes: integerWithin('memtableBytes', own.memtableBytes ?? 32 * MIB, KIB, GIB),
    blockBytes: integerWithin('blockBytes', own.blockBytes ?? 4 * KIB, 256, MIB),
    codecs: resolveCodecs(own.codecs, own.compression),
    compaction,
    tableBytes: integerWithin('tableBytes', own.tableBytes ?? 32 * MIB, KIB, GIB),
    levelBaseBytes: integerWithin('levelBaseBytes', own.levelBaseBytes ?? 64 * MIB, KIB, 64 * GIB),
    log,
    observer,
    thread,
    keys: own.keys,
  })
}

const COMPRESSIONS: readonly unknown[] = ['none', 'lz4', 'deflate', 'zstd', 'adaptive']

function resolveCodecs(
  known: CodecTable = new CodecTable(),
  compression: LsmTreeOptions['compression'] = 'lz4',
): LevelCodecs {
  if (typeof compression === 'object') {
    const codec = checkedCodec(compression)
    known.add(codec)
    return new LevelCodecs(known, codec.id)
  }
  if (typeof compression === 'number')
    return new LevelCodecs(known, integerWithin('compression', compression, CUSTOM_CODEC_ID_MIN, 255))
  if (compression === 'zstd' && ZSTD_CODEC === undefined) throw unknownCodec(CodecId.Zstd)
  if (COMPRESSIONS.includes(compression)) return new LevelCodecs(known, compression)
  throw invalidArgument("compression must be 'none', 'lz4', 'deflate', 'zstd', 'adaptive' or a codec")
}

function integerWithin(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw invalidArgument(`${name} must be an integer from ${least} to ${most}`)
  }
  return value
}
