import { LdbError } from '@ldb/base'

/** The log had room, the store had not: the next open, with more room, applies what is logged. */
export function loggedOnly(cause: LdbError): LdbError {
  const message = `${cause.message}; the commit is in the log and will be there after the next open`
  return new LdbError('LDB_NO_SPACE', message, { cause, details: cause.details })
}

/** Makes the error of a commit of which nobody can tell whether it is in the log. */
export function unknownOutcome(message: string, cause: unknown): LdbError {
  const reason = cause instanceof Error ? `: ${cause.message}` : ''
  return new LdbError('LDB_COMMIT_UNKNOWN', `${message}${reason}; open again and look`, { cause })
}
