import { ownOptions, resolveDurability } from '../health/options.js'
import type { Durability } from '../health/options.js'
import { resolveTtl } from '../keyspace/expiry.js'

/** How to make one commit. @category Writing */
export interface WriteOptions {
  /** When it is acknowledged. Default: the durability of the database. */
  readonly durability?: Durability | undefined
}

/** How to write one entry. @category Writing */
export interface PutOptions extends WriteOptions {
  /** Milliseconds after which the entry expires; `Infinity` for never. Default: that of the keyspace. */
  readonly ttlMs?: number | undefined
}

const KNOWN = ['durability']
const KNOWN_OF_PUT = ['durability', 'ttlMs']

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveWriteOptions(options: WriteOptions | undefined): Durability | undefined {
  if (options === undefined) return undefined
  return resolveDurability(ownOptions(options, KNOWN, new Map()).get('durability'))
}

/**
 * Checks the options of a write that has a value; `ttlOf` gives the other one.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT.
 */
export function resolvePutOptions(options: PutOptions | undefined): Durability | undefined {
  if (options === undefined) return undefined
  return resolveDurability(ownOptions(options, KNOWN_OF_PUT, new Map()).get('durability'))
}

/** Returns the time to live that a write asks for. */
export function ttlOf(options: PutOptions | undefined): number | undefined {
  return options === undefined || !Object.hasOwn(options, 'ttlMs') ? undefined : resolveTtl(options.ttlMs)
}

/** Returns the time to live of an operation of a batch, whose durability is that of the batch. */
export function batchTtlOf(options: Pick<PutOptions, 'ttlMs'> | undefined): number | undefined {
  if (options === undefined) return undefined
  return resolveTtl(ownOptions(options, ['ttlMs'], new Map()).get('ttlMs'))
}
