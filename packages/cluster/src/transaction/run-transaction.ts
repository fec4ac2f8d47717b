import {
  abortedError,
  addAbortListener,
  ignoreRejection,
  isPromiseLike,
  LdbError,
  removeAbortListener,
} from '@ldb/base'
import type { AbortSignalLike } from '@ldb/base'
import type { Session } from '../calls/session.js'
import type { ClusterTransaction } from './cluster-transaction.js'
import type { ResolvedRetryOptions } from './transaction-options.js'

/**
 * Runs a function in a transaction and commits. After a conflict, a snapshot that is too old or a server that did not answer, runs it again in a new transaction, until
 * the deadline.
 *
 * @param run - called with the number of the attempt, from 1 on. Never called again before the outcome of its commit is known.
 */
export function runTransaction<T>(
  session: Session,
  begin: () => ClusterTransaction,
  run: (transaction: ClusterTransaction, attempt: number) => T | PromiseLike<T>,
  { retries, signal }: ResolvedRetryOptions,
): Promise<T> {
  const attempt = async (number: number): Promise<T> => {
    session.assertOpen()
    const transaction = begin()
    try {
      const result = await untilEnded(transaction, run(transaction, number), signal)
      await transaction.finish(signal)
      return result
    } catch (error) {
      const { failure } = transaction.state
      throw failure !== undefined && failure.thrown === error ? failure.driverError : error
    } finally {
      await transaction.rollback()
    }
  }
  return session.attempts(attempt, signal, session.deadline(), retries)
}

/**
 * Returns the result of the function, or ends its transaction when the signal is aborted or the database is closed: the promise of the function may
 * never settle. A commit that was called already decides itself.
 */
function untilEnded<T>(
  transaction: ClusterTransaction,
  returned: T | PromiseLike<T>,
  signal: AbortSignalLike | undefined,
): T | PromiseLike<T> {
  if (!isPromiseLike(returned)) return returned
  return new Promise<T>((resolve, reject) => {
    const settled = Promise.resolve(returned)
    const onAbort = (): void => {
      if (transaction.isCommitCalled || signal === undefined) return
      reject(abortedError(signal, 'transaction'))
      void transaction.rollback()
    }
    addAbortListener(signal, onAbort)
    transaction.state.whenEnded(() => {
      if (transaction.state.session.isClosing) reject(new LdbError('LDB_CLOSED', 'the database is closed'))
    })
    settled
      .finally(() => {
        removeAbortListener(signal, onAbort)
      })
      .then(resolve, reject)
    ignoreRejection(settled)
  })
}
