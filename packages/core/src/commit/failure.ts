import { invalidArgument, LdbError } from '@ldb/base'
import { isResourceShortage } from '@ldb/vfs'
import type { CommitLog } from '../log/commit-log.js'

/** Reports whether an operation failed for lack of descriptors before the log was written: it may be repeated, and nothing is poisoned. */
export function isBeforeLogging(error: unknown, log: CommitLog): boolean {
  return !log.isPoisoned && isResourceShortage(error)
}

/** Returns the error of a commit that is logged, and not applied because the device is full. Replay applies it. */
export function loggedOnly(cause: LdbError): LdbError {
  const message = `${cause.message}; the commit is in the log and will be there after the next open`
  return new LdbError('LDB_NO_SPACE', message, { cause, details: cause.details })
}

/** Returns the error of a commit that may or may not be in the log. */
export function unknownOutcome(message: string, cause: unknown): LdbError {
  const reason = cause instanceof Error ? `: ${cause.message}` : ''
  return new LdbError('LDB_COMMIT_UNKNOWN', `${message}${reason}; reopen the database to find out`, { cause })
}

/** Returns the error of a write past the transaction whose synchronous function runs (U3). */
export function pastTransaction(): LdbError {
  return invalidArgument(
    'a write past the transaction inside its function would not be rolled back with it; ' +
      'write through the transaction: tx.put(…), or tx.in(users).put(…) for a keyspace',
  )
}
