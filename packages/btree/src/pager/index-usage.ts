/** Missed lookups from which the hash index is bypassed. */
const MISSES_BYPASSED = 4
const MISSES_MAX = 12
/** Misses that one possible hit compensates: the index is filled while at least a quarter of lookups could hit. */
const MISSES_COMPENSATED = 3

/** The index is consulted while four in five keys of resident leaves are in it. */
const COVERED_GAIN = 1
const UNCOVERED_LOSS = 4
const COVERAGE_MAX = 128
const COVERAGE_MIN = -32

/**
 * Decides from recent lookups whether the adaptive hash index is consulted and filled.
 *
 * @remarks A probe of the index waits for memory. It is wasted on an absent key, on a key whose leaf is not resident, and on one that
 * is not indexed yet. Where hits and misses alternate, the processor cannot predict either and overlaps no memory accesses of
 * successive lookups: an index with half of the keys makes lookups slower than none.
 * @internal
 */
export class IndexUsage {
  #missCount = 0
  /** Grows with lookups in indexed leaves and falls with others, between its minimum and its maximum. */
  #coverage = COVERAGE_MIN

  /** True while lookups add to the index. */
  get isFilled(): boolean {
    return this.#missCount < MISSES_BYPASSED
  }

  /** True while lookups consult the index. */
  get isConsulted(): boolean {
    return this.#coverage > 0 && this.#missCount < MISSES_BYPASSED
  }

  /** Notes a lookup that the index answered. */
  noteHit(): void {
    this.#missCount = 0
    if (this.#coverage < COVERAGE_MAX) this.#coverage += COVERED_GAIN
  }

  /**
   * Notes a lookup by descent that the index could have answered.
   *
   * @param isIndexed - the leaf is in the index.
   */
  notePossibleHit(isIndexed: boolean): void {
    this.#missCount = Math.max(0, this.#missCount - MISSES_COMPENSATED)
    if (isIndexed) this.#coverage = Math.min(COVERAGE_MAX, this.#coverage + COVERED_GAIN)
    else this.#coverage = Math.max(COVERAGE_MIN, this.#coverage - UNCOVERED_LOSS)
  }

  /** Notes a lookup that no index could have answered: the key was absent, or its leaf was not resident. */
  noteMiss(): void {
    if (this.#missCount < MISSES_MAX) this.#missCount += 1
  }
}
