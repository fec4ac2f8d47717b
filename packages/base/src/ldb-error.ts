/**
 * Every reason for which LDB refuses or fails an operation. Codes are API: they never change meaning, and code
 * should be written against them. Messages are for people and may change.
 *
 * @category Errors
 */
export type LdbErrorCode =
  | 'LDB_INVALID_ARGUMENT'
  | 'LDB_CLOSED'
  | 'LDB_NOT_FOUND'
  | 'LDB_EXISTS'
  | 'LDB_LOCKED'
  | 'LDB_CONFLICT'
  | 'LDB_READ_ONLY'
  | 'LDB_TOO_LARGE'
  | 'LDB_NO_SPACE'
  | 'LDB_IO'
  | 'LDB_POISONED'
  | 'LDB_COMMIT_UNKNOWN'
  | 'LDB_CORRUPTION'
  | 'LDB_FORMAT'
  | 'LDB_KEY'
  | 'LDB_UNSUPPORTED'
  | 'LDB_ABORTED'
  | 'LDB_INVARIANT'

/**
 * What an error knows beyond its message. Every field is optional; which ones are set depends on the code.
 *
 * @category Errors
 */
export interface LdbErrorDetails {
  /** Path of the file at fault. */
  readonly file?: string
  /** Byte offset in that file. */
  readonly offset?: number
  /** The key at fault, encoded. */
  readonly key?: Uint8Array
  /** What should have been there. */
  readonly expected?: string | number
  /** What was there. */
  readonly actual?: string | number
  /** The operating system's name of the failure, `'ENOSPC'` for instance. */
  readonly errno?: string
  /** The file operation that failed, `'write'` for instance. */
  readonly operation?: string
  /** Who holds a lock. */
  readonly holder?: string
}

const ERROR_MARK = Symbol.for('ldb.LdbError')

/**
 * The one class of error that leaves LDB.
 *
 * @remarks Test with {@link isLdbError}, not with `instanceof`: two copies of a package may be loaded side by side.
 * @category Errors
 */
export class LdbError extends Error {
  override readonly name: string = 'LdbError'
  /** Why; this is what programs should look at. */
  readonly code: LdbErrorCode
  /** What is known beyond the message; frozen. */
  readonly details: LdbErrorDetails
  /** @internal */
  readonly [ERROR_MARK]: boolean = true

  constructor(
    code: LdbErrorCode,
    message: string,
    options: { cause?: unknown; details?: LdbErrorDetails } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.details = Object.freeze({ ...options.details })
  }
}

/**
 * Reports whether `error` is an {@link LdbError}, of the given code when one is named.
 *
 * @example
 * ```ts
 * import { isLdbError, LdbError } from '@ldb/base'
 *
 * const error: unknown = new LdbError('LDB_CLOSED', 'the database is closed')
 * console.log(isLdbError(error), isLdbError(error, 'LDB_CLOSED'), isLdbError(error, 'LDB_IO')) // true true false
 * ```
 * @category Errors
 */
export function isLdbError(error: unknown, code?: LdbErrorCode): error is LdbError {
  if (typeof error !== 'object' || error === null) return false
  const candidate = error as { [ERROR_MARK]?: unknown; code?: unknown }
  return candidate[ERROR_MARK] === true && (code === undefined || candidate.code === code)
}

/**
 * Makes an `LDB_CORRUPTION` error. Corruption always names the file and the offset of the bytes at fault.
 *
 * @category Errors
 */
export function corruption(
  file: string,
  offset: number,
  message: string,
  facts: { expected?: string | number; actual?: string | number; cause?: unknown } = {},
): LdbError {
  const { cause, ...values } = facts
  return new LdbError('LDB_CORRUPTION', `${message} (${file}, offset ${offset})`, {
    details: { file, offset, ...values },
    ...(cause === undefined ? {} : { cause }),
  })
}

/**
 * Makes an `LDB_INVALID_ARGUMENT` error.
 *
 * @category Errors
 */
export function invalidArgument(message: string, details: LdbErrorDetails = {}): LdbError {
  return new LdbError('LDB_INVALID_ARGUMENT', message, { details })
}

/** Makes an `LDB_TOO_LARGE` error, for something of more bytes than it may have. @category Errors */
export function tooLarge(what: string, actual: number, expected: number): LdbError {
  return new LdbError('LDB_TOO_LARGE', `${what} of ${actual} bytes is over the limit of ${expected}`, {
    details: { expected, actual },
  })
}
