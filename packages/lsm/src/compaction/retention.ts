import type { Entry } from '../entry/entry.js'
import type { Tombstones } from '../entry/tombstones.js'
import { EntryKind } from '../format.js'

/**
 * Decides which versions a merge keeps. Versions arrive in the order of entries: all versions of a key, the newest first.
 *
 * @remarks (L1) The open snapshots divide the stamps into periods; a reader sees at most the newest version of each period. A version is
 * dropped when a newer version or a range tombstone of the same period hides it. A delete is dropped only where nothing older exists:
 * it is in the oldest period, and no deeper level contains its key.
 */
export class Retention {
  /** Stamps of the open snapshots, ascending. */
  readonly #snapshots: readonly number[]
  readonly #tombstones: Tombstones
  readonly #hasOlder: (entry: Entry) => boolean
  /** Period of the last version. */
  #period = -1

  /**
   * @param tombstones - all range tombstones of the inputs.
   * @param hasOlder - reports whether an older version of the key of an entry may be in a table that is not merged.
   */
  constructor(snapshots: readonly number[], tombstones: Tombstones, hasOlder: (entry: Entry) => boolean) {
    this.#snapshots = snapshots
    this.#tombstones = tombstones
    this.#hasOlder = hasOlder
  }

  /**
   * Returns true when the merge keeps an entry. Call it for each entry once, in order.
   *
   * @param isNewKey - whether the entry has another key than the one before.
   */
  keeps(entry: Entry, isNewKey: boolean): boolean {
    const period = this.periodOf(entry.stamp)
    const isHidden = !isNewKey && period === this.#period
    this.#period = period
    if (isHidden) return false
    const periodEnd = this.#snapshots[period] ?? Infinity
    const cover = this.#tombstones.coverOf(entry.keyBuffer, entry.keyStart, entry.keyEnd, periodEnd)
    if (cover > entry.stamp) return false
    return entry.kind !== EntryKind.Delete || period > 0 || this.#hasOlder(entry)
  }

  /** Returns the index of the first snapshot that sees a stamp; the number of snapshots when only the present does. */
  periodOf(stamp: number): number {
    let low = 0
    let high = this.#snapshots.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#snapshots[middle] ?? 0) < stamp) low = middle + 1
      else high = middle
    }
    return low
  }
}
