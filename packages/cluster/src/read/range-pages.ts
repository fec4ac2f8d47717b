import { ignoreRejection, isEmptyBounds, keySuccessor } from '@ldb/base'
import type { DriverEntry, RangePage } from '../driver/driver-transaction.js'
import type { Bounds } from '../buffer/range-set.js'

const FIRST_PAGE_ENTRIES = 128
const PAGE_GROWTH = 4
const PAGE_ENTRIES_MAX = 1_024

/** A part of a scanned range that was read completely. */
export interface ScannedPart {
  /** Entries in the direction of the scan. */
  readonly entries: readonly DriverEntry[]
  /** The keys that the part covers. */
  readonly interval: Bounds
}

/** Reads entries of the bounds, `limit` of them. */
export type ReadPage = (bounds: Bounds, limit: number) => Promise<RangePage>

/** What to scan. */
export interface ScannedRange extends Bounds {
  readonly reverse: boolean
  /** Number of entries that are wanted, as far as it is known. */
  readonly wanted: number
}

/**
 * Reads a range in pages that grow, one ahead of the caller.
 *
 * @remarks A scan that is ended after its first entries has cost one small page.
 */
export class RangePages {
  readonly #read: ReadPage
  readonly #reverse: boolean
  #lower: Uint8Array | undefined
  #upper: Uint8Array | undefined
  #wanted: number
  #pageEntries = FIRST_PAGE_ENTRIES
  #next: Promise<ScannedPart> | undefined
  #isAtEnd = false

  constructor(read: ReadPage, { lower, upper, reverse, wanted }: ScannedRange) {
    this.#read = read
    this.#lower = lower
    this.#upper = upper
    this.#reverse = reverse
    this.#wanted = wanted
    // A caller that states a limit is expected to read up to it.
    if (Number.isFinite(wanted)) this.#pageEntries = PAGE_ENTRIES_MAX
  }

  /** Begins to read the next page. */
  prefetch(): Promise<unknown> | undefined {
    if (this.#next === undefined && !this.#isAtEnd) {
      this.#next = this.#readNext()
      ignoreRejection(this.#next)
    }
    return this.#next
  }

  /** Returns the next part; `undefined` at the end. After a rejection, there are no more. */
  async next(): Promise<ScannedPart | undefined> {
    void this.prefetch()
    const part = this.#next
    this.#next = undefined
    return part
  }

  async #readNext(): Promise<ScannedPart> {
    const bounds = { lower: this.#lower, upper: this.#upper }
    // What was wanted may have been read and be absent: expired, or deleted by the transaction.
    const limit = this.#wanted > 0 ? Math.min(this.#pageEntries, this.#wanted) : this.#pageEntries
    this.#pageEntries = Math.min(PAGE_ENTRIES_MAX, this.#pageEntries * PAGE_GROWTH)
    let page: RangePage
    try {
      page = await this.#read(bounds, limit)
    } catch (error) {
      this.#isAtEnd = true
      throw error
    }
    const { entries } = page
    this.#wanted -= entries.length
    const last = entries.at(-1)?.key
    if (last === undefined) return this.#endWith(entries, bounds)
    const boundary = this.#reverse ? last : keySuccessor(last)
    const rest = this.#reverse
      ? { lower: bounds.lower, upper: boundary }
      : { lower: boundary, upper: bounds.upper }
    if (!page.hasMore || boundary === undefined || isEmptyBounds(rest)) return this.#endWith(entries, bounds)
    this.#lower = rest.lower
    this.#upper = rest.upper
    const interval = this.#reverse
      ? { lower: boundary, upper: bounds.upper }
      : { lower: bounds.lower, upper: boundary }
    return { entries, interval }
  }

  #endWith(entries: readonly DriverEntry[], interval: Bounds): ScannedPart {
    this.#isAtEnd = true
    return { entries, interval }
  }
}
