import { BlockCursor } from '../block/block-cursor.js'
import type { Block } from '../block/block.js'
import type { EntryCursor } from '../entry/entry-cursor.js'
import { Entry } from '../entry/entry.js'
import { UnitContent } from '../format.js'
import type { TableReader } from './table-reader.js'

/**
 * A position in one table: in the top of its index, in an index block, and in a data block.
 *
 * @remarks An entry of an index has the key and the stamp of the last entry of its block, so that a seek in the index finds the block
 * that contains the position sought, even where the versions of one key fill several blocks.
 */
export class TableCursor implements EntryCursor {
  readonly entry: Entry = new Entry()
  readonly #table: TableReader
  readonly #topEntry: Entry = new Entry()
  readonly #indexEntry: Entry = new Entry()
  readonly #top: BlockCursor
  readonly #index: BlockCursor
  readonly #data: BlockCursor

  constructor(table: TableReader) {
    this.#table = table
    this.#top = new BlockCursor(this.#topEntry)
    this.#index = new BlockCursor(this.#indexEntry)
    this.#data = new BlockCursor(this.entry)
  }

  get isValid(): boolean {
    return this.#data.isValid
  }

  first(): void {
    this.#enterTop()
    this.#top.moveTo(0)
    this.#enterIndex()
    this.#index.moveTo(0)
    this.#enterData()
    this.#data.moveTo(0)
  }

  last(): void {
    this.#enterTop()
    this.#top.moveToLast()
    this.#enterIndex()
    this.#index.moveToLast()
    this.#enterData()
    this.#data.moveToLast()
  }

  seek(key: Uint8Array, keyBytes: number, stamp: number): void {
    this.#enterTop()
    this.#top.seek(key, keyBytes, stamp)
    this.#enterIndex()
    this.#index.seek(key, keyBytes, stamp)
    this.#enterData()
    this.#data.seek(key, keyBytes, stamp)
  }

  seekBackward(key: Uint8Array, keyBytes: number, stamp: number): void {
    // The last entry that is not after the position is before the first one that is after it.
    this.seek(key, keyBytes, stamp - 1)
    if (this.isValid) this.previous()
    else this.last()
  }

  next(): void {
    this.#data.next()
    if (this.#data.isValid) return
    this.#index.next()
    if (!this.#index.isValid) {
      this.#top.next()
      this.#enterIndex()
      this.#index.moveTo(0)
    }
    this.#enterData()
    this.#data.moveTo(0)
  }

  previous(): void {
    this.#data.previous()
    if (this.#data.isValid) return
    this.#index.previous()
    if (!this.#index.isValid) {
      this.#top.previous()
      this.#enterIndex()
      this.#index.moveToLast()
    }
    this.#enterData()
    this.#data.moveToLast()
  }

  release(): void {
    this.#top.enter(undefined)
    this.#index.enter(undefined)
    this.#data.enter(undefined)
  }

  #enterTop(): void {
    this.#data.enter(undefined)
    this.#top.enter(this.#table.top())
  }

  /** Enters the index block of the current entry of the top. */
  #enterIndex(): void {
    this.#index.enter(this.#top.isValid ? this.#read(this.#topEntry, UnitContent.Index) : undefined)
  }

  /** Enters the data block of the current entry of the index block. */
  #enterData(): void {
    this.#data.enter(undefined)
    if (this.#index.isValid) this.#data.enter(this.#read(this.#indexEntry, UnitContent.Data))
  }

  #read({ valueBuffer, valueStart, valueEnd }: Entry, content: UnitContent): Block {
    return this.#table.block(this.#table.handleAt(valueBuffer, valueStart, valueEnd), content)
  }
}
