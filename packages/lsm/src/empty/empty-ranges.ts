import { BatchReader, compareByteRanges, compareBytes, copyBytes, OperationKind } from '@ldb/base'
import type { BatchSection } from '@ldb/base'
import { boundAfter, isBelow, isKeyWithin } from '../table/table-meta.js'
import type { KeyRange } from '../table/table-meta.js'

/** A range of keys in which a reader at `stamp` or later sees nothing. */
export interface EmptyRange extends KeyRange {
  readonly stamp: number
}

/** Ranges that are remembered; the one that was found first is forgotten. */
const RANGES_MAX = 64
/** Ranges with longer bounds are not remembered. */
const BOUND_BYTES_MAX = 1024

/**
 * The ranges of keys of which cursors have found that everything in them is deleted, so that the next cursor steps over them at once: a
 * queue whose oldest entries are deleted has as many deletes in front of its first entry as it had entries, until a merge drops them.
 *
 * @remarks A range stays empty until a put into it, which the owner notes. It says nothing to a reader of an earlier state, which may see
 * what was deleted later.
 */
export class EmptyRanges {
  readonly #newestStamp: () => number
  /** In the order of their keys; they do not overlap. */
  #ranges: EmptyRange[] = []
  /** The same, in the order in which they were found. */
  #byAge: EmptyRange[] = []
  readonly #reader: BatchReader = new BatchReader()

  /** @param newestStamp - returns the stamp of the newest operation of the store. */
  constructor(newestStamp: () => number) {
    this.#newestStamp = newestStamp
  }

  get count(): number {
    return this.#ranges.length
  }

  /** Returns the range that contains `key[start, end)` and is empty for a reader at a stamp. */
  find(key: Uint8Array, start: number, end: number, stamp: number): EmptyRange | undefined {
    const range = this.#rangeOf(key, start, end)
    return range !== undefined && range.stamp <= stamp ? range : undefined
  }

  /**
   * Remembers a range, joined with those that it overlaps or touches. Not that of a reader of an earlier state: something may have been
   * put since.
   */
  add(found: EmptyRange): void {
    if (found.stamp !== this.#newestStamp()) return
    let { lower, upper } = found
    if (lower.length > BOUND_BYTES_MAX || (upper !== undefined && upper.length > BOUND_BYTES_MAX)) return
    if (!isBelow(lower, upper)) return
    for (const range of this.#ranges) {
      if (!touches(range, { lower, upper })) continue
      if (compareBytes(range.lower, lower) < 0) ({ lower } = range)
      if (isBelow(upper, range.upper) || range.upper === undefined) ({ upper } = range)
    }
    const joined = { lower, upper, stamp: found.stamp }
    this.#replace((range) => touches(range, joined), [joined])
  }

  /** Notes the operations of a section before they are applied. */
  noteSection(section: BatchSection): void {
    if (this.#ranges.length === 0) return
    const reader = this.#reader
    reader.reset(section)
    while (reader.next()) {
      const { kind, bytes, keyStart, keyEnd } = reader
      if (kind === OperationKind.Put) this.notePut(bytes, keyStart, keyEnd)
    }
    reader.release()
  }

  /** Notes a put. */
  notePut(key: Uint8Array, start: number, end: number): void {
    const range = this.#rangeOf(key, start, end)
    if (range === undefined) return
    const { stamp } = range
    const put = copyBytes(key, start, end)
    const parts = [
      { lower: range.lower, upper: put, stamp },
      { lower: boundAfter(put), upper: range.upper, stamp },
    ]
    this.#replace(
      (other) => other === range,
      parts.filter(({ lower, upper }) => isBelow(lower, upper)),
    )
  }

  clear(): void {
    this.#ranges = []
    this.#byAge = []
  }

  #replace(isRemoved: (range: EmptyRange) => boolean, added: readonly EmptyRange[]): void {
    this.#byAge = [...this.#byAge.filter((range) => !isRemoved(range)), ...added].slice(-RANGES_MAX)
    this.#ranges = [...this.#byAge].sort((a, b) => compareBytes(a.lower, b.lower))
  }

  #rangeOf(key: Uint8Array, start: number, end: number): EmptyRange | undefined {
    const ranges = this.#ranges
    let low = 0
    let high = ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const range = ranges[middle]
      if (range !== undefined && isAtOrBelowKey(range.lower, key, start, end)) low = middle + 1
      else high = middle
    }
    const range = ranges[low - 1]
    return range !== undefined && isKeyWithin(key, start, end, range) ? range : undefined
  }
}

/** Reports whether two ranges overlap, or nothing is between them. */
function touches(a: KeyRange, b: KeyRange): boolean {
  return isAtOrBelow(a.lower, b.upper) && isAtOrBelow(b.lower, a.upper)
}

function isAtOrBelow(lower: Uint8Array, upper: Uint8Array | undefined): boolean {
  return upper === undefined || compareBytes(lower, upper) <= 0
}

function isAtOrBelowKey(lower: Uint8Array, key: Uint8Array, start: number, end: number): boolean {
  return compareByteRanges(lower, 0, lower.length, key, start, end) <= 0
}
