/**
 * Transactions over any set of ordered stores: snapshots, isolation, conflicts.
 *
 * @packageDocumentation
 */

export { TransactionManager } from './transaction-manager.js'
export { Transaction } from './transaction.js'
export { Savepoint } from './savepoint.js'
export { Snapshot } from './snapshot.js'
export { TransactionView } from './transaction-view.js'
export type { CursorOptions } from './transaction-view.js'
export type { TransactionStore } from './open-views.js'
export type { PreparedCommit } from './prepared-commit.js'
export type {
  AbandonedView,
  Isolation,
  TransactionManagerOptions,
  TransactionOptions,
} from './manager-options.js'
export type { TransactionStats } from './transaction-stats.js'
