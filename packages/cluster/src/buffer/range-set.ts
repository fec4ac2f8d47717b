import { isWithinBounds } from '@ldb/base'
import type { KeyBounds } from '@ldb/base'
import { compareLower, compareUpper, endsBefore } from './key-order.js'

/** Bounds with both fields. */
export interface Bounds extends KeyBounds {
  readonly lower: Uint8Array | undefined
  readonly upper: Uint8Array | undefined
}

/** A set of keys as disjoint ranges that ascend and do not touch. */
export class RangeSet {
  #ranges: readonly Bounds[]

  constructor(ranges: readonly Bounds[] = []) {
    this.#ranges = ranges
  }

  /** The ranges. The list does not change; a later `add` replaces it. */
  get ranges(): readonly Bounds[] {
    return this.#ranges
  }

  /** Adds the keys of a range, which is not empty. */
  add(added: Bounds): void {
    let { lower, upper } = added
    const before: Bounds[] = []
    const after: Bounds[] = []
    for (const range of this.#ranges) {
      if (endsBefore(range.upper, lower)) before.push(range)
      else if (endsBefore(upper, range.lower)) after.push(range)
      else {
        if (compareLower(range.lower, lower) < 0) lower = range.lower
        if (compareUpper(range.upper, upper) > 0) upper = range.upper
      }
    }
    this.#ranges = [...before, { lower, upper }, ...after]
  }

  has(key: Uint8Array): boolean {
    return this.#ranges.some((range) => isWithinBounds(key, range))
  }
}
