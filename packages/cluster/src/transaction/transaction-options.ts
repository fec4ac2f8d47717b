import { checkSignal, invalidArgument, ownOptions } from '@ldb/base'
import type { AbortSignalLike, AsyncOptions } from '@ldb/base'
import { checkDurability } from '../write/write-options.js'
import type { ClusterWriteOptions } from '../write/write-options.js'
import type { TransactionMode } from './transaction-state.js'

/** Options of a transaction. @category Transactions */
export interface ClusterTransactionOptions extends Pick<ClusterWriteOptions, 'durability'> {
  /**
   * `'serializable'`: the transaction commits only if all that it read is unchanged, ranges included. `'snapshot'`: only its writes of keys that it has
   * read, and its reads for update, are checked for conflicts.
   * @defaultValue 'serializable'
   */
  readonly isolation?: 'serializable' | 'snapshot' | undefined
  /** Its writes throw `LDB_READ_ONLY`. @defaultValue false */
  readonly readOnly?: boolean | undefined
}

/** Options of `transaction`. @category Transactions */
export interface ClusterRetryOptions extends ClusterTransactionOptions, AsyncOptions {
  /** Number of retries after a conflict; a whole number from 0 on, or `Infinity`: until the deadline of the database. @defaultValue Infinity */
  readonly retries?: number | undefined
}

/** Checked {@link ClusterRetryOptions}. */
export interface ResolvedRetryOptions {
  readonly mode: TransactionMode
  readonly retries: number
  readonly signal: AbortSignalLike | undefined
}

const KNOWN = ['isolation', 'readOnly', 'durability'] as const
const KNOWN_OF_RETRIES = [...KNOWN, 'retries', 'signal'] as const

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveTransactionMode(options: ClusterTransactionOptions | undefined): TransactionMode {
  return checkMode(ownOptions(options, KNOWN))
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveRetryOptions(options: ClusterRetryOptions | undefined): ResolvedRetryOptions {
  const given = ownOptions(options, KNOWN_OF_RETRIES)
  const { retries = Infinity } = given
  if (typeof retries !== 'number' || !(retries === Infinity || (Number.isInteger(retries) && retries >= 0)))
    throw invalidArgument('retries must be a whole number from 0 on, or Infinity')
  return { mode: checkMode(given), retries, signal: checkSignal(given.signal) }
}

function checkMode(given: { readonly [_ in (typeof KNOWN)[number]]: unknown }): TransactionMode {
  const { isolation = 'serializable', readOnly = false } = given
  if (isolation !== 'snapshot' && isolation !== 'serializable')
    throw invalidArgument("isolation must be 'snapshot' or 'serializable'")
  if (typeof readOnly !== 'boolean') throw invalidArgument('readOnly must be true or false')
  checkDurability(given.durability)
  return { isolation, readOnly }
}
