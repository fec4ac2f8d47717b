import type { Durability } from './commands.js'

/** Names of the keyspaces of a run, by slot. */
export const KEYSPACE_NAMES: readonly string[] = ['default', 'one', '__proto__', 'drei ü']

/** Snapshots, scans and cursors that a run has open at most, of each kind. */
export const READS_MAX = 6

/** Milliseconds after which commits are synced in the background. */
export const SYNC_INTERVAL_MS = 100

/** How the database of a run is set up. */
export interface RunSettings {
  readonly durability: Durability
  readonly pageBytes: number
  readonly cacheBytes: number
  readonly checkpointLogBytes: number
  readonly segmentBytes: number
  readonly preallocateBytes: number
  /** The page cache remembers where records stand; true when absent. */
  readonly usesHashIndex?: boolean
  /** Encoding of new keyspaces, where the command names none. */
  readonly keys: 'utf8' | 'binary' | 'tuple'
  readonly values: 'utf8' | 'binary' | 'json'
}

/** What most databases have. */
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

/** Returns options for `Database.open`; those that users cannot turn ride on a symbol. */
export function optionsOf(settings: RunSettings): {
  readonly durability: Durability
  readonly cacheBytes: number
  readonly syncIntervalMs: number
} {
  const { durability, cacheBytes, pageBytes, checkpointLogBytes, segmentBytes, preallocateBytes } = settings
  const { usesHashIndex = true } = settings
  const tuning = { pageBytes, checkpointLogBytes, segmentBytes, preallocateBytes, usesHashIndex }
  return {
    durability,
    cacheBytes: Math.max(cacheBytes, 48 * pageBytes),
    syncIntervalMs: SYNC_INTERVAL_MS,
    [Symbol.for('ldb.tuning')]: tuning,
  }
}
