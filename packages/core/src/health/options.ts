import { invalidArgument, optionalMember, ownOptions, VALUE_BYTES_MAX } from '@ldb/base'
import type { OwnOptions } from '@ldb/base'
import { resolveArchive, resolveScrub } from './background-options.js'
import type { ResolvedScrubOptions, ScrubOptions } from './background-options.js'
import { describe, resolveNumber } from './option-values.js'
import { CACHE_BYTES_MAX } from '@ldb/cache'
import type { FilePath, Vfs } from '@ldb/vfs'
import { EngineNumber, isPageSize, PAGE_BYTES_MAX } from '../format.js'
import type { EngineName } from '../catalog/catalog.js'
import { resolveEncryption } from '../encryption/secret.js'
import type { Encryption, Secret } from '../encryption/secret.js'
import { DEFAULT_COMPRESSION, resolveCompression } from './compression.js'
import type { Compression } from './compression.js'
import { guardedLogger } from './logger.js'
import type { Logger } from './logger.js'
import { resolveMinState } from './state-token.js'
import type { NamedState } from './state-token.js'

/**
 * When a commit is acknowledged. In all three modes a prefix of the commits survives.
 *
 * - `'full'`: after fdatasync. The commit survives power loss.
 * - `'periodic'`: after a write to the operating system. The commit survives a killed process, and is synced within `syncIntervalMs`, by
 *   another thread if this one is busy.
 * - `'none'`: after the commit is buffered in the process. It is written and synced within `syncIntervalMs`, by the next commit or in
 *   the event loop. A computation without either delays it.
 *
 * When the process ends normally without `close()`, commits of all modes are written and synced.
 *
 * @category Options
 */
export type Durability = 'full' | 'periodic' | 'none'

/** Options to open a database. All are optional; an unknown option is an error. @category Options */
export interface DatabaseOptions {
  /**
   * Engine of the `default` keyspace and of new keyspaces: `'btree'` or `'lsm'`.
   * @defaultValue 'btree'
   */
  readonly engine?: EngineName | undefined
  /** @defaultValue 'full' */
  readonly durability?: Durability | undefined
  /**
   * Milliseconds within which a sync of commits at `'periodic'` and `'none'` begins.
   * @defaultValue 100
   */
  readonly syncIntervalMs?: number | undefined
  /**
   * Bytes of the caches, which all keyspaces share: pages of B+trees and blocks of LSM trees. Either may use all of it; when both want more,
   * it is divided by the bytes that they miss. From 65,536 to 68,719,476,736 (64 GiB). Memory is used as pages are read.
   * @defaultValue 67_108_864 (64 MiB)
   */
  readonly cacheBytes?: number | undefined
  /**
   * Bytes of a value above which it is written once, to a blob file beside the stores: from 64 to 1,073,741,824. The log and the store hold
   * a reference of 44 bytes. At `'full'`, a commit of the synchronous API with less than 128 KiB of such values writes them to the log and the
   * store nevertheless: the sync of a second file would take longer. The space of deleted values returns in the background, after a checkpoint.
   * @defaultValue 16_384 (16 KiB)
   */
  readonly blobBytes?: number | undefined
  /**
   * Bytes of operations that each keyspace of engine `'lsm'` holds in memory before it writes them to a table: from 65,536 to
   * 1,073,741,824. Up to three times as many are in use while a caller writes faster than the device.
   * @defaultValue 33_554_432 (32 MiB)
   */
  readonly memtableBytes?: number | undefined
  /**
   * Page size of a new database, in bytes: a power of two from 4,096 to 32,768. It is fixed for all keyspaces when the database is
   * created. Opening an existing database with a different size is `LDB_EXISTS`; omit the option to open any page size.
   *
   * @remarks A page is the unit of reads, checksums and writes, and a cache has at least 32 pages. Where the data are many times larger
   * than the cache and access is random, pages of 4,096 bytes make gets and puts faster. Otherwise they make scans and fills
   * slower. Keys over an eighth of a page and values over a quarter are stored in overflow pages.
   * @defaultValue 8192
   */
  readonly pageBytes?: number | undefined
  /**
   * Compression of the `default` keyspace and of new keyspaces: `'lz4'`; `'deflate'` or, on Node from 22.15 on, `'zstd'` for fewer bytes and
   * more processor time; `'adaptive'` for LZ4, and deflate in the last level of an LSM tree; `'none'`; or a codec of the application. It applies
   * to the blocks of an LSM tree, to the values of a B+tree that leave its pages, and to values in blob files. Values in pages of a B+tree are
   * compressed with a `dictionary` only. What does not become an eighth smaller is not compressed.
   *
   * @remarks It is stored with each keyspace. A codec of the application must be passed again when the database is opened; otherwise reads of
   * what it has compressed are `LDB_UNSUPPORTED`. So is `'zstd'` where the platform has none.
   * @defaultValue 'lz4'
   */
  readonly compression?: Compression | undefined
  /**
   * Encode small values of the `default` keyspace and of new keyspaces with dictionaries; those with the engine `'lsm'` have none. See
   * `KeyspaceOptions`.
   * @defaultValue false
   */
  readonly dictionary?: boolean | undefined
  /**
   * Open without any change to the files, and without write access to them. Read-only openers share a database, in threads,
   * processes and containers of one machine. They and an opener that writes exclude each other.
   * @defaultValue false
   */
  readonly readOnly?: boolean | undefined
  /**
   * Create the database if it does not exist.
   * @defaultValue true
   */
  readonly createIfMissing?: boolean | undefined
  /**
   * Fail if the database exists.
   * @defaultValue false
   */
  readonly errorIfExists?: boolean | undefined
  /**
   * Bytes of the log, and of large values that it names, which readers of changes may pin. A reader that falls further behind fails with `LDB_NOT_FOUND`.
   * @defaultValue 268_435_456 (256 MiB)
   */
  readonly changesBacklogBytes?: number | undefined
  /**
   * Bytes of the log, and of large values that it names, which are kept for each named consumer of changes. A consumer that falls further behind
   * has to start over from a snapshot. The next open reads what is kept.
   * @defaultValue 268_435_456 (256 MiB)
   */
  readonly consumerBacklogBytes?: number | undefined
  /**
   * Milliseconds for which the log is kept for a named consumer that has no open stream, 0 to 2^53 − 1.
   * @defaultValue 604_800_000 (a week)
   */
  readonly consumerIdleMs?: number | undefined
  /**
   * Files of keyspaces that are open at a time: from 2 to 1,000,000. Any number of keyspaces may be open: the least recently used file
   * is closed, and opened again when it is needed.
   *
   * @remarks A file with writes that are not synced yet, or with reads in flight, stays open, so that the limit may be exceeded for a
   * short time. The files of the log, of the lock and of the catalog are not counted: 8 descriptors, and more while readers
   * of changes are behind. Reduce the option where the process has few descriptors (`ulimit -n`); with too few, the
   * database works with those that it has.
   * @defaultValue 512
   */
  readonly maxOpenFiles?: number | undefined
  /**
   * Threads that compact the tables of keyspaces of engine `'lsm'`, 0 to 64. A thread starts with the first large compaction. With 0, and
   * where there are no threads, for a `vfs` of the caller, or in a bundle without the program of the thread, commits compact in the
   * calling thread.
   * @defaultValue 1
   */
  readonly workers?: number | undefined
  /**
   * Capture the stack of the call that opens each database, scan, cursor, snapshot, transaction and stream of changes, for the report of
   * a handle that was garbage-collected before it was closed. Costs some microseconds for each of them.
   * @defaultValue false
   */
  readonly debug?: boolean | undefined
  /**
   * The key or the passphrase of an encrypted database; a new database is encrypted with it. All files are encrypted and authenticated with
   * XAES-256-GCM: the guide "Encryption" says what that protects. A wrong, missing or needless one is `LDB_KEY`.
   */
  readonly encryption?: Encryption | undefined
  /**
   * Copies every commit, within about a second, to files in the directory `to`, from which `Database.restore` continues a backup up to any
   * commit or time. What is not copied yet stays in the log, however long it becomes: see `stats().archive`.
   * @defaultValue none
   */
  readonly archive?: { readonly to: FilePath } | undefined
  /**
   * A token that `stateToken` has returned, and that was kept elsewhere: an older state of the database, such as one that was restored from
   * a copy of its directory, is `LDB_CORRUPTION`.
   */
  readonly minState?: string | undefined
  /**
   * Verify the whole database in the background, again and again, at most so many bytes a second, and report each pass by the event
   * `'scrub'`. Has no effect in a memory-only database.
   *
   * @remarks Free space of a B+tree that is found damaged is written anew. Timers of the scrubber do not keep the process alive; it
   * works while the program yields to the event loop.
   * @defaultValue off
   */
  readonly scrub?: ScrubOptions | undefined
  /** The file system. Default: the files of Node. */
  readonly vfs?: Vfs | undefined
  /** Receives warnings and errors of background work. Default: none. */
  readonly logger?: Logger | undefined
}

/** Checked options with all defaults, frozen. */
export interface ResolvedDatabaseOptions {
  readonly engine: EngineName
  readonly durability: Durability
  readonly syncIntervalMs: number
  readonly cacheBytes: number
  readonly memtableBytes: number
  readonly blobBytes: number
  /** The requested page size; `undefined` accepts any page size. */
  readonly pageBytes: number | undefined
  readonly compression: Compression
  readonly dictionary: boolean
  readonly readOnly: boolean
  readonly createIfMissing: boolean
  readonly errorIfExists: boolean
  readonly changesBacklogBytes: number
  readonly consumerBacklogBytes: number
  readonly consumerIdleMs: number
  readonly maxOpenFiles: number
  readonly workers: number
  readonly debug: boolean
  readonly encryption: Secret | undefined
  /** Directory of the archive, as given. */
  readonly archiveTo: FilePath | undefined
  readonly minState: NamedState | undefined
  readonly scrub: ResolvedScrubOptions | undefined
  readonly vfs: Vfs | undefined
  readonly logger: Logger | undefined
}

const CACHE_BYTES_MIN = 65_536
const MEMTABLE_BYTES_MIN = 65_536
const MEMTABLE_BYTES_MAX = 2 ** 30
/** A reference takes 44 bytes. */
const BLOB_BYTES_MIN = 64
const BLOB_BYTES_DEFAULT = 16_384
/** Tests create databases with smaller pages, down to the minimum of the format. */
const PAGE_BYTES_OPTION_MIN = 4096
/** A file that is synced off the thread has two handles. */
const OPEN_FILES_MIN = 2
const OPEN_FILES_MAX = 1_000_000
/** Each takes a thread's memory. */
const WORKERS_MAX = 64
const SYNC_INTERVAL_MS_MAX = 86_400_000
const VFS_METHODS = ['open', 'status', 'list', 'lock']
const LOGGER_METHODS = ['debug', 'info', 'warn', 'error']

const KNOWN = [
  'engine',
  'durability',
  'syncIntervalMs',
  'cacheBytes',
  'pageBytes',
  'compression',
  'dictionary',
  'readOnly',
  'createIfMissing',
  'errorIfExists',
  'changesBacklogBytes',
  'consumerBacklogBytes',
  'consumerIdleMs',
  'maxOpenFiles',
  'workers',
  'debug',
  'vfs',
  'logger',
  'encryption',
  'minState',
  'memtableBytes',
  'blobBytes',
  'archive',
  'scrub',
] as const

type Given = OwnOptions<(typeof KNOWN)[number]>

/**
 * Checks options and applies the defaults. Only own properties count.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an unknown option or a wrong type; LDB_UNSUPPORTED for an option that
 * this build does not support.
 */
export function resolveDatabaseOptions(options: DatabaseOptions | undefined): ResolvedDatabaseOptions {
  const given = ownOptions(options, KNOWN)
  const engine = resolveEngine(given.engine) ?? 'btree'
  return Object.freeze({
    engine,
    durability: resolveDurability(given.durability) ?? 'full',
    syncIntervalMs: resolveNumber(given, 'syncIntervalMs', 100, 1, SYNC_INTERVAL_MS_MAX),
    cacheBytes: resolveNumber(given, 'cacheBytes', 67_108_864, CACHE_BYTES_MIN, CACHE_BYTES_MAX),
    memtableBytes: resolveNumber(given, 'memtableBytes', 33_554_432, MEMTABLE_BYTES_MIN, MEMTABLE_BYTES_MAX),
    blobBytes: resolveNumber(given, 'blobBytes', BLOB_BYTES_DEFAULT, BLOB_BYTES_MIN, VALUE_BYTES_MAX),
    pageBytes: resolvePageBytes(given.pageBytes),
    compression: resolveCompression(given.compression) ?? DEFAULT_COMPRESSION,
    dictionary: resolveBoolean(given, 'dictionary', false),
    readOnly: resolveBoolean(given, 'readOnly', false),
    createIfMissing: resolveBoolean(given, 'createIfMissing', true),
    errorIfExists: resolveBoolean(given, 'errorIfExists', false),
    changesBacklogBytes: resolveNumber(given, 'changesBacklogBytes', 268_435_456, 0, Number.MAX_SAFE_INTEGER),
    consumerBacklogBytes: resolveNumber(
      given,
      'consumerBacklogBytes',
      268_435_456,
      0,
      Number.MAX_SAFE_INTEGER,
    ),
    consumerIdleMs: resolveNumber(given, 'consumerIdleMs', 604_800_000, 0, Number.MAX_SAFE_INTEGER),
    maxOpenFiles: resolveNumber(given, 'maxOpenFiles', 512, OPEN_FILES_MIN, OPEN_FILES_MAX),
    workers: resolveNumber(given, 'workers', 1, 0, WORKERS_MAX),
    debug: resolveBoolean(given, 'debug', false),
    encryption: resolveEncryption(given.encryption),
    archiveTo: resolveArchive(given.archive),
    minState: resolveMinState(given.minState),
    scrub: resolveScrub(given.scrub),
    vfs: resolveVfs(given.vfs),
    logger: guardedLogger(resolveObject(given.logger, 'logger', LOGGER_METHODS) as Logger | undefined),
  })
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_UNSUPPORTED. */
export function resolveEngine(value: unknown): EngineName | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && Object.hasOwn(EngineNumber, value)) return value as EngineName
  throw invalidArgument(`engine must be 'btree' or 'lsm', not ${describe(value)}`)
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveDurability(value: unknown): Durability | undefined {
  if (value === undefined || value === 'full' || value === 'periodic' || value === 'none') return value
  throw invalidArgument(`durability must be 'full', 'periodic' or 'none', not ${describe(value)}`)
}

function resolvePageBytes(value: unknown): number | undefined {
  if (value === undefined) return undefined
  const isNumber = typeof value === 'number' && Number.isInteger(value)
  if (isNumber && value >= PAGE_BYTES_OPTION_MIN && isPageSize(value)) return value
  throw invalidArgument(
    `pageBytes must be a power of two from ${PAGE_BYTES_OPTION_MIN} to ${PAGE_BYTES_MAX}, not ${describe(value)}`,
  )
}

function resolveBoolean(given: Given, name: keyof Given, defaultValue: boolean): boolean {
  const value = given[name]
  if (value === undefined) return defaultValue
  if (typeof value !== 'boolean')
    throw invalidArgument(`${name} must be true or false, not ${describe(value)}`)
  return value
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveVfs(value: unknown): Vfs | undefined {
  return resolveObject(value, 'vfs', VFS_METHODS) as Vfs | undefined
}

function resolveObject(value: unknown, name: string, methods: readonly string[]): object | undefined {
  if (value === undefined) return undefined
  const usable =
    typeof value === 'object' &&
    value !== null &&
    methods.every((method) => typeof optionalMember(value as Record<string, unknown>, method) === 'function')
  if (!usable) throw invalidArgument(`${name} must be an object with ${methods.join(', ')}`)
  return value
}
