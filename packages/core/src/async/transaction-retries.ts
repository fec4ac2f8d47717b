import type { AsyncApi } from './api.js'
import { throwIfAborted } from '../health/abort-signal.js'
import type { AsyncTransaction } from './transaction.js'
import type { ResolvedAsyncTransactionOptions } from './transaction-options.js'

/**
 * Runs a function in a transaction and commits. After a conflict, waits until the conflicting commit is visible, and
 * retries in a new transaction.
 *
 * @param run - called with the number of the attempt, from 1 on.
 */
export async function runTransaction<T>(
  api: AsyncApi,
  begin: () => AsyncTransaction,
  run: (transaction: AsyncTransaction, attempt: number) => T | PromiseLike<T>,
  { retries, signal }: ResolvedAsyncTransactionOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    api.assertOpen()
    throwIfAborted(signal)
    const transaction = begin()
    try {
      const result = await run(transaction, attempt)
      throwIfAborted(signal)
      if (transaction.isOpen) await transaction.commit({ signal })
      return result
    } catch (error) {
      if (transaction.conflict === undefined || error !== transaction.conflict || attempt > retries)
        throw error
    } finally {
      await transaction.rollback()
    }
    await inFlightVisible(api)
  }
}

/**
 * Waits until every in-flight commit is visible. A retry that began earlier would conflict with the same commit again.
 */
function inFlightVisible(api: AsyncApi): Promise<void> {
  return new Promise((resolve) => {
    // A failed commit is not a failure of this transaction, which has written nothing. Its next commit reports it.
    api.commits.whenVisible(resolve, () => {
      resolve()
    })
  })
}
