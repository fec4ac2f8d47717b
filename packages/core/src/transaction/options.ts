import { invalidArgument } from '@ldb/base'
import type { Isolation } from '@ldb/mvcc'
import { ownOptions, resolveDurability } from '../health/options.js'
import type { Durability } from '../health/options.js'

/** How to begin a transaction. @category Transactions */
export interface TransactionOptions {
  /**
   * `'serializable'`: it commits only if it could have run alone. `'snapshot'`: only what it writes is checked.
   *
   * @defaultValue 'serializable'
   */
  readonly isolation?: Isolation | undefined
  /** It only reads, and never conflicts. @defaultValue false */
  readonly readOnly?: boolean | undefined
  /** When its commit is acknowledged. @defaultValue that of the database */
  readonly durability?: Durability | undefined
}

/** What transaction options come to. */
export interface ResolvedTransactionOptions {
  readonly isolation: Isolation
  readonly readOnly: boolean
  readonly durability: Durability | undefined
}

const KNOWN = ['isolation', 'readOnly', 'durability']

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveTransactionOptions(
  options: TransactionOptions | undefined,
): ResolvedTransactionOptions {
  const given = ownOptions(options, KNOWN, new Map())
  const isolation = given.has('isolation') ? given.get('isolation') : 'serializable'
  if (isolation !== 'snapshot' && isolation !== 'serializable') {
    throw invalidArgument("isolation must be 'snapshot' or 'serializable'")
  }
  const readOnly = given.has('readOnly') ? given.get('readOnly') : false
  if (typeof readOnly !== 'boolean') throw invalidArgument('readOnly must be true or false')
  return { isolation, readOnly, durability: resolveDurability(given.get('durability')) }
}
