import type { CompressionName } from '@ldb/core'
import type { Durability } from './commands.js'

/** Keyspace names of a run, indexed by slot. */
export const KEYSPACE_NAMES: readonly string[] = ['default', 'one', '__proto__', 'drei ü']

/** Greatest number of open snapshots, scans, cursors and transactions of a run, of each kind. */
export const READS_MAX = 6

/** Interval of the background sync, in milliseconds. */
export const SYNC_INTERVAL_MS = 100

/** Key of an encrypted database of a run. */
export const TEST_KEY: Uint8Array = new Uint8Array(32).fill(0x5a)

/** Options of the database of a run. */
export interface RunSettings {
  readonly durability: Durability
  readonly pageBytes: number
  readonly cacheBytes: number
  readonly checkpointLogBytes: number
  readonly segmentBytes: number
  readonly preallocateBytes: number
  /** Whether the page cache uses the adaptive hash index. @defaultValue true */
  readonly usesHashIndex?: boolean
  /** Whether the page cache is divided into arenas, as one above 2 GiB is. @defaultValue false */
  readonly dividesCache?: boolean
  /** Greatest number of open files of keyspaces. @defaultValue that of the database */
  readonly maxOpenFiles?: number
  /** Bytes above which a value is in a blob file. @defaultValue that of the database */
  readonly blobBytes?: number
  /** Whether the database is encrypted. @defaultValue false */
  readonly isEncrypted?: boolean
  /** Compression of new keyspaces. @defaultValue that of the database */
  readonly compression?: CompressionName
  /** Whether values of the keyspaces are encoded with dictionaries. @defaultValue false */
  readonly usesDictionaries?: boolean
  /** Engines by name that replace the built-in ones. @defaultValue the built-in engines */
  readonly engines?: object
  /** Default key encoding of new keyspaces. */
  readonly keys: 'utf8' | 'binary' | 'tuple'
  readonly values: 'utf8' | 'binary' | 'json'
}

/** The default settings of a database. */
export const PLAIN_SETTINGS: RunSettings = {
  durability: 'full',
  pageBytes: 8192,
  cacheBytes: 1_048_576,
  checkpointLogBytes: 67_108_864,
  segmentBytes: 67_108_864,
  preallocateBytes: 65_536,
  keys: 'binary',
  values: 'binary',
}

/** Returns options for `Database.open`. Internal tuning options are passed under a symbol. */
export function optionsOf(settings: RunSettings): {
  readonly durability: Durability
  readonly cacheBytes: number
  readonly syncIntervalMs: number
} {
  const { durability, pageBytes, checkpointLogBytes, segmentBytes, preallocateBytes } = settings
  const {
    usesHashIndex = true,
    dividesCache = false,
    maxOpenFiles,
    blobBytes,
    isEncrypted = false,
    compression,
    usesDictionaries = false,
  } = settings
  const cacheBytes = Math.max(settings.cacheBytes, 48 * pageBytes)
  const arenaBytes = dividesCache ? 2 ** Math.floor(Math.log2(cacheBytes / 3)) : undefined
  const engines = settings.engines === undefined ? {} : { engines: settings.engines }
  const tuning = {
    pageBytes,
    checkpointLogBytes,
    segmentBytes,
    preallocateBytes,
    usesHashIndex,
    arenaBytes,
    ...(blobBytes === undefined ? {} : { blobFileBytes: 8192 }),
    ...engines,
  }
  return {
    durability,
    cacheBytes,
    syncIntervalMs: SYNC_INTERVAL_MS,
    ...(maxOpenFiles === undefined ? {} : { maxOpenFiles }),
    ...(blobBytes === undefined ? {} : { blobBytes }),
    ...(isEncrypted ? { encryption: { key: TEST_KEY } } : {}),
    ...(compression === undefined ? {} : { compression }),
    ...(usesDictionaries ? { dictionary: true } : {}),
    [Symbol.for('ldb.tuning')]: tuning,
  }
}
