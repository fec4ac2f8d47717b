import { isLdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'

/** An error that the reference expects from the database. */
export class ExpectedError extends Error {
  override readonly name: string = 'Refusal'
  readonly code: LdbErrorCode

  constructor(code: LdbErrorCode) {
    super(code)
    this.code = code
  }
}

/** A command has no object to act on: its slot is empty, or no object of its kind is open. */
export class NoTarget extends Error {
  override readonly name: string = 'Nothing'
}

/** The error that an update callback throws on purpose. */
export class CallbackError extends Error {
  override readonly name: string = 'Whim'
}

/**
 * Returns the result of a call as a string: its return value, or `!` and the code of its error. Other errors
 * propagate.
 */
export function resultOf(call: () => string): string {
  try {
    return call()
  } catch (error) {
    return errorResult(error)
  }
}

/** Does the same as `resultOf` for a call that returns a promise. */
export async function resultOfAsync(call: () => Promise<string>): Promise<string> {
  try {
    return await call()
  } catch (error) {
    return errorResult(error)
  }
}

function errorResult(error: unknown): string {
  if (error instanceof ExpectedError) return `!${error.code}`
  if (error instanceof NoTarget) return 'none'
  if (error instanceof CallbackError) return '!callback'
  if (isLdbError(error)) return `!${error.code}`
  throw error
}

/** Formats a value that may be absent. */
export function formatValue(value: string | undefined): string {
  return value === undefined ? '-' : `"${value}"`
}

/** Formats an item of a scan. */
export function formatItem(item: string | readonly [string, string]): string {
  return typeof item === 'string' ? `"${item}"` : `"${item[0]}"="${item[1]}"`
}
