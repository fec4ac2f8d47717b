import { isLdbError } from '@ldb/base'
import type { StoreStats } from '@ldb/base'
import type { PageCacheStats } from '@ldb/cache'
import type { TransactionStats } from '@ldb/mvcc'
import type { CheckpointStats } from './commit/checkpointer.js'
import type { LogStats } from './log/commit-log.js'
import type { DatabaseParts } from './open/parts.js'
import type { KeyspaceStore } from './keyspace/store.js'
import type { OpenReadStats } from './read/open-reads.js'

/** What a keyspace can say of itself. @category Statistics */
export interface KeyspaceStats extends StoreStats {
  readonly name: string
  readonly id: number
  readonly engine: string
  /** Every commit up to this one that wrote to it is in its last durable checkpoint. */
  readonly durableSeq: number
}

/** What a database can say of itself. @category Statistics */
export interface DatabaseStats {
  /** Number of the newest commit. */
  readonly seq: number
  /** Commits since the database was opened. */
  readonly commitCount: number
  /** True when a write failed: open again. */
  readonly poisoned: boolean
  readonly readOnly: boolean
  readonly log: LogStats
  readonly cache: PageCacheStats
  readonly checkpoints: CheckpointStats
  /** Snapshots, scans and cursors that are open. */
  readonly reads: OpenReadStats
  /** Transactions that are open, and what has become of others. */
  readonly transactions: TransactionStats
  /** By rising number; without those that a commit which failed half way has left unreadable. */
  readonly keyspaces: readonly KeyspaceStats[]
}

/** Gathers the statistics of an open database. */
export function collectStats(parts: DatabaseParts): DatabaseStats {
  const { seq, commitCount } = parts.pipeline
  const keyspaces: KeyspaceStats[] = []
  for (const keyspace of parts.keyspaces) {
    const stats = statsOf(keyspace)
    if (stats !== undefined) keyspaces.push(stats)
  }
  return {
    seq,
    commitCount,
    poisoned: parts.health.poisoned,
    readOnly: parts.options.readOnly,
    log: parts.log.stats(),
    cache: parts.engines.cache.stats(),
    checkpoints: parts.checkpointer.stats(),
    reads: parts.openReads.stats(),
    transactions: parts.transactions.stats(),
    keyspaces,
  }
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
