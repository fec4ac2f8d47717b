import type { TransactionManager } from '@ldb/mvcc'
import type { BackgroundSync } from '../log/background-sync.js'
import type { ChangeSignal } from '../log/change-signal.js'
import type { Checkpointer } from './checkpointer.js'

/** Receivers of each commit, besides the log and the stores. */
export interface CommitSinks {
  /** Records each commit before it is applied, for the conflict checks of open transactions. */
  readonly transactions: TransactionManager
  /** Syncs the log after commits below `full`. */
  readonly backgroundSync: BackgroundSync
  /** Wakes readers of changes. */
  readonly changeSignal: ChangeSignal
  readonly checkpointer: Checkpointer
}
