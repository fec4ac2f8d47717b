import { LdbError } from './ldb-error.js'

/**
 * True when costly invariant checks are enabled: tests set `globalThis.LDB_INVARIANTS` to true before the first import.
 *
 * @category Errors
 */
export const INVARIANTS: boolean =
  (globalThis as { readonly LDB_INVARIANTS?: unknown }).LDB_INVARIANTS === true

/**
 * Throws `LDB_INVARIANT` unless `condition` is true. For programming errors only, never for errors that a caller, a file or the
 * operating system can cause.
 *
 * @throws {@link LdbError} LDB_INVARIANT when the condition is false.
 * @category Errors
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new LdbError('LDB_INVARIANT', message)
}
