import { invalidArgument, kindOf } from '@ldb/base'

/** What a user gives where things to walk over are wanted. */
type Given =
  { readonly [Symbol.iterator]?: unknown; readonly [Symbol.asyncIterator]?: unknown } | null | undefined

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT for what cannot be walked over. */
export function assertIterable(what: string, value: unknown): asserts value is Iterable<unknown> {
  if (typeof (value as Given)?.[Symbol.iterator] === 'function') return
  throw invalidArgument(`${what} must be an array or another iterable, not ${kindOf(value)}`)
}

/** Tells whether something is walked over by promises. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof (value as Given)?.[Symbol.asyncIterator] === 'function'
}
