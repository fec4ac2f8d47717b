import { compareBytes, prefixSuccessor } from '../bytes/bytes.js'
import { KEY_BYTES_MAX } from '../limits.js'
import type { KeyBounds } from '../ordered-store.js'
import { ownProperty } from '../own-options.js'

/** {@link KeyBounds} with both fields. @category Ranges */
export interface OwnBounds extends KeyBounds {
  readonly lower: Uint8Array | undefined
  readonly upper: Uint8Array | undefined
}

/** The bounds of all keys. @category Ranges */
export const ALL_KEYS: OwnBounds = Object.freeze({ lower: undefined, upper: undefined })

/**
 * Returns bounds whose two fields are own properties: the argument itself, or a copy. What `Object.prototype` has is no bound.
 *
 * @category Ranges
 */
export function ownBounds(bounds: KeyBounds): OwnBounds {
  if (Object.hasOwn(bounds, 'lower') && Object.hasOwn(bounds, 'upper')) return bounds as OwnBounds
  return { lower: ownProperty(bounds, 'lower', 'bounds'), upper: ownProperty(bounds, 'upper', 'bounds') }
}

/**
 * Returns the smallest key that is greater than `key`, in a new array; `undefined` when no key is. It is at most
 * {@link KEY_BYTES_MAX} bytes long.
 *
 * @category Ranges
 */
export function keySuccessor(key: Uint8Array): Uint8Array | undefined {
  // A key of the greatest length is a prefix of no other key, so its prefix successor is the next key.
  if (key.length >= KEY_BYTES_MAX) return prefixSuccessor(key)
  const successor = new Uint8Array(key.length + 1)
  successor.set(key)
  return successor
}

/**
 * Returns the bounds of all keys that start with `prefix`. The lower bound is `prefix` itself, not a copy.
 *
 * @category Ranges
 */
export function prefixBounds(prefix: Uint8Array): OwnBounds {
  return { lower: prefix, upper: prefixSuccessor(prefix) }
}

/**
 * Returns the intersection of two bounds. It shares their memory.
 *
 * @category Ranges
 */
export function intersectBounds(first: KeyBounds, second: KeyBounds): OwnBounds {
  const a = ownBounds(first)
  const b = ownBounds(second)
  return {
    lower:
      a.lower === undefined || (b.lower !== undefined && compareBytes(a.lower, b.lower) < 0)
        ? b.lower
        : a.lower,
    upper:
      a.upper === undefined || (b.upper !== undefined && compareBytes(a.upper, b.upper) > 0)
        ? b.upper
        : a.upper,
  }
}

/**
 * Reports whether no key lies within the bounds: the upper bound is not above the lower one.
 *
 * @category Ranges
 */
export function isEmptyBounds(bounds: KeyBounds): boolean {
  const { lower, upper } = ownBounds(bounds)
  if (upper === undefined) return false
  if (lower === undefined) return upper.length === 0
  return compareBytes(lower, upper) >= 0
}

/**
 * Reports whether a key lies within the bounds.
 *
 * @category Ranges
 */
export function isWithinBounds(key: Uint8Array, bounds: KeyBounds): boolean {
  const { lower, upper } = ownBounds(bounds)
  return (
    (lower === undefined || compareBytes(key, lower) >= 0) &&
    (upper === undefined || compareBytes(key, upper) < 0)
  )
}
