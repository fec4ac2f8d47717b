import type { TransactionManager } from '@ldb/mvcc'
import type { ReadGate } from '../resident/read-gate.js'
import type { BackgroundSync } from '../log/background-sync.js'
import type { ChangeSignal } from '../log/change-signal.js'
import type { Checkpointer } from './checkpointer.js'
import type { CommitLog } from '../log/commit-log.js'
import type { Durability } from '../health/options.js'
import type { EventHub } from '../health/events.js'
import type { Health } from '../health/health.js'
import type { KeyspaceTable } from '../keyspace/table.js'

/** What commits work with. */
export interface CommitParts {
  readonly health: Health
  readonly log: CommitLog
  readonly keyspaces: KeyspaceTable
  readonly backgroundSync: BackgroundSync
  readonly events: EventHub
  /** For commits that do not say. */
  readonly durability: Durability
  /** Makes automatic checkpoints of the synchronous API. */
  readonly checkpointer: Checkpointer
  /** Those who must know of each commit: open transactions. */
  readonly transactions: TransactionManager
  /** What the async face reads through. */
  readonly gate: ReadGate
  /** Those who read changes. */
  readonly changeSignal: ChangeSignal
}

/** Checkpoints that are made beside asynchronous commits. */
export interface BackgroundCheckpoint {
  /** Called before a group of asynchronous commits is applied. Returns what the group has to wait for. Never throws. */
  beforeGroups(): Promise<void> | undefined
  /** Called after each group of asynchronous commits. Returns what the next group has to wait for. Never throws. */
  afterGroup(): Promise<void> | undefined
}
