/**
 * Optimistic transactions over any set of ordered stores: snapshots, isolation levels, conflict checks.
 *
 * @packageDocumentation
 */

export { TransactionManager } from './transaction-manager.js'
export { Transaction } from './transaction/transaction.js'
export { Savepoint } from './transaction/savepoint.js'
export { Snapshot } from './read/snapshot.js'
export { TransactionView } from './transaction/transaction-view.js'
export type { CursorOptions } from './transaction/transaction-view.js'
export type { TransactionStore } from './read/store-state.js'
export type { PreparedCommit } from './transaction/prepared-commit.js'
export type { LeakedView, Isolation, TransactionManagerOptions, TransactionOptions } from './options.js'
export type { TransactionStats } from './stats.js'
