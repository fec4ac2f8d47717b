import { invalidArgument } from '@ldb/base'
import { isPromise } from '../write/keyspace-writes.js'
import type { Transaction } from './transaction.js'

/**
 * Calls a function with a transaction, commits after it returns, and rolls back when it throws.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the function returns a promise; the errors of a commit.
 */
export function runInTransaction<T>(transaction: Transaction, run: (transaction: Transaction) => T): T {
  try {
    const result = run(transaction)
    if (isPromise(result)) throw invalidArgument('the function given to transaction must not be async')
    if (transaction.isOpen) transaction.commit()
    return result
  } finally {
    transaction.rollback()
  }
}
