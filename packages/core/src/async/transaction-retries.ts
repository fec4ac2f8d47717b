import { ignoreRejection, isPromiseLike } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import type { AsyncApi } from '../calls/async-api.js'
import type { PendingCall } from '../calls/pending-call.js'
import type { TransactionTurn, TransactionTurns } from '../calls/transaction-turns.js'
import {
  abortedError,
  addAbortListener,
  removeAbortListener,
  throwIfAborted,
  untilAborted,
} from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import { closedError } from '../health/health.js'
import type { AsyncTransaction } from './transaction.js'
import type { ResolvedAsyncTransactionOptions } from './transaction-options.js'

/**
 * Runs a function in a transaction and commits. After a conflict, waits for its turn and until all earlier commits are visible, and
 * retries in a new transaction.
 *
 * @param call - the call of which the transactions are parts.
 * @param run - called with the number of the attempt, from 1 on.
 */
export async function runTransaction<T>(
  api: AsyncApi,
  call: PendingCall,
  begin: () => AsyncTransaction,
  run: (transaction: AsyncTransaction, attempt: number) => T | PromiseLike<T>,
  { retries, signal }: ResolvedAsyncTransactionOptions,
): Promise<T> {
  const { turns } = api
  let turn: TransactionTurn | undefined
  let longestMs = 0
  try {
    for (let attempt = 1; ; attempt++) {
      throwIfAborted(signal)
      const transaction = begin()
      const beganAtMs = turns.now()
      if (turn !== undefined) turns.begin(turn, transaction.sync.transaction)
      try {
        const returned = run(transaction, attempt)
        const result = await call
          .outside(untilEnded(api, transaction, returned, signal), undefined)
          .finally(() => (longestMs = Math.max(longestMs, turns.now() - beganAtMs)))
        if (!transaction.isCommitCalled) throwIfAborted(signal)
        await commit(turns, turn, transaction, signal)
        return result
      } catch (error) {
        if (transaction.conflict === undefined || error !== transaction.conflict || attempt > retries)
          throw error
      } finally {
        transaction.sync.rollback()
        if (turn !== undefined) turns.end(turn)
      }
      turn = await turns.take(call, longestMs, signal)
      await untilAborted(inFlightVisible(api), signal)
    }
  } finally {
    if (turn !== undefined) turns.end(turn)
  }
}

/** Commits unless that was called already. Without a turn, the commit waits for that of another transaction. */
function commit(
  turns: TransactionTurns,
  turn: TransactionTurn | undefined,
  transaction: AsyncTransaction,
  signal: AbortSignalLike | undefined,
): Promise<void> {
  const finish = (): Promise<void> => transaction.finish(signal)
  if (turn?.isOver === false || transaction.isCommitCalled || !transaction.isOpen) return finish()
  return turns.commit(transaction.sync.transaction, finish, signal)
}

/**
 * Returns the result of the function, or ends its transaction when the signal is aborted or the database is closed: the
 * promise of the function may never settle. A commit that was called already decides itself.
 */
function untilEnded<T>(
  api: AsyncApi,
  transaction: AsyncTransaction,
  returned: T | PromiseLike<T>,
  signal: AbortSignalLike | undefined,
): T | PromiseLike<T> {
  if (!isPromiseLike(returned)) return returned
  return new Promise<T>((resolve, reject) => {
    const end = (error: LdbError): void => {
      if (transaction.isCommitCalled) return
      transaction.sync.rollback()
      reject(error)
    }
    const onAbort = (): void => {
      if (signal !== undefined) end(abortedError(signal))
    }
    const removeListener = api.health.whenClosed(() => {
      // Rolled back at once, and rejected when the files and the lock are released: the caller may open the database then.
      if (api.health.closed) end(closedError())
      else if (!transaction.isCommitCalled) transaction.sync.transaction.rollback()
    })
    if (signal?.aborted === true) onAbort()
    else addAbortListener(signal, onAbort)
    const settled = Promise.resolve(returned).finally(() => {
      removeListener()
      removeAbortListener(signal, onAbort)
    })
    settled.then(resolve, reject)
    ignoreRejection(settled)
  })
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
