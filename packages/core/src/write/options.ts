import { ownOptions } from '@ldb/base'
import { resolveDurability } from '../health/options.js'
import type { Durability } from '../health/options.js'
import { resolveTtl } from '../values/expiry.js'

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

/** Options of a bulk load. @category Writing */
export type LoadOptions = Pick<PutOptions, 'ttlMs'>

/** {@link PutOptions} with checked values. */
export interface ResolvedPutOptions {
  readonly durability: Durability | undefined
  /** `undefined` for the time to live of the keyspace. */
  readonly ttlMs: number | undefined
}

const KNOWN = ['durability'] as const
const KNOWN_OF_PUT = ['durability', 'ttlMs'] as const
const KNOWN_OF_BATCH = ['ttlMs'] as const
const NO_PUT_OPTIONS: ResolvedPutOptions = Object.freeze({ durability: undefined, ttlMs: undefined })

/** Checks the options of a commit, and returns its durability. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveWriteOptions(options: WriteOptions | undefined): Durability | undefined {
  if (options === undefined) return undefined
  return resolveDurability(ownOptions(options, KNOWN).durability)
}

/** Checks the options of a write of one entry. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolvePutOptions(options: PutOptions | undefined): ResolvedPutOptions {
  if (options === undefined) return NO_PUT_OPTIONS
  const { durability, ttlMs } = ownOptions(options, KNOWN_OF_PUT)
  return { durability: resolveDurability(durability), ttlMs: resolveTtl(ttlMs) }
}

/**
 * Returns the time to live of a batch operation or of the entries of a load, which have no durability of their own. @throws
 * {@link LdbError} LDB_INVALID_ARGUMENT.
 */
export function batchTtlOf(options: Pick<PutOptions, 'ttlMs'> | undefined): number | undefined {
  if (options === undefined) return undefined
  return resolveTtl(ownOptions(options, KNOWN_OF_BATCH).ttlMs)
}
