import { invalidArgument, ownOptions } from '@ldb/base'
import { checkSignal } from '../health/abort-signal.js'
import type { AbortSignalLike, AsyncOptions } from '../health/abort-signal.js'
import { checkTransactionOptions } from '../transaction/options.js'
import type { ResolvedTransactionOptions, TransactionOptions } from '../transaction/options.js'

/** Options of `transaction` in the asynchronous API. @category Async */
export interface AsyncTransactionOptions extends TransactionOptions, AsyncOptions {
  /** Number of retries after a conflict; a whole number from 0 on, or `Infinity`. @defaultValue 5 */
  readonly retries?: number | undefined
}

/** {@link AsyncTransactionOptions} with every default filled in. */
export interface ResolvedAsyncTransactionOptions {
  readonly begin: ResolvedTransactionOptions
  readonly retries: number
  readonly signal: AbortSignalLike | undefined
}

const DEFAULT_RETRIES = 5
const KNOWN = ['isolation', 'readOnly', 'durability', 'retries', 'signal'] as const

/** Checks options and fills in the defaults. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveAsyncTransactionOptions(
  options: AsyncTransactionOptions | undefined,
): ResolvedAsyncTransactionOptions {
  const given = ownOptions(options, KNOWN)
  const { retries = DEFAULT_RETRIES } = given
  if (typeof retries !== 'number' || !(retries === Infinity || (Number.isInteger(retries) && retries >= 0))) {
    throw invalidArgument('retries must be a whole number from 0 on, or Infinity')
  }
  return { begin: checkTransactionOptions(given), retries, signal: checkSignal(given.signal) }
}
