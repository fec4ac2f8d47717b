import { ownOptions } from '@ldb/base'
import type { DatabaseOptions } from '@ldb/core'
import type { AbstractDatabaseOptions } from 'abstract-level'

/**
 * Options of an `LdbLevel`: those of abstract-level, those of `DatabaseOptions`, and those of classic-level that have an equivalent.
 *
 * @category Options
 */
export interface LdbLevelOptions<K = string, V = string>
  extends
    AbstractDatabaseOptions<K, V>,
    Omit<DatabaseOptions, 'createIfMissing' | 'errorIfExists' | 'compression'> {
  /**
   * As in `DatabaseOptions`; or, as in classic-level, `true` for `'lz4'` and `false` for `'none'`.
   * @defaultValue 'lz4'
   */
  readonly compression?: DatabaseOptions['compression'] | boolean
  /**
   * Name of the keyspace that holds the entries, with keys and values of encoding `'binary'`.
   * @defaultValue 'level'
   */
  readonly keyspace?: string
  /** Bytes of the cache, by the name of classic-level; `cacheBytes` comes first. */
  readonly cacheSize?: number
  /** Bytes of the memtable of an LSM tree, by the name of classic-level; `memtableBytes` comes first. */
  readonly writeBufferSize?: number
}

/** Checked options of an open. */
export interface ResolvedLevelOptions {
  readonly keyspace: string
  readonly database: DatabaseOptions
}

/** Name of the keyspace of an `LdbLevel`. */
const DEFAULT_KEYSPACE = 'level'
/** LevelDB acknowledges a write without `sync` when the operating system has it. */
const DEFAULT_DURABILITY = 'periodic'

/** The options of the database. Others are those of abstract-level, of classic-level without an equivalent, or of hooks of the application. */
const DATABASE_OPTIONS: Readonly<Record<keyof DatabaseOptions, true>> = {
  engine: true,
  durability: true,
  syncIntervalMs: true,
  cacheBytes: true,
  blobBytes: true,
  memtableBytes: true,
  pageBytes: true,
  compression: true,
  dictionary: true,
  readOnly: true,
  createIfMissing: true,
  errorIfExists: true,
  changesBacklogBytes: true,
  consumerBacklogBytes: true,
  consumerIdleMs: true,
  maxOpenFiles: true,
  workers: true,
  debug: true,
  encryption: true,
  archive: true,
  minState: true,
  scrub: true,
  vfs: true,
  logger: true,
}

/**
 * Returns the options of the database, which `Database.open` checks. Unknown options are ignored, as in the Level ecosystem: they may be
 * those of hooks.
 */
export function resolveLevelOptions(options: Readonly<Record<string, unknown>>): ResolvedLevelOptions {
  const own = ownOptions(options, Object.keys(options)) as Readonly<Record<string, unknown>>
  const database: Record<string, unknown> = {
    durability: DEFAULT_DURABILITY,
    ...present({ cacheBytes: own['cacheSize'], memtableBytes: own['writeBufferSize'] }),
    ...present(Object.fromEntries(Object.keys(DATABASE_OPTIONS).map((name) => [name, own[name]]))),
  }
  const { compression } = database
  if (typeof compression === 'boolean') database['compression'] = compression ? 'lz4' : 'none'
  return { keyspace: (own['keyspace'] ?? DEFAULT_KEYSPACE) as string, database }
}

/** Returns the options that have a value. */
function present(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
