import { compareBytes, prefixSuccessor } from '../bytes/bytes.js'
import { KEY_BYTES_MAX } from '../limits.js'
import type { KeyBounds } from '../ordered-store.js'

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
export function prefixBounds(prefix: Uint8Array): KeyBounds {
  return { lower: prefix, upper: prefixSuccessor(prefix) }
}

/**
 * Returns the intersection of two bounds. It shares their memory.
 *
 * @category Ranges
 */
export function intersectBounds(a: KeyBounds, b: KeyBounds): KeyBounds {
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
  if (bounds.upper === undefined) return false
  return bounds.lower === undefined
    ? bounds.upper.length === 0
    : compareBytes(bounds.lower, bounds.upper) >= 0
}

/**
 * Reports whether a key lies within the bounds.
 *
 * @category Ranges
 */
export function isWithinBounds(key: Uint8Array, bounds: KeyBounds): boolean {
  return (
    (bounds.lower === undefined || compareBytes(key, bounds.lower) >= 0) &&
    (bounds.upper === undefined || compareBytes(key, bounds.upper) < 0)
  )
}
