import type { AsyncApi } from './api.js'
import { throwIfAborted } from '../health/abort-signal.js'
import type { AsyncTransaction } from './transaction.js'
import type { ResolvedAsyncTransactionOptions } from './transaction-options.js'

/**
 * Runs a function in a transaction and commits; after a conflict again, in a new transaction that sees what has won.
 *
 * @param run - gets the number of the attempt, from 1 on.
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

/** Waits for what has won, which may be in flight: begun before it is visible, the next attempt would lose to it again. */
function inFlightVisible(api: AsyncApi): Promise<void> {
  return new Promise((resolve) => {
    // When it fails, that is no failure of this transaction, which has written nothing; its next commit is refused.
    api.commits.whenVisible(resolve, () => {
      resolve()
    })
  })
}
