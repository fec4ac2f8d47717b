import { compareBytes, isWithinBounds } from '@ldb/base'
import type { KeyBounds } from '@ldb/base'

export type Entry = readonly [key: Uint8Array, value: Uint8Array]

/** The model: a sorted array of entries. */
export class SortedEntries {
  entries: Entry[]

  constructor(entries: readonly Entry[] = []) {
    this.entries = [...entries]
  }

  /** Returns the index of the first key that is not below `key`. */
  indexOf(key: Uint8Array): number {
    let low = 0
    let high = this.entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareBytes(this.entries[middle]![0], key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const found = this.entries[this.indexOf(key)]
    return found !== undefined && compareBytes(found[0], key) === 0 ? found[1] : undefined
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const isPresent = this.get(key) !== undefined
    this.entries.splice(this.indexOf(key), isPresent ? 1 : 0, [key, value])
  }

  delete(key: Uint8Array): void {
    if (this.get(key) !== undefined) this.entries.splice(this.indexOf(key), 1)
  }

  deleteRange(lower: Uint8Array, upper: Uint8Array | undefined): void {
    this.entries = this.entries.filter(([key]) => !isWithinBounds(key, { lower, upper }))
  }

  within(bounds: KeyBounds): Entry[] {
    return this.entries.filter(([key]) => isWithinBounds(key, bounds))
  }
}
