import { isLdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'

/** A refusal that the reference expects. */
export class ExpectedError extends Error {
  override readonly name: string = 'Refusal'
  readonly code: LdbErrorCode

  constructor(code: LdbErrorCode) {
    super(code)
    this.code = code
  }
}

/** A command has nothing to act on: no handle in the slot, nothing open. */
export class NoTarget extends Error {
  override readonly name: string = 'Nothing'
}

/** What the function given to `update` throws on purpose. */
export class CallbackError extends Error {
  override readonly name: string = 'Whim'
}

/** Returns what a call answers, as a text: what it gives, or `!` and the code of its error. Any other error goes on. */
export function resultOf(call: () => string): string {
  try {
    return call()
  } catch (error) {
    return errorResult(error)
  }
}

/** As `answerOf`, for what gives a promise. */
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

/** Shows a value that may be absent. */
export function formatValue(value: string | undefined): string {
  return value === undefined ? '-' : `"${value}"`
}

/** Shows what a scan gave. */
export function formatItem(item: string | readonly [string, string]): string {
  return typeof item === 'string' ? `"${item}"` : `"${item[0]}"="${item[1]}"`
}
