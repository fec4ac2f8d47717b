import { compareByteRanges, compareBytes } from '@ldb/base'

/** A range tombstone: deletes the versions of all keys from `lower` (inclusive) to `upper` (exclusive) that are older than `stamp`. */
export interface Tombstone {
  readonly lower: Uint8Array
  /** `undefined` when it deletes every key from `lower` on. */
  readonly upper: Uint8Array | undefined
  readonly stamp: number
}

/** A range of keys and the stamps of the tombstones that cover it, greatest first. */
export interface TombstoneFragment {
  readonly lower: Uint8Array
  readonly upper: Uint8Array | undefined
  readonly stamps: readonly number[]
}

/** Tombstones that were added since the fragments were computed are searched one by one, up to this number. */
const LOOSE_MAX = 16

/**
 * Range tombstones of one memtable or table, for point lookups: the ranges are cut into fragments that do not overlap, each with the
 * stamps that cover it.
 *
 * @remarks A lookup costs one binary search. Fragments are computed again when more than a few tombstones have been added.
 */
export class Tombstones {
  readonly #all: Tombstone[]
  #fragments: readonly TombstoneFragment[] = []
  /** Number of tombstones in the fragments. */
  #fragmentedCount = 0

  constructor(tombstones: readonly Tombstone[] = []) {
    this.#all = [...tombstones]
  }

  get count(): number {
    return this.#all.length
  }

  get all(): readonly Tombstone[] {
    return this.#all
  }

  add(tombstone: Tombstone): void {
    this.#all.push(tombstone)
  }

  /** Returns all fragments, in the order of their keys. */
  fragments(): readonly TombstoneFragment[] {
    if (this.#fragmentedCount !== this.#all.length) {
      this.#fragments = fragmentsOf(this.#all)
      this.#fragmentedCount = this.#all.length
    }
    return this.#fragments
  }

  /** Returns the greatest stamp up to `stampMax` of a tombstone that covers `key[start, end)`; 0 when none does. */
  coverOf(key: Uint8Array, start: number, end: number, stampMax: number): number {
    const all = this.#all
    if (all.length === 0) return 0
    if (all.length - this.#fragmentedCount > Math.max(LOOSE_MAX, this.#fragmentedCount)) this.fragments()
    let cover = 0
    for (let index = this.#fragmentedCount; index < all.length; index++) {
      const { lower, upper, stamp } = all[index]!
      if (stamp <= cover || stamp > stampMax) continue
      if (isWithin(key, start, end, lower, upper)) cover = stamp
    }
    const fragment = this.#fragmentOf(key, start, end)
    if (fragment === undefined) return cover
    for (const stamp of fragment.stamps) if (stamp <= stampMax) return Math.max(cover, stamp)
    return cover
  }

  /** Returns the fragment that contains a key. */
  #fragmentOf(key: Uint8Array, start: number, end: number): TombstoneFragment | undefined {
    const fragments = this.#fragments
    let low = 0
    let high = fragments.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const { lower } = fragments[middle]!
      if (compareByteRanges(lower, 0, lower.length, key, start, end) <= 0) low = middle + 1
      else high = middle
    }
    const fragment = fragments[low - 1]
    if (fragment === undefined) return undefined
    return isWithin(key, start, end, fragment.lower, fragment.upper) ? fragment : undefined
  }
}

function isWithin(
  key: Uint8Array,
  start: number,
  end: number,
  lower: Uint8Array,
  upper: Uint8Array | undefined,
): boolean {
  if (compareByteRanges(key, start, end, lower, 0, lower.length) < 0) return false
  return upper === undefined || compareByteRanges(key, start, end, upper, 0, upper.length) < 0
}

/** Cuts tombstones at all of their bounds. Fragments that no tombstone covers are left out. */
export function fragmentsOf(tombstones: readonly Tombstone[]): TombstoneFragment[] {
  const byLower = [...tombstones].sort((a, b) => compareBytes(a.lower, b.lower))
  const bounds = boundsOf(byLower)
  const fragments: TombstoneFragment[] = []
  let active: Tombstone[] = []
  let nextIndex = 0
  for (let index = 0; index < bounds.length; index++) {
    const lower = bounds[index]!
    active = active.filter(({ upper }) => upper === undefined || compareBytes(upper, lower) > 0)
    while (nextIndex < byLower.length && compareBytes(byLower[nextIndex]!.lower, lower) <= 0) {
      active.push(byLower[nextIndex++]!)
    }
    if (active.length === 0) continue
    const stamps = [...new Set(active.map(({ stamp }) => stamp))].sort((a, b) => b - a)
    fragments.push({ lower, upper: bounds[index + 1], stamps })
  }
  return fragments
}

/** Returns all bounds of tombstones, ascending and without repetition. */
function boundsOf(tombstones: readonly Tombstone[]): Uint8Array[] {
  const sorted = tombstones
    .flatMap(({ lower, upper }) => (upper === undefined ? [lower] : [lower, upper]))
    .sort(compareBytes)
  return sorted.filter((bound, index) => index === 0 || compareBytes(bound, sorted[index - 1]!) !== 0)
}
