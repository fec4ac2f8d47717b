import { checkSignal, invalidArgument, ownOptions } from '@ldb/base'
import type { AbortSignalLike, AsyncOptions } from '@ldb/base'
import { checkTtl } from '../values/stored-value.js'

/** Options of one commit. @category Writing */
export interface ClusterWriteOptions extends AsyncOptions {
  /**
   * Accepted, so that programs for embedded databases run unchanged, and without effect: a commit is acknowledged when it is as durable as the engine is
   * configured.
   */
  readonly durability?: 'full' | 'periodic' | 'none' | undefined
}

/** Options of a write of one entry. @category Writing */
export interface ClusterPutOptions extends ClusterWriteOptions {
  /** Time to live of the entry in milliseconds; `Infinity` for no expiry. Default: that of the keyspace. */
  readonly ttlMs?: number | undefined
}

/** Time to live of an entry that a batch or a transaction writes. @category Writing */
export type TtlOption = Pick<ClusterPutOptions, 'ttlMs'>

/** Checked {@link ClusterPutOptions}. */
export interface ResolvedWriteOptions {
  readonly ttlMs: number | undefined
  readonly signal: AbortSignalLike | undefined
}

const NO_OPTIONS: ResolvedWriteOptions = Object.freeze({ ttlMs: undefined, signal: undefined })

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveWriteOptions(options: ClusterWriteOptions | undefined): ResolvedWriteOptions {
  if (options === undefined) return NO_OPTIONS
  const { durability, signal } = ownOptions(options, ['durability', 'signal'] as const)
  checkDurability(durability)
  return { ttlMs: undefined, signal: checkSignal(signal) }
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolvePutOptions(options: ClusterPutOptions | undefined): ResolvedWriteOptions {
  if (options === undefined) return NO_OPTIONS
  const { durability, signal, ttlMs } = ownOptions(options, ['durability', 'signal', 'ttlMs'] as const)
  checkDurability(durability)
  return { ttlMs: checkTtl(ttlMs), signal: checkSignal(signal) }
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function checkDurability(durability: unknown): void {
  if (durability === undefined || durability === 'full' || durability === 'periodic' || durability === 'none')
    return
  throw invalidArgument("durability must be 'full', 'periodic' or 'none'")
}
