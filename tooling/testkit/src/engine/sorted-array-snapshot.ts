import { LdbError, toSeq } from '@ldb/base'
import type { KeyBounds, RangeEstimate, Seq, StoreCursor, StoreSnapshot } from '@ldb/base'
import { SortedArrayCursor } from './sorted-array-cursor.js'
import { entryOf, indexesWithin } from './sorted-array.js'
import type { SortedEntries } from './sorted-array.js'

/** A frozen sorted array. */
export class SortedArraySnapshot implements StoreSnapshot {
  readonly seq: Seq
  readonly #entries: SortedEntries
  readonly #interrupt: () => void
  readonly #onRelease: () => void
  #isReleased = false

  constructor(entries: SortedEntries, seq: number, interrupt: () => void, onRelease: () => void) {
    this.seq = toSeq(seq)
    this.#entries = entries
    this.#interrupt = interrupt
    this.#onRelease = onRelease
  }

  get(key: Uint8Array, keyBytes: number = key.length): Uint8Array | undefined {
    this.#assertHeld()
    this.#interrupt()
    return entryOf(this.#entries, key.slice(0, keyBytes))?.value.slice()
  }

  getBorrowed(key: Uint8Array, keyBytes?: number): Uint8Array | undefined {
    return this.get(key, keyBytes)
  }

  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    return ends.map((end, index) => this.get(keys.subarray(index === 0 ? 0 : ends[index - 1], end)))
  }

  has(key: Uint8Array, keyBytes?: number): boolean {
    return this.get(key, keyBytes) !== undefined
  }

  cursor(bounds: KeyBounds = {}): StoreCursor {
    this.#assertHeld()
    return new SortedArrayCursor(this.#entries, bounds, this.#interrupt)
  }

  count(bounds: KeyBounds = {}): number {
    this.#assertHeld()
    this.#interrupt()
    const { start, end } = indexesWithin(this.#entries, bounds)
    return end - start
  }

  estimate(bounds: KeyBounds = {}): RangeEstimate {
    this.#assertHeld()
    const { start, end } = indexesWithin(this.#entries, bounds)
    let bytes = 0
    for (const { key, value } of this.#entries.slice(start, end)) bytes += key.length + value.length
    return { count: end - start, bytes }
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#onRelease()
  }

  #assertHeld(): void {
    if (this.#isReleased) throw closedError()
  }
}

/** Returns the error of a use after close or release. */
export function closedError(): LdbError {
  return new LdbError('LDB_CLOSED', 'the sorted array is closed')
}
