const PENDING_MIN = 64

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
    if (this.#pendingCount === 0) return this.#runs
    const runs = [...this.#runs, this.#pending.slice(0, this.#pendingCount).sort(this.#compare)]
    this.#pendingCount = 0
    for (let last = runs.length - 1; last > 0; last--) {
      const run = runs[last]!
      const previous = runs[last - 1]!
      if (previous.length >= 2 * run.length) break
      runs.splice(last - 1, 2, this.#merge(previous, run))
    }
    this.#runs = runs
    return runs
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
