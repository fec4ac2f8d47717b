import { invalidArgument, kindOf, LdbError } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import { CompressionNumber, EngineNumber, isPageSize, PAGE_BYTES_MAX } from '../format.js'
import type { CompressionName, EngineName } from '../catalog/catalog.js'

/**
 * When a commit is acknowledged; in all three, what survives is a prefix of the commits.
 *
 * - `'full'`: after fdatasync; survives power loss.
 * - `'periodic'`: handed to the operating system; survives a killed process, and is synced every `syncIntervalMs`.
 * - `'none'`: buffered in the process, written and synced in the background.
 *
 * @category Options
 */
export type Durability = 'full' | 'periodic' | 'none'

/** A logger in the shape of pino or of `console`. @category Options */
export interface Logger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

/** How to open a database. Every option may be left out; one that is not known is an error. @category Options */
export interface DatabaseOptions {
  /**
   * Engine of the `default` keyspace and of new ones.
   * @defaultValue 'btree'
   */
  readonly engine?: EngineName
  /** @defaultValue 'full' */
  readonly durability?: Durability
  /**
   * Milliseconds after which commits at `'periodic'` and `'none'` are synced.
   * @defaultValue 100
   */
  readonly syncIntervalMs?: number
  /**
   * Memory for pages, in bytes, shared by all keyspaces.
   * @defaultValue 67_108_864 (64 MiB)
   */
  readonly cacheBytes?: number
  /**
   * Bytes of a page of a new database, of all its keyspaces, for good: a power of two from 4,096 to 32,768. Where a database is
   * there already with pages of another size, naming one is `LDB_EXISTS`; leave it out to open it whatever its pages are.
   *
   * @remarks A page is what is read, checked and written at once, and a cache has at least 32 of them. Where data are many times
   * the cache and are read or written at random, pages of 4,096 make gets and puts faster. Everywhere else they make scans
   * and fills slower. Keys over an eighth of a page and values over a quarter take pages of their own.
   * @defaultValue 8192
   */
  readonly pageBytes?: number
  /**
   * Compression of new keyspaces; this build has `'none'`.
   * @defaultValue 'none'
   */
  readonly compression?: CompressionName
  /**
   * Change nothing on the medium.
   * @defaultValue false
   */
  readonly readOnly?: boolean
  /**
   * Make the database when there is none.
   * @defaultValue true
   */
  readonly createIfMissing?: boolean
  /**
   * Refuse when there is one.
   * @defaultValue false
   */
  readonly errorIfExists?: boolean
  /**
   * Bytes of the log that readers of changes may hold back. One that falls further behind fails with `LDB_NOT_FOUND`.
   * @defaultValue 268_435_456 (256 MiB)
   */
  readonly changesBacklogBytes?: number
  /**
   * Threads for background work. The B+tree needs none, so this build takes 0 only.
   * @defaultValue 0
   */
  readonly workers?: number
  /** The file system. Default: that of Node. */
  readonly vfs?: Vfs
  /** Where to tell what goes on. Default: nowhere. */
  readonly logger?: Logger
}

/** Options with every default filled in, frozen. */
export interface ResolvedDatabaseOptions {
  readonly engine: EngineName
  readonly durability: Durability
  readonly syncIntervalMs: number
  readonly cacheBytes: number
  /** What was asked for; `undefined` for whatever a database has. */
  readonly pageBytes: number | undefined
  readonly compression: CompressionName
  readonly readOnly: boolean
  readonly createIfMissing: boolean
  readonly errorIfExists: boolean
  readonly changesBacklogBytes: number
  readonly workers: number
  readonly vfs: Vfs | undefined
  readonly logger: Logger | undefined
}

const CACHE_BYTES_MIN = 65_536
/** Smaller ones, down to those that a file may have, are for tests. */
const PAGE_BYTES_OPTION_MIN = 4096
const SYNC_INTERVAL_MS_MAX = 86_400_000

/** Options of API.md that this build knows of and cannot honour. */
const LATER: ReadonlyMap<string, string> = new Map([
  ['encryption', 'this build has no encryption'],
  ['memtableBytes', 'this build has no LSM engine, which memtableBytes is for'],
])

const KNOWN: readonly string[] = [
  'engine',
  'durability',
  'syncIntervalMs',
  'cacheBytes',
  'pageBytes',
  'compression',
  'readOnly',
  'createIfMissing',
  'errorIfExists',
  'changesBacklogBytes',
  'workers',
  'vfs',
  'logger',
]

/**
 * Checks options and fills in the defaults. Only own properties count.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an unknown option or a wrong type, LDB_UNSUPPORTED for one that
 * this build cannot honour.
 */
export function resolveDatabaseOptions(options: DatabaseOptions | undefined): ResolvedDatabaseOptions {
  const given = ownOptions(options, KNOWN, LATER)
  return Object.freeze({
    engine: resolveEngine(given.get('engine')) ?? 'btree',
    durability: resolveDurability(given.get('durability')) ?? 'full',
    syncIntervalMs: resolveNumber(given, 'syncIntervalMs', 100, 1, SYNC_INTERVAL_MS_MAX),
    cacheBytes: resolveNumber(given, 'cacheBytes', 67_108_864, CACHE_BYTES_MIN, Number.MAX_SAFE_INTEGER),
    pageBytes: resolvePageBytes(given.get('pageBytes')),
    compression: resolveCompression(given.get('compression')) ?? 'none',
    readOnly: resolveBoolean(given, 'readOnly', false),
    createIfMissing: resolveBoolean(given, 'createIfMissing', true),
    errorIfExists: resolveBoolean(given, 'errorIfExists', false),
    changesBacklogBytes: resolveNumber(given, 'changesBacklogBytes', 268_435_456, 0, Number.MAX_SAFE_INTEGER),
    workers: resolveWorkers(given),
    vfs: resolveObject(given, 'vfs', ['open', 'status', 'list', 'lock']) as Vfs | undefined,
    logger: resolveObject(given, 'logger', ['debug', 'info', 'warn', 'error']) as Logger | undefined,
  })
}

/** Collects own properties that are not `undefined`, and refuses unknown ones. */
export function ownOptions(
  options: object | undefined,
  known: readonly string[],
  later: ReadonlyMap<string, string>,
): ReadonlyMap<string, unknown> {
  const given = new Map<string, unknown>()
  if (options === undefined) return given
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidArgument(`options must be an object, not ${kindOf(options)}`)
  }
  for (const name of Object.keys(options)) {
    const value = (options as Record<string, unknown>)[name]
    if (value === undefined) continue
    const reason = later.get(name)
    if (reason !== undefined) throw new LdbError('LDB_UNSUPPORTED', reason)
    if (!known.includes(name)) throw invalidArgument(`unknown option ${JSON.stringify(name)}`)
    given.set(name, value)
  }
  return given
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_UNSUPPORTED. */
export function resolveEngine(value: unknown): EngineName | undefined {
  if (value === undefined) return undefined
  if (value === 'lsm') throw new LdbError('LDB_UNSUPPORTED', "this build has no engine 'lsm'; use 'btree'")
  if (typeof value === 'string' && Object.hasOwn(EngineNumber, value)) return value as EngineName
  throw invalidArgument(`engine must be 'btree', not ${shown(value)}`)
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_UNSUPPORTED. */
export function resolveCompression(value: unknown): CompressionName | undefined {
  if (value === undefined) return undefined
  if (value === 'none' && Object.hasOwn(CompressionNumber, value)) return value
  const planned = ['lz4', 'deflate', 'zstd', 'adaptive'].includes(value as string)
  if (planned || (typeof value === 'object' && value !== null)) {
    throw new LdbError('LDB_UNSUPPORTED', `this build has no compression ${shown(value)}; use 'none'`)
  }
  throw invalidArgument(`compression must be 'none', not ${shown(value)}`)
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveDurability(value: unknown): Durability | undefined {
  if (value === undefined || value === 'full' || value === 'periodic' || value === 'none') return value
  throw invalidArgument(`durability must be 'full', 'periodic' or 'none', not ${shown(value)}`)
}

function resolveNumber(
  given: ReadonlyMap<string, unknown>,
  name: string,
  standard: number,
  minimum: number,
  maximum: number,
): number {
  const value = given.get(name)
  if (value === undefined) return standard
  if (typeof value !== 'number' || !Number.isInteger(value) || value < minimum || value > maximum) {
    throw invalidArgument(`${name} must be a whole number from ${minimum} to ${maximum}, not ${shown(value)}`)
  }
  return value
}

function resolvePageBytes(value: unknown): number | undefined {
  if (value === undefined) return undefined
  const isNumber = typeof value === 'number' && Number.isInteger(value)
  if (isNumber && value >= PAGE_BYTES_OPTION_MIN && isPageSize(value)) return value
  throw invalidArgument(
    `pageBytes must be a power of two from ${PAGE_BYTES_OPTION_MIN} to ${PAGE_BYTES_MAX}, not ${shown(value)}`,
  )
}

function resolveBoolean(given: ReadonlyMap<string, unknown>, name: string, standard: boolean): boolean {
  const value = given.get(name)
  if (value === undefined) return standard
  if (typeof value !== 'boolean') throw invalidArgument(`${name} must be true or false, not ${shown(value)}`)
  return value
}

function resolveWorkers(given: ReadonlyMap<string, unknown>): number {
  const workers = resolveNumber(given, 'workers', 0, 0, 1024)
  if (workers > 0) {
    throw new LdbError('LDB_UNSUPPORTED', 'this build does all work in the calling thread: workers must be 0')
  }
  return workers
}

function resolveObject(
  given: ReadonlyMap<string, unknown>,
  name: string,
  methods: readonly string[],
): object | undefined {
  const value = given.get(name)
  if (value === undefined) return undefined
  const usable =
    typeof value === 'object' &&
    value !== null &&
    methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function')
  if (!usable) throw invalidArgument(`${name} must be an object with ${methods.join(', ')}`)
  return value
}

function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? JSON.stringify(value)
    : kindOf(value)
}
