import { assert, copyBytesInto } from '@ldb/base'
import { compareKey } from '../entry/entry.js'
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
  #key: Uint8Array = new Uint8Array(64)
  /** Length of the last key; -1 before the first. */
  #keyBytes = -1
  /** Period of the last version of that key. */
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

  /** Reports whether an entry has another key than the one before. */
  isNewKey(entry: Entry): boolean {
    return this.#keyBytes < 0 || compareKey(entry, this.#key, this.#keyBytes) !== 0
  }

  /** Returns true when the merge keeps an entry. Call it for each entry once, in order. */
  keeps(entry: Entry): boolean {
    const order = this.#keyBytes < 0 ? 1 : compareKey(entry, this.#key, this.#keyBytes)
    // A table whose entries lie outside its bounds would be merged into others that are out of order.
    assert(order >= 0, 'the entries of a merge ascend')
    const isNewKey = order > 0
    const period = this.periodOf(entry.stamp)
    const isHidden = !isNewKey && period === this.#period
    if (isNewKey) this.#copyKey(entry)
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

  #copyKey({ keyBuffer, keyStart, keyEnd }: Entry): void {
    this.#keyBytes = keyEnd - keyStart
    if (this.#keyBytes > this.#key.length) this.#key = new Uint8Array(2 * this.#keyBytes)
    copyBytesInto(this.#key, 0, keyBuffer, keyStart, keyEnd)
  }
}
