import { isLdbError, KEY_BYTES_MAX } from '@ldb/base'
import type { LdbError, LdbErrorCode } from '@ldb/base'

/** An error with a code of the Level ecosystem. */
export interface LevelError extends Error {
  readonly code: string
}

/** Codes of abstract-level and classic-level with the meaning of ours. Any other code keeps its name, with the prefix `LEVEL_`. */
const CODES: Readonly<Partial<Record<LdbErrorCode, string>>> = {
  LDB_CLOSED: 'LEVEL_DATABASE_NOT_OPEN',
  LDB_READ_ONLY: 'LEVEL_READONLY',
  LDB_IO: 'LEVEL_IO_ERROR',
  LDB_NO_SPACE: 'LEVEL_IO_ERROR',
  LDB_POISONED: 'LEVEL_IO_ERROR',
  LDB_COMMIT_UNKNOWN: 'LEVEL_IO_ERROR',
  LDB_FORMAT: 'LEVEL_CORRUPTION',
  LDB_UNSUPPORTED: 'LEVEL_NOT_SUPPORTED',
}

/** Returns an error with a code, and with the error that caused it. */
export function levelError(code: string, message: string, cause?: unknown): LevelError {
  return Object.assign(new Error(message, { cause }), { code })
}

/** Returns the error of an aborted read, as abstract-level throws it. */
export function abortError(cause?: unknown): LevelError {
  const error = levelError('LEVEL_ABORTED', 'Operation has been aborted', cause)
  error.name = 'AbortError'
  return error
}

/** Returns an error of LDB as one of the Level ecosystem, with the original as `cause`. Any other error is returned as it is. */
export function toLevelError(error: unknown): unknown {
  if (!isLdbError(error)) return error
  const { code, message } = error
  switch (code) {
    case 'LDB_ABORTED':
      return abortError(error)
    // Mistakes of the program have no code in abstract-level.
    case 'LDB_INVALID_ARGUMENT':
      return new TypeError(message, { cause: error })
    case 'LDB_TOO_LARGE':
      return levelError(codeOfSize(error), message, error)
    default:
      return levelError(CODES[code] ?? code.replace('LDB_', 'LEVEL_'), message, error)
  }
}

/** Returns the error of a failed open. The suite of abstract-level fixes the words "does not exist" and "exists". */
export function toOpenError(error: unknown, location: string): unknown {
  if (isLdbError(error, 'LDB_NOT_FOUND'))
    return levelError('LEVEL_NOT_FOUND', `${location} does not exist: ${error.message}`, error)
  if (isLdbError(error, 'LDB_EXISTS'))
    return levelError('LEVEL_EXISTS', `${location} exists: ${error.message}`, error)
  return toLevelError(error)
}

function codeOfSize({ details }: LdbError): string {
  return details.expected === KEY_BYTES_MAX ? 'LEVEL_INVALID_KEY' : 'LEVEL_INVALID_VALUE'
}
