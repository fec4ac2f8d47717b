import { expiryOf } from '../blob/value-header.js'
import type { KeyspaceStore } from './store.js'

/**
 * Returns when an entry expires, in milliseconds of the wall clock: `Infinity` for never; `undefined` for an absent or expired entry, and where
 * no entry has ever expired.
 *
 * @param stored - the entry as it is stored.
 * @param value - the value that it was decoded to; `undefined` when it is absent or has expired.
 */
export function presentExpiry(
  { expiry }: KeyspaceStore,
  stored: Uint8Array | undefined,
  value: Uint8Array | undefined,
): number | undefined {
  if (expiry === undefined || stored === undefined || value === undefined) return undefined
  return expiryOf(stored, 0, stored.length)
}

/**
 * Returns the next value of an entry as it is logged and stored.
 *
 * @param ttlMs - `undefined` for the expiry of the present entry, or for the default of the keyspace without one.
 * @param expiresAt - of the present entry, as `presentExpiry` returns it.
 */
export function encodeNext(
  store: KeyspaceStore,
  value: Uint8Array,
  ttlMs: number | undefined,
  expiresAt: number | undefined,
): Uint8Array {
  if (ttlMs !== undefined || expiresAt === undefined) return store.encodeExpiry(value, ttlMs)
  const { expiry } = store
  return expiry === undefined || expiresAt === Infinity
    ? store.encodeExpiry(value, Infinity)
    : expiry.encodeUntil(value, expiresAt)
}
