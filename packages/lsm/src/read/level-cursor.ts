import { compareByteRanges } from '@ldb/base'
import type { EntryCursor } from '../entry/entry-cursor.js'
import { Entry } from '../entry/entry.js'
import { TableCursor } from '../table/table-cursor.js'
import type { Level } from '../version/version.js'

const NO_ENTRY = new Entry()

/** A position in a level above 0: in one of its tables at a time. */
export class LevelCursor implements EntryCursor {
  readonly #tables: Level
  #index: number
  #cursor: TableCursor | undefined

  constructor(tables: Level) {
    this.#tables = tables
    this.#index = 0
    this.#cursor = undefined
  }

  get entry(): Entry {
    return this.#cursor?.entry ?? NO_ENTRY
  }

  get isValid(): boolean {
    return this.#cursor?.isValid ?? false
  }

  first(): void {
    this.#enter(0)
    this.#cursor?.first()
    this.#skipForward()
  }

  last(): void {
    this.#enter(this.#tables.length - 1)
    this.#cursor?.last()
    this.#skipBackward()
  }

  seek(key: Uint8Array, keyBytes: number, stamp: number): void {
    this.#enter(this.#tableOf(key, keyBytes))
    this.#cursor?.seek(key, keyBytes, stamp)
    this.#skipForward()
  }

  seekBackward(key: Uint8Array, keyBytes: number, stamp: number): void {
    this.#enter(Math.min(this.#tableOf(key, keyBytes), this.#tables.length - 1))
    this.#cursor?.seekBackward(key, keyBytes, stamp)
    this.#skipBackward()
  }

  next(): void {
    this.#cursor?.next()
    this.#skipForward()
  }

  previous(): void {
    this.#cursor?.previous()
    this.#skipBackward()
  }

  release(): void {
    // The table cursor stays referenced: when no object of its classes is left at a collection, V8 discards the code compiled for them.
    this.#cursor?.release()
  }

  /** Enters the following tables until one has an entry: a table may contain range tombstones only. */
  #skipForward(): void {
    while (this.#cursor !== undefined && !this.#cursor.isValid) {
      this.#enter(this.#index + 1)
      this.#cursor?.first()
    }
  }

  #skipBackward(): void {
    while (this.#cursor !== undefined && !this.#cursor.isValid) {
      this.#enter(this.#index - 1)
      this.#cursor?.last()
    }
  }

  #enter(index: number): void {
    const table = this.#tables[index]
    if (table === undefined || index !== this.#index || this.#cursor === undefined) {
      this.#cursor?.release()
      this.#cursor = table === undefined ? undefined : new TableCursor(table.reader)
    }
    this.#index = index
  }

  /** Returns the index of the first table whose upper bound is above a key. */
  #tableOf(key: Uint8Array, keyBytes: number): number {
    let low = 0
    let high = this.#tables.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const { upper } = this.#tables[middle]!.meta
      if (upper === undefined || compareByteRanges(key, 0, keyBytes, upper, 0, upper.length) < 0)
        high = middle
      else low = middle + 1
    }
    return low
  }
}
