import { INVARIANTS } from '@ldb/base'

const PENDING_MIN = 64
/** Keys that are sorted in one step, about half a millisecond. */
const STEP_KEYS = INVARIANTS ? 64 : 2048

/**
 * The keys of a memtable, sorted as far as readers need it: runs of ascending positions, each at least twice as long as the next.
 *
 * @remarks Adding a key costs a store to an array. A reader sorts the keys added since the last reader into a run and merges runs of
 * similar length, which makes n keys cost O(n log n) however additions and readers alternate.
 */
export class KeyRuns {
  readonly #compare: (a: number, b: number) => number
  #runs: readonly Int32Array[] = []
  #pending: Int32Array = new Int32Array(PENDING_MIN)
  #pendingCount = 0
  /** Pending keys that are in a run. */
  #sortedCount = 0

  /** @param compare - compares the keys at two positions. */
  constructor(compare: (a: number, b: number) => number) {
    this.#compare = compare
  }

  add(key: number): void {
    if (this.#pendingCount === this.#pending.length) {
      const grown = new Int32Array(2 * this.#pending.length)
      grown.set(this.#pending)
      this.#pending = grown
    }
    this.#pending[this.#pendingCount++] = key
  }

  /** Returns the runs. They never change. */
  runs(): readonly Int32Array[] {
    const steps = this.sortSteps()
    while (steps.next().done !== true);
    return this.#runs
  }

  /**
   * Sorts the keys that are not in a run yet, in steps; yields the number of keys of each step. Between two steps a reader may sort the
   * rest.
   */
  *sortSteps(): Generator<number, void, void> {
    while (this.#sortedCount < this.#pendingCount) {
      const start = this.#sortedCount
      const end = Math.min(start + STEP_KEYS, this.#pendingCount)
      this.#sortedCount = end
      this.#addRun(this.#pending.slice(start, end).sort(this.#compare))
      yield end - start
    }
    this.#pendingCount = 0
    this.#sortedCount = 0
  }

  /** Adds a run, and merges runs of similar length. */
  #addRun(added: Int32Array): void {
    const runs = [...this.#runs, added]
    for (let last = runs.length - 1; last > 0; last--) {
      const run = runs[last]!
      const previous = runs[last - 1]!
      if (previous.length >= 2 * run.length) break
      runs.splice(last - 1, 2, this.#merge(previous, run))
    }
    this.#runs = runs
  }

  #merge(a: Int32Array, b: Int32Array): Int32Array {
    const merged = new Int32Array(a.length + b.length)
    let fromA = 0
    let fromB = 0
    for (let index = 0; index < merged.length; index++) {
      const takesA = fromB === b.length || (fromA < a.length && this.#compare(a[fromA]!, b[fromB]!) < 0)
      merged[index] = takesA ? a[fromA++]! : b[fromB++]!
    }
    return merged
  }
}
