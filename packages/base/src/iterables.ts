import { kindOf } from './bytes/bytes.js'
import { invalidArgument } from './ldb-error.js'

/** What a user gives where things to walk over are wanted. */
type Given =
  { readonly [Symbol.iterator]?: unknown; readonly [Symbol.asyncIterator]?: unknown } | null | undefined

/**
 * Makes sure of what a user gave to be walked over.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT for what cannot be.
 * @category Errors
 */
export function assertIterable(what: string, value: unknown): asserts value is Iterable<unknown> {
  if (typeof (value as Given)?.[Symbol.iterator] === 'function') return
  throw invalidArgument(`${what} must be an array or another iterable, not ${kindOf(value)}`)
}

/** Reports whether something is walked over by promises. @category Errors */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof (value as Given)?.[Symbol.asyncIterator] === 'function'
}
