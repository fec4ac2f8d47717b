import { assert } from '@ldb/base'
import { BlockCursor } from '../block/block-cursor.js'
import type { EntryCursor } from '../entry/entry-cursor.js'
import { Entry } from '../entry/entry.js'
import type { SalvagedTable } from './salvaged-table.js'

const FORWARD_ONLY = 'a salvage walks forward only'

/** A forward walk over the blocks of a table that can be read. */
export class SalvageCursor implements EntryCursor {
  readonly entry: Entry = new Entry()
  readonly table: SalvagedTable
  readonly #loadStamp: number
  readonly #cursor: BlockCursor
  #blockIndex = 0

  /** @param loadStamp - stamp of entries that have none. */
  constructor(table: SalvagedTable, loadStamp: number) {
    this.table = table
    this.#loadStamp = loadStamp
    this.#cursor = new BlockCursor(this.entry)
  }

  get isValid(): boolean {
    return this.#cursor.isValid
  }

  first(): void {
    this.#enter(0)
  }

  next(): void {
    this.#cursor.next()
    if (this.#cursor.isValid) this.#setStamp()
    else this.#enter(this.#blockIndex + 1)
  }

  last(): void {
    assert(false, FORWARD_ONLY)
  }

  seek(): void {
    assert(false, FORWARD_ONLY)
  }

  seekBackward(): void {
    assert(false, FORWARD_ONLY)
  }

  previous(): void {
    assert(false, FORWARD_ONLY)
  }

  release(): void {
    this.#cursor.enter(undefined)
  }

  #enter(index: number): void {
    this.#blockIndex = index
    this.#cursor.enter(this.table.blocks[index]?.read())
    this.#cursor.moveTo(0)
    this.#setStamp()
  }

  #setStamp(): void {
    if (this.entry.stamp === 0) this.entry.stamp = this.#loadStamp
  }
}
