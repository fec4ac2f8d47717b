import { invalidArgument, ownOptions } from '@ldb/base'
import type { OwnOptions } from '@ldb/base'
import type { Isolation } from '@ldb/mvcc'
import { resolveDurability } from '../health/options.js'
import type { Durability } from '../health/options.js'

/** Options of a transaction. @category Transactions */
export interface TransactionOptions {
  /**
   * `'serializable'`: the transaction commits only if all that it read is unchanged, ranges included. `'snapshot'`:
   * only its writes and its reads for update are checked for conflicts.
   *
   * @defaultValue 'serializable'
   */
  readonly isolation?: Isolation | undefined
  /** A read-only transaction never conflicts, and its writes throw `LDB_READ_ONLY`. @defaultValue false */
  readonly readOnly?: boolean | undefined
  /** Durability of the commit. @defaultValue that of the database */
  readonly durability?: Durability | undefined
}

/** {@link TransactionOptions} with every default filled in. */
export interface ResolvedTransactionOptions {
  readonly isolation: Isolation
  readonly readOnly: boolean
  readonly durability: Durability | undefined
}

const KNOWN = ['isolation', 'readOnly', 'durability'] as const

/** Checks options and fills in the defaults. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveTransactionOptions(
  options: TransactionOptions | undefined,
): ResolvedTransactionOptions {
  return checkTransactionOptions(ownOptions(options, KNOWN))
}

/** Checks options that were read already, and fills in the defaults. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function checkTransactionOptions(
  given: OwnOptions<(typeof KNOWN)[number]>,
): ResolvedTransactionOptions {
  const { isolation = 'serializable', readOnly = false } = given
  if (isolation !== 'snapshot' && isolation !== 'serializable') {
    throw invalidArgument("isolation must be 'snapshot' or 'serializable'")
  }
  if (typeof readOnly !== 'boolean') throw invalidArgument('readOnly must be true or false')
  return { isolation, readOnly, durability: resolveDurability(given.durability) }
}
