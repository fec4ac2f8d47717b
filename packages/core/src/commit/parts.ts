import type { TransactionManager } from '@ldb/mvcc'
import type { ReadGate } from '../resident/read-gate.js'
import type { BackgroundSync } from '../log/background-sync.js'
import type { ChangeSignal } from '../log/change-signal.js'
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
  /** Called after each commit that was acknowledged; never throws. */
  readonly afterCommit: () => void
  /** Called before groups of commits that did not block are worked on; gives what they have to wait for. Never throws. */
  readonly beforeGroups: () => Promise<void> | undefined
  /** Called after each group of commits that did not block; gives what the next has to wait for. Never throws. */
  readonly afterGroup: () => Promise<void> | undefined
  /** Those who must know of each commit: open transactions. */
  readonly transactions: TransactionManager
  /** What the async face reads through. */
  readonly gate: ReadGate
  /** Those who read changes. */
  readonly changeSignal: ChangeSignal
}
