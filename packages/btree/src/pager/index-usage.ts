/** Missed lookups from which the hash index is bypassed. */
const MISSES_BYPASSED = 4
const MISSES_MAX = 12
/** Misses that one possible hit compensates: the index is consulted while at least a quarter of lookups could hit. */
const MISSES_COMPENSATED = 3

/**
 * Decides from recent lookups whether the adaptive hash index is consulted and filled.
 *
 * @remarks A probe of the index waits for memory. It is wasted on an absent key and on a key whose leaf is not resident.
 * @internal
 */
export class IndexUsage {
  #missCount = 0

  /** True while lookups consult the index and add to it. */
  get isEnabled(): boolean {
    return this.#missCount < MISSES_BYPASSED
  }

  /** Notes a lookup that the index answered. */
  noteHit(): void {
    this.#missCount = 0
  }

  /** Notes a lookup by descent that the index could have answered. */
  notePossibleHit(): void {
    this.#missCount = Math.max(0, this.#missCount - MISSES_COMPENSATED)
  }

  /** Notes a lookup that no index could have answered: the key was absent, or its leaf was not resident. */
  noteMiss(): void {
    if (this.#missCount < MISSES_MAX) this.#missCount += 1
  }
}
