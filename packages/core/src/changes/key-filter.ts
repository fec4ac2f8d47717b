import { compareBytes, intersectBounds, isEmptyBounds, isWithinBounds } from '@ldb/base'
import type { KeyBounds } from '@ldb/base'

/** Selects changes by their keys: those within bounds and, where keys are named, of these keys only. */
export class KeyFilter {
  readonly #bounds: KeyBounds
  /** Ascending; `undefined` for every key. */
  readonly #keys: readonly Uint8Array[] | undefined

  /** @param keys - encoded, in any order. */
  constructor(bounds: KeyBounds, keys: readonly Uint8Array[] | undefined) {
    this.#bounds = bounds
    this.#keys = keys === undefined ? undefined : [...keys].sort(compareBytes)
  }

  has(key: Uint8Array): boolean {
    return isWithinBounds(key, this.#bounds) && (this.#keys === undefined || this.#contains(key, this.#keys))
  }

  /** Returns the part of a range that is within the bounds; `undefined` when no selected key can be in it. */
  partOf(range: KeyBounds): KeyBounds | undefined {
    const part = intersectBounds(range, this.#bounds)
    if (isEmptyBounds(part)) return undefined
    return this.#keys === undefined || this.#keys.some((key) => isWithinBounds(key, part)) ? part : undefined
  }

  #contains(key: Uint8Array, keys: readonly Uint8Array[]): boolean {
    let [low, high] = [0, keys.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      const order = compareBytes(keys[middle] as Uint8Array, key)
      if (order === 0) return true
      if (order < 0) low = middle + 1
      else high = middle
    }
    return false
  }
}
