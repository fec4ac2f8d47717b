import type { OpenDatabase } from './open/open-database.js'
import type { KeyspaceWrites } from './write/keyspace-writes.js'
import { Transaction } from './transaction/transaction.js'
import type { ResolvedTransactionOptions } from './transaction/options.js'

/**
 * Begins a transaction that sees the currently visible state.
 *
 * @param keyspace - the keyspace `default`.
 * @param hasRetryableCursors - for callers that retry moves after missed pages.
 * @throws {@link LdbError} LDB_CLOSED, LDB_POISONED.
 */
export function beginTransaction(
  keyspace: KeyspaceWrites<string, string>,
  { health, transactions, options, engines }: OpenDatabase,
  { isolation, readOnly, durability }: ResolvedTransactionOptions,
  hasRetryableCursors: boolean,
): Transaction {
  // The transaction sees every acknowledged commit.
  keyspace.pipeline.catchUp()
  health.assertReadable()
  return new Transaction({
    keyspace: keyspace.store,
    codec: keyspace.codec,
    state: {
      transaction: transactions.begin({ isolation, readOnly: readOnly || options.readOnly }),
      health,
      sentinel: keyspace.sentinel,
      beganAtMs: engines.vfs.clock.now(),
      hasRetryableCursors,
      isCommitting: false,
    },
    pipeline: keyspace.pipeline,
    durability,
  })
}
