import { isLdbError } from '@ldb/base'
import type { StoreStats } from '@ldb/base'
import type { BlockCacheStats, CacheBudgetStats, PageCacheStats } from '@ldb/cache'
import type { TransactionStats } from '@ldb/mvcc'
import type { OpenFileStats } from '@ldb/vfs'
import type { ArchiveStats } from './archive/archive-stats.js'
import type { BlobStats } from './blob/blob-values.js'
import type { CheckpointStats } from './commit/checkpointer.js'
import type { StallStats } from './health/events.js'
import type { LogStats } from './log/commit-log.js'
import type { ConsumerStats } from './log/consumer-stats.js'
import type { RenewalStats } from './maintenance/background-renewal.js'
import type { ScrubStats } from './maintenance/background-scrub.js'
import type { OpenDatabase } from './open/open-database.js'
import type { KeyspaceStore } from './keyspace/store.js'
import type { OpenReadStats } from './read/open-reads.js'

/** Statistics of a keyspace. @category Statistics */
export interface KeyspaceStats extends StoreStats {
  readonly name: string
  readonly id: number
  readonly engine: string
  /** The last durable checkpoint of the keyspace contains every commit up to this one. */
  readonly durableSeq: number
}

/** Keys of an encrypted database. @category Statistics */
export interface EncryptionStats {
  /** Number of the data key that encrypts what is written. */
  readonly dataKeyId: number
  /** Data keys in `KEYS`: the current one, and those that older units may need. */
  readonly dataKeyCount: number
  /** What is rewritten because of older data keys; `undefined` in a read-only database. */
  readonly renewal: RenewalStats | undefined
}

/** Statistics of a database. @category Statistics */
export interface DatabaseStats {
  /** Number of the newest commit. */
  readonly seq: number
  /** Commits since the database was opened. */
  readonly commitCount: number
  /** True after a failed write: reopen the database. */
  readonly poisoned: boolean
  readonly readOnly: boolean
  readonly log: LogStats
  /** The pages of B+trees. */
  readonly cache: PageCacheStats
  /** The blocks of LSM trees. */
  readonly blockCache: BlockCacheStats
  /** How the two share `cacheBytes`. */
  readonly cacheBudget: CacheBudgetStats
  /** Open files of keyspaces; `undefined` for a memory-only database. */
  readonly files: OpenFileStats | undefined
  readonly checkpoints: CheckpointStats
  /** Waits of writers for work in the background: each is also a `stall` event. */
  readonly stalls: StallStats
  /** The archive of the log; `undefined` without one. */
  readonly archive: ArchiveStats | undefined
  /** Keys of an encrypted database; `undefined` when it is not encrypted. */
  readonly encryption: EncryptionStats | undefined
  /** Large values; `undefined` for a memory-only database. */
  readonly blobs: BlobStats | undefined
  /** The scrubber; `undefined` without the option `scrub`. */
  readonly scrub: ScrubStats | undefined
  /** Named consumers of changes; none in a read-only database. */
  readonly consumers: readonly ConsumerStats[]
  /** Open snapshots, scans and cursors. */
  readonly reads: OpenReadStats
  /** Open transactions, and totals of ended ones. */
  readonly transactions: TransactionStats
  /** In the order of creation; without keyspaces that a partly applied commit made unreadable. */
  readonly keyspaces: readonly KeyspaceStats[]
}

/** Collects the statistics of an open database. */
export function collectStats(opened: OpenDatabase): DatabaseStats {
  const { seq, commitCount } = opened.pipeline
  const keyspaces: KeyspaceStats[] = []
  for (const keyspace of opened.keyspaces) {
    const stats = statsOf(keyspace)
    if (stats !== undefined) keyspaces.push(stats)
  }
  return {
    seq,
    commitCount,
    poisoned: opened.health.poisoned,
    readOnly: opened.options.readOnly,
    log: opened.log.stats(),
    cache: opened.engines.cache.stats(),
    blockCache: opened.engines.blocks.stats(),
    cacheBudget: opened.engines.cacheBudget.stats(),
    files: opened.files?.stats(),
    checkpoints: opened.checkpointer.stats(),
    stalls: opened.events.stalls(),
    archive: opened.archive?.stats(),
    encryption: encryptionStatsOf(opened),
    blobs: opened.blobs?.stats(),
    scrub: opened.scrub?.stats(),
    consumers: opened.consumers?.stats(seq) ?? [],
    reads: opened.openReads.stats(),
    transactions: opened.transactions.stats(),
    keyspaces,
  }
}

function encryptionStatsOf({ engines: { keys }, renewal }: OpenDatabase): EncryptionStats | undefined {
  if (keys === undefined) return undefined
  return { dataKeyId: keys.data.currentId, dataKeyCount: keys.count, renewal: renewal?.stats() }
}

function statsOf({ descriptor, store }: KeyspaceStore): KeyspaceStats | undefined {
  try {
    const { id, name, engine } = descriptor
    return { name, id, engine, durableSeq: store.durableSeq, ...store.stats() }
  } catch (error) {
    if (isLdbError(error, 'LDB_POISONED')) return undefined
    throw error
  }
}
