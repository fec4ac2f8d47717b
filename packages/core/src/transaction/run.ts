import { refusePromise } from '@ldb/base'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { Transaction } from './transaction.js'

/**
 * What the function of a synchronous transaction may return: anything but a promise.
 *
 * @category Transactions
 */
export type SynchronousResult<T> =
  T extends PromiseLike<unknown> ? 'a synchronous transaction cannot wait for a promise' : T

/**
 * Calls a function with a transaction, commits after it returns, and rolls back when it throws. Writes past the
 * transaction are refused while the function runs (U3).
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the function returns a promise; LDB_CLOSED when the database was closed
 * meanwhile; LDB_ABORTED when the function has rolled the transaction back; the errors of a commit.
 */
export function runInTransaction<T>(
  pipeline: CommitPipeline,
  transaction: Transaction,
  run: (transaction: Transaction) => SynchronousResult<T>,
): T {
  try {
    const result = pipeline.runGuarded(transaction, () => run(transaction))
    refusePromise(result, 'the function given to transaction')
    if (!transaction.wasCommitted()) transaction.commit()
    return result as T
  } finally {
    transaction.rollback()
  }
}
