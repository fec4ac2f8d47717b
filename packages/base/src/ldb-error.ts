/**
 * Code of an {@link LdbError}: the reason why an operation is refused or fails. Codes are API and keep their meaning; programs
 * should test them. Messages are for people and may change.
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
 * Details of an {@link LdbError}. Every field is optional; which fields are set depends on the code.
 *
 * @category Errors
 */
export interface LdbErrorDetails {
  /** Path of the affected file. */
  readonly file?: string
  /** Byte offset in that file, or in the argument that is invalid. */
  readonly offset?: number
  /** The affected key, encoded. */
  readonly key?: Uint8Array
  /** The expected value, or the limit. */
  readonly expected?: string | number
  /** The actual value. */
  readonly actual?: string | number
  /** Symbolic error code of the operating system, for instance `'ENOSPC'`. */
  readonly errno?: string
  /** Name of the failed file operation, for instance `'write'`. */
  readonly operation?: string
  /** Description of the holder of a lock. */
  readonly holder?: string
}

const ERROR_BRAND = Symbol.for('ldb.LdbError')

/**
 * The class of every error that LDB throws.
 *
 * @remarks Test with {@link isLdbError}, not with `instanceof`: several copies of this package may be loaded.
 * @category Errors
 */
export class LdbError<Code extends LdbErrorCode = LdbErrorCode> extends Error {
  override readonly name: string = 'LdbError'
  /** The reason; programs should test this. */
  readonly code: Code
  /** Further details; frozen, and without a prototype. */
  readonly details: LdbErrorDetails
  /** @internal */
  readonly [ERROR_BRAND]: boolean = true

  constructor(code: Code, message: string, options: { cause?: unknown; details?: LdbErrorDetails } = {}) {
    super(message, Object.hasOwn(options, 'cause') ? { cause: options.cause } : undefined)
    this.code = code
    const details = Object.hasOwn(options, 'details') ? options.details : undefined
    this.details = Object.freeze(Object.assign(Object.create(null) as LdbErrorDetails, details))
  }
}

/**
 * Reports whether `error` is an {@link LdbError}, and has the given code when one is passed.
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
export function isLdbError<Code extends LdbErrorCode = LdbErrorCode>(
  error: unknown,
  code?: Code,
): error is LdbError<Code> {
  if (typeof error !== 'object' || error === null) return false
  const candidate = error as { [ERROR_BRAND]?: unknown; code?: unknown }
  return candidate[ERROR_BRAND] === true && (code === undefined || candidate.code === code)
}

/**
 * Creates an `LDB_CORRUPTION` error, which always names the file and the offset of the corrupt bytes.
 *
 * @param offset - byte offset in the file.
 * @category Errors
 */
export function corruption(
  file: string,
  offset: number,
  message: string,
  facts: { expected?: string | number; actual?: string | number; cause?: unknown } = {},
): LdbError {
  const details: Record<string, unknown> = { file, offset, ...facts }
  delete details['cause']
  const cause = Object.hasOwn(facts, 'cause') ? facts.cause : undefined
  return new LdbError('LDB_CORRUPTION', `${message} (${file}, offset ${offset})`, {
    details,
    ...(cause === undefined ? {} : { cause }),
  })
}

/**
 * Creates an `LDB_INVALID_ARGUMENT` error.
 *
 * @category Errors
 */
export function invalidArgument(message: string, details: LdbErrorDetails = {}): LdbError {
  return new LdbError('LDB_INVALID_ARGUMENT', message, { details })
}

/** Creates an `LDB_TOO_LARGE` error for `actual` bytes where at most `expected` are allowed. @category Errors */
export function tooLarge(what: string, actual: number, expected: number): LdbError {
  return new LdbError('LDB_TOO_LARGE', `${what} of ${actual} bytes is over the limit of ${expected}`, {
    details: { expected, actual },
  })
}
