import type { Block } from '../block/block.js'
import { STAMP_MAX } from '../entry/entry.js'
import { RecordHeader } from '../block/record-header.js'
import { UnitContent } from '../format.js'
import type { EntryKind } from '../format.js'
import type { TableReader } from './table-reader.js'

const NO_BYTES = new Uint8Array(0)

/** Finds single entries in tables, without the positions of a cursor. Reused for many lookups. */
export class TableLookup {
  stamp = 0
  kind: EntryKind = 1
  /** Contains the value from `valueStart` to `valueEnd`, until another block is read. */
  valueBuffer: Uint8Array = NO_BYTES
  valueStart = 0
  valueEnd = 0
  /** The block of the entry, and the offset of its record; `undefined` before the first one. */
  block: Block | undefined = undefined
  recordOffset = 0
  readonly #header: RecordHeader = new RecordHeader()

  /** Finds the newest version of a key up to a stamp. Returns true when there is one; it is then in the fields. */
  find(table: TableReader, key: Uint8Array, keyBytes: number, stampMax: number): boolean {
    const top = table.top()
    if (top === undefined) return false
    const index = this.#child(table, top, UnitContent.Index, key, keyBytes, stampMax)
    if (index === undefined) return false
    const block = this.#child(table, index, UnitContent.Data, key, keyBytes, stampMax)
    if (block === undefined) return false
    const position = block.search(key, keyBytes, stampMax)
    const header = this.#header
    if (position === block.count || !block.isKeyAt(position, key, keyBytes, header)) return false
    this.#take(block, block.recordOffset(position))
    return true
  }

  /**
   * Looks at one record. Returns true when it is an entry of a key; it is then in the fields.
   *
   * @param recordOffset - of a record of the block, which is in the cache.
   */
  findAt(block: Block, recordOffset: number, key: Uint8Array, keyBytes: number): boolean {
    if (keyBytes < block.prefixBytes || !block.hasPrefix(key)) return false
    if (!block.isRestAt(recordOffset, key, keyBytes, this.#header)) return false
    this.#take(block, recordOffset)
    return true
  }

  /** Takes the entry whose header was read. */
  #take(block: Block, recordOffset: number): void {
    const header = this.#header
    this.block = block
    this.recordOffset = recordOffset
    this.kind = block.bytes[recordOffset] as EntryKind
    this.stamp = block.baseStamp + header.stampDelta
    this.valueBuffer = block.bytes
    this.valueStart = header.rest + header.restBytes
    this.valueEnd = this.valueStart + header.valueBytes
  }

  /** Returns the share of the entries of a table that are below a key, about: from the blocks on the way to it. */
  rank(table: TableReader, key: Uint8Array): number {
    const top = table.top()
    if (top === undefined) return 0
    const inTop = top.search(key, key.length, STAMP_MAX)
    const index = this.#child(table, top, UnitContent.Index, key, key.length, STAMP_MAX)
    if (index === undefined) return 1
    const { count } = index
    const inIndex = index.search(key, key.length, STAMP_MAX)
    const block = this.#child(table, index, UnitContent.Data, key, key.length, STAMP_MAX)
    if (block === undefined) return 1
    const inBlock = block.search(key, key.length, STAMP_MAX) / block.count
    return (inTop + (inIndex + inBlock) / count) / top.count
  }

  /** Reads the block whose last entry is the first that is not before the position sought. */
  #child(
    table: TableReader,
    parent: Block,
    content: UnitContent,
    key: Uint8Array,
    keyBytes: number,
    stampMax: number,
  ): Block | undefined {
    const position = parent.search(key, keyBytes, stampMax)
    if (position === parent.count) return undefined
    const header = this.#header
    header.read(parent.bytes, parent.recordOffset(position))
    const valueStart = header.rest + header.restBytes
    return table.block(table.handleAt(parent.bytes, valueStart, valueStart + header.valueBytes), content)
  }
}
