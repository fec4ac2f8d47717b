import { kindOf } from './bytes/bytes.js'
import { invalidArgument } from './ldb-error.js'

/** An argument that may be iterable. */
type MaybeIterable =
  { readonly [Symbol.iterator]?: unknown; readonly [Symbol.asyncIterator]?: unknown } | null | undefined

/**
 * Checks that an argument is iterable.
 *
 * @param what - name of the argument in the error message.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when it is not.
 * @category Errors
 */
export function assertIterable(what: string, value: unknown): asserts value is Iterable<unknown> {
  if (typeof (value as MaybeIterable)?.[Symbol.iterator] === 'function') return
  throw invalidArgument(`${what} must be an array or another iterable, not ${kindOf(value)}`)
}

/** Reports whether a value is an async iterable. @category Errors */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof (value as MaybeIterable)?.[Symbol.asyncIterator] === 'function'
}
