import { ownOptions, resolveDurability } from '../health/options.js'
import type { Durability } from '../health/options.js'
import { resolveTtl } from '../keyspace/expiry.js'

/** Options of one commit. @category Writing */
export interface WriteOptions {
  /** Durability of the commit. Default: that of the database. */
  readonly durability?: Durability | undefined
}

/** Options of a write of one entry. @category Writing */
export interface PutOptions extends WriteOptions {
  /** Time to live of the entry in milliseconds; `Infinity` for no expiry. Default: that of the keyspace. */
  readonly ttlMs?: number | undefined
}

const KNOWN = ['durability']
const KNOWN_OF_PUT = ['durability', 'ttlMs']

/** Checks the options of a commit, and returns its durability. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveWriteOptions(options: WriteOptions | undefined): Durability | undefined {
  if (options === undefined) return undefined
  return resolveDurability(ownOptions(options, KNOWN, new Map()).get('durability'))
}

/**
 * Checks the options of a write of one entry, and returns its durability. `ttlOf` returns its time to live.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT.
 */
export function resolvePutOptions(options: PutOptions | undefined): Durability | undefined {
  if (options === undefined) return undefined
  return resolveDurability(ownOptions(options, KNOWN_OF_PUT, new Map()).get('durability'))
}

/**
 * Returns the time to live of a write; `undefined` for that of the keyspace. @throws {@link LdbError}
 * LDB_INVALID_ARGUMENT.
 */
export function ttlOf(options: PutOptions | undefined): number | undefined {
  return options === undefined || !Object.hasOwn(options, 'ttlMs') ? undefined : resolveTtl(options.ttlMs)
}

/**
 * Returns the time to live of a batch operation, which has no durability of its own. @throws {@link LdbError}
 * LDB_INVALID_ARGUMENT.
 */
export function batchTtlOf(options: Pick<PutOptions, 'ttlMs'> | undefined): number | undefined {
  if (options === undefined) return undefined
  return resolveTtl(ownOptions(options, ['ttlMs'], new Map()).get('ttlMs'))
}
