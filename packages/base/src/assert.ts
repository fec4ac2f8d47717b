import { LdbError } from './ldb-error.js'

/**
 * True where costly invariant checks run: in tests, which set `globalThis.LDB_INVARIANTS` before the first import.
 *
 * @category Errors
 */
export const INVARIANTS: boolean =
  (globalThis as { readonly LDB_INVARIANTS?: unknown }).LDB_INVARIANTS === true

/**
 * Throws `LDB_INVARIANT` unless `condition` holds. For programmer errors only, never for what a caller, a file or
 * the operating system can cause.
 *
 * @throws {@link LdbError} LDB_INVARIANT when the condition is false.
 * @category Errors
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new LdbError('LDB_INVARIANT', message)
}
