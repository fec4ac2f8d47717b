import { compareBytes, isEmptyBounds, keySuccessor } from '@ldb/base'
import type { KeyBounds } from '@ldb/base'
import { KeyList } from './key-list.js'

/** Approximate memory of a range besides its bounds: two arrays and an object. */
const RANGE_BYTES = 200

/** Memory of the read sets of all keyspaces of a transaction, and its limit (M25). */
export interface ReadBudget {
  bytes: number
  readonly bytesMax: number
}

/** The read set of a transaction in one keyspace: keys, present or absent, and ranges (M12). */
export class ReadSet {
  readonly keys: KeyList = new KeyList()
  ranges: KeyBounds[] = []
  readonly #budget: ReadBudget
  #bytes = 0

  constructor(budget: ReadBudget) {
    this.#budget = budget
  }

  /** Adds a key: the first `keyBytes` bytes of `key`. */
  addKey(key: Uint8Array, keyBytes: number): void {
    this.keys.add(key, keyBytes)
    this.#count(2 + keyBytes)
  }

  /** Adds a range. Its bounds are retained, not copied. */
  addRange(lower: Uint8Array | undefined, upper: Uint8Array | undefined): void {
    if (isEmptyBounds({ lower, upper })) return
    const last = this.ranges.at(-1)
    if (last !== undefined && touches(last, { lower, upper })) {
      // Consecutive ranges usually belong to one scan.
      this.ranges[this.ranges.length - 1] = span(last, { lower, upper })
      return
    }
    this.ranges.push({ lower, upper })
    this.#count(RANGE_BYTES + (lower?.length ?? 0) + (upper?.length ?? 0))
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    this.#budget.bytes += bytes
    if (this.#budget.bytes > this.#budget.bytesMax) this.#coarsen()
  }

  /** Replaces all keys and ranges by one range that spans them. This can only add conflicts (M25). */
  #coarsen(): void {
    let whole = this.ranges[0]
    for (const range of this.ranges) whole = whole === undefined ? range : span(whole, range)
    let lowest: Uint8Array | undefined
    let highest: Uint8Array | undefined
    for (const key of this.keys.toArray()) {
      if (lowest === undefined || compareBytes(key, lowest) < 0) lowest = key
      if (highest === undefined || compareBytes(key, highest) > 0) highest = key
    }
    if (lowest !== undefined && highest !== undefined) {
      const keys = { lower: lowest, upper: keySuccessor(highest) }
      whole = whole === undefined ? keys : span(whole, keys)
    }
    this.keys.clear()
    this.ranges = whole === undefined ? [] : [whole]
    const bytes = RANGE_BYTES + (whole?.lower?.length ?? 0) + (whole?.upper?.length ?? 0)
    this.#budget.bytes += bytes - this.#bytes
    this.#bytes = bytes
  }
}

/** Returns the smallest range that contains two ranges. */
function span(a: KeyBounds, b: KeyBounds): KeyBounds {
  return {
    lower:
      a.lower === undefined || b.lower === undefined
        ? undefined
        : compareBytes(a.lower, b.lower) <= 0
          ? a.lower
          : b.lower,
    upper:
      a.upper === undefined || b.upper === undefined
        ? undefined
        : compareBytes(a.upper, b.upper) >= 0
          ? a.upper
          : b.upper,
  }
}

/** Reports whether two ranges overlap or are adjacent. */
function touches(a: KeyBounds, b: KeyBounds): boolean {
  return (
    (a.upper === undefined || b.lower === undefined || compareBytes(b.lower, a.upper) <= 0) &&
    (b.upper === undefined || a.lower === undefined || compareBytes(a.lower, b.upper) <= 0)
  )
}
