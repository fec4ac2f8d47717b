import { compareByteRanges } from '@ldb/base'
import { SORTED_KEYS_MAX, sortKeySteps } from './key-sort.js'
import type { KeySource } from './key-sort.js'

const PENDING_MIN = 64

/**
 * The keys of a memtable, sorted as far as readers need it: runs of ascending positions, each at least twice as long as the next.
 *
 * @remarks Adding a key costs a store to an array. A reader sorts the keys added since the last reader into a run and merges runs of
 * similar length, which makes n keys cost O(n log n) however additions and readers alternate.
 */
export class KeyRuns {
  readonly #source: KeySource
  #runs: readonly Int32Array[] = []
  #pending: Int32Array = new Int32Array(PENDING_MIN)
  #pendingCount = 0

  constructor(source: KeySource) {
    this.#source = source
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
    while (this.#pendingCount > 0) {
      const count = Math.min(this.#pendingCount, SORTED_KEYS_MAX)
      const sorted = yield* sortKeySteps(this.#pending.slice(0, count), this.#source)
      // A reader has sorted them meanwhile.
      if (this.#pendingCount < count) return
      this.#pending.copyWithin(0, count, this.#pendingCount)
      this.#pendingCount -= count
      this.#addRun(sorted)
    }
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

  #compare(a: number, b: number): number {
    const source = this.#source
    const { bytes } = source
    return compareByteRanges(
      bytes,
      source.keyStart(a),
      source.keyEnd(a),
      bytes,
      source.keyStart(b),
      source.keyEnd(b),
    )
  }
}
