import { kindOf } from './bytes/bytes.js'
import { LdbError } from './ldb-error.js'

/**
 * Reports whether `await` would wait for a value: whether it is an object or a function with a method `then`.
 *
 * @throws what a getter `then` throws.
 * @category Checks
 */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  return typeof (value as { readonly then?: unknown }).then === 'function'
}

/**
 * Refuses the result of a synchronous callback if it is a promise. A later rejection of the promise is not reported: the
 * thrown error is the only report.
 *
 * @param what - names the callback, for the message.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT.
 * @category Checks
 */
export function refusePromise(result: unknown, what: string): void {
  let cause: unknown
  try {
    if (!isPromiseLike(result)) return
    ignoreRejection(result)
  } catch (error) {
    // A getter `then` that throws would make `await` fail as well.
    cause = error
  }
  const message = `${what} must not be async: it returned ${cause === undefined ? 'a promise' : kindOf(result)}`
  throw new LdbError('LDB_INVALID_ARGUMENT', message, cause === undefined ? {} : { cause })
}

/** Marks a rejection of a promise as handled. @category Checks */
export function ignoreRejection(promise: PromiseLike<unknown>): void {
  // `Promise.resolve` calls `then` of a foreign promise in a microtask, and turns its exception into a rejection.
  Promise.resolve(promise).catch(() => undefined)
}
