import { copyBytes } from '@ldb/base'
import { boundAfter } from '../table/table-meta.js'
import type { EmptyRange, EmptyRanges } from './empty-ranges.js'

/** Deleted keys in a row from which on their range is remembered. */
const COUNT_MIN = 16
/** Of this many deleted keys in a row, one is looked up in the ranges that are known to be empty. */
const LOOKUP_INTERVAL = 8

/** The deleted keys that one move of a cursor steps over. */
export class DeletedRun {
  readonly #ranges: EmptyRanges
  readonly #stamp: number
  #first: Uint8Array = new Uint8Array(0)
  #count = 0

  /** @param stamp - of the reader. */
  constructor(ranges: EmptyRanges, stamp: number) {
    this.#ranges = ranges
    this.#stamp = stamp
  }

  begin(): void {
    this.#count = 0
  }

  /** Notes a deleted key. Returns the range that contains it and is known to be empty, where it was looked up. */
  note(key: Uint8Array, keyBytes: number): EmptyRange | undefined {
    if (this.#count++ === 0) this.#first = copyBytes(key, 0, keyBytes)
    if (this.#ranges.count === 0 || this.#count % LOOKUP_INTERVAL !== 1) return undefined
    return this.#ranges.find(key, 0, keyBytes, this.#stamp)
  }

  /** True when the run is worth remembering. */
  get isLong(): boolean {
    return this.#count >= COUNT_MIN
  }

  /** Remembers the run of a forward walk. @param upper - no key from the run up to it is visible. */
  endForward(upper: Uint8Array | undefined): void {
    this.#ranges.add({ lower: this.#first, upper, stamp: this.#stamp })
  }

  /** Remembers the run of a backward walk. @param lower - no key from it up to the run is visible. */
  endBackward(lower: Uint8Array): void {
    this.#ranges.add({ lower, upper: boundAfter(this.#first), stamp: this.#stamp })
  }
}
