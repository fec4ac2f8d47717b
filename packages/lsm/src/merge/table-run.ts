import { copyBytesInto, readU32, readU64 } from '@ldb/base'
import { BlockCursor } from '../block/block-cursor.js'
import { slotsOffset } from '../block/block.js'
import { RecordHeader } from '../block/record-header.js'
import { Entry } from '../entry/entry.js'
import {
  BLOCK_BASE_STAMP_OFFSET,
  BLOCK_COUNT_OFFSET,
  BLOCK_PREFIX_BYTES_OFFSET,
  BLOCK_PREFIX_OFFSET,
  EntryKind,
  SLOT_BYTES,
  UnitContent,
} from '../format.js'
import type { UnitHandle } from '../table/handle.js'
import type { TableReader } from '../table/table-reader.js'
import type { Table } from '../version/table.js'
import type { BufferPart } from '../entry/buffer-part.js'

/**
 * The entries of tables that do not overlap, in their order, for a merge: read once, many blocks at a time, past the cache.
 *
 * @remarks Every record is checked when it is reached. The slots of a block are not read: records follow each other without a gap.
 */
export class TableRun {
  readonly entry: Entry = new Entry()
  isValid = false
  /** Key of the entry before the current one, in the first `previousKeyBytes` bytes. Unspecified before the second entry. */
  previousKey: Uint8Array = new Uint8Array(64)
  previousKeyBytes = 0
  readonly #tables: readonly Table[]
  readonly #window: BufferPart
  readonly #indexEntry: Entry = new Entry()
  readonly #topEntry: Entry = new Entry()
  readonly #index: BlockCursor = new BlockCursor(this.#indexEntry)
  readonly #top: BlockCursor = new BlockCursor(this.#topEntry)
  readonly #header: RecordHeader = new RecordHeader()
  #beforeReuse: () => void = () => undefined
  #reader: TableReader | undefined = undefined
  #tableCount = 0
  /** Stored units, the first of them at `#unitStart` of `#stored`. */
  #stored: Uint8Array
  #unitStart = 0
  readonly #units: UnitHandle[] = []
  #unitIndex = 0
  /** The block: the next record, the records left, and the end of the last one. */
  #bytes: Uint8Array
  #at = 0
  #leftCount = 0
  #blockEnd = 0
  #blockOffset = 0
  #baseStamp = 0
  #prefixStart = 0
  #prefixBytes = 0
  /** Keys that still need the prefix of the block: the buffers of the current key and of the previous one are exchanged. */
  #unprefixedKeys = 0

  /** @param window - memory for stored units. */
  constructor(tables: readonly Table[], window: BufferPart) {
    this.#tables = tables
    this.#window = window
    this.#stored = window.bytes
    this.#bytes = window.bytes
    this.entry.keyBuffer = new Uint8Array(64)
  }

  /** Moves to the first entry. @param beforeReuse - see {@link MergeSource}. */
  first(beforeReuse: () => void): void {
    this.#beforeReuse = beforeReuse
    this.isValid = true
    this.next()
  }

  next(): void {
    const { entry } = this
    if (this.#leftCount === 0 && !this.#enterBlock()) {
      this.previousKey = entry.keyBuffer
      this.previousKeyBytes = entry.keyEnd
      this.isValid = false
      return
    }
    const bytes = this.#bytes
    const offset = this.#at
    const header = this.#header
    const kind = bytes[offset]
    const isRead = header.read(bytes, offset)
    const { rest, restBytes, valueBytes } = header
    const restEnd = rest + restBytes
    const end = restEnd + valueBytes
    const isKind = kind === EntryKind.Put || (kind === EntryKind.Delete && valueBytes === 0)
    if (!isRead || !isKind || end > this.#blockEnd) throw this.fault()
    this.#leftCount--
    if (this.#leftCount === 0 && end !== this.#blockEnd) throw this.fault()
    this.#at = end
    this.#setKey(rest, restEnd)
    entry.kind = kind
    entry.stamp = this.#baseStamp + header.stampDelta
    entry.valueBuffer = bytes
    entry.valueStart = restEnd
    entry.valueEnd = end
  }

  /** Creates the error of a block whose records are malformed or out of order. */
  fault(): Error {
    return this.#reader!.file.fault(this.#blockOffset, 'a block is malformed')
  }

  #setKey(rest: number, restEnd: number): void {
    const { entry } = this
    const prefixBytes = this.#prefixBytes
    const keyBytes = prefixBytes + restEnd - rest
    let key = this.previousKey
    this.previousKey = entry.keyBuffer
    this.previousKeyBytes = entry.keyEnd
    let needsPrefix = this.#unprefixedKeys > 0
    if (needsPrefix) this.#unprefixedKeys--
    if (keyBytes > key.length) {
      key = new Uint8Array(2 * keyBytes)
      needsPrefix = true
    }
    const bytes = this.#bytes
    if (needsPrefix) copyBytesInto(key, 0, bytes, this.#prefixStart, this.#prefixStart + prefixBytes)
    copyBytesInto(key, prefixBytes, bytes, rest, restEnd)
    entry.keyBuffer = key
    entry.keyEnd = keyBytes
  }

  /** Enters the next block. Returns false when there is none. */
  #enterBlock(): boolean {
    if (this.#unitIndex === this.#units.length && !this.#readWindow()) return false
    const handle = this.#units[this.#unitIndex++]!
    const reader = this.#reader!
    const stored = this.#stored
    const payload = reader.file.decode(stored, this.#unitStart, handle, UnitContent.Data)
    this.#unitStart += handle.storedBytes
    this.#blockOffset = handle.fileOffset
    const isInPlace = payload.buffer === stored.buffer
    const bytes = isInPlace ? stored : payload
    const start = isInPlace ? payload.byteOffset - stored.byteOffset : 0
    this.#bytes = bytes
    this.#blockEnd = start + payload.length
    if (payload.length < BLOCK_PREFIX_OFFSET) throw this.fault()
    const count = readU32(bytes, start + BLOCK_COUNT_OFFSET)
    const prefixBytes = readU32(bytes, start + BLOCK_PREFIX_BYTES_OFFSET)
    const storedStamp = readU64(bytes, start + BLOCK_BASE_STAMP_OFFSET)
    const slots = slotsOffset(prefixBytes)
    const records = slots + count * SLOT_BYTES
    if (count === 0 || storedStamp < 0 || records > payload.length) throw this.fault()
    this.#leftCount = count
    this.#at = start + records
    this.#baseStamp = storedStamp === 0 ? reader.meta.minStamp : storedStamp
    this.#prefixStart = start + BLOCK_PREFIX_OFFSET
    this.#prefixBytes = prefixBytes
    this.#unprefixedKeys = KEY_BUFFERS
    return true
  }

  /** Reads the next blocks: as many as the window holds, of one index block. Returns false when there is none. */
  #readWindow(): boolean {
    while (!this.#index.isValid) if (!this.#enterIndex()) return false
    const { bytes, start, end } = this.#window
    const reader = this.#reader!
    const units = this.#units
    units.length = 0
    this.#unitIndex = 0
    const first = this.#handle(this.#indexEntry)
    let storedEnd = first.fileOffset
    for (let next = first; ; next = this.#handle(this.#indexEntry)) {
      const isBehind = next.fileOffset === storedEnd
      const fits = next.fileOffset + next.storedBytes - first.fileOffset <= end - start
      if (units.length > 0 && (!isBehind || !fits)) break
      units.push(next)
      storedEnd += next.storedBytes
      this.#index.next()
      if (!this.#index.isValid) break
    }
    const storedBytes = storedEnd - first.fileOffset
    const isLarge = storedBytes > end - start
    this.#stored = isLarge ? new Uint8Array(storedBytes) : bytes
    this.#unitStart = isLarge ? 0 : start
    if (!isLarge) this.#beforeReuse()
    reader.file.readStored(this.#stored, this.#unitStart, first.fileOffset, storedBytes)
    return true
  }

  /** Enters the next index block, of the next table when there is none. Returns false behind the last one. */
  #enterIndex(): boolean {
    this.#top.next()
    while (!this.#top.isValid) {
      const table = this.#tables[this.#tableCount]
      if (table === undefined) return false
      this.#tableCount++
      this.#reader = table.reader
      this.#top.enter(table.reader.top())
      this.#top.next()
    }
    this.#index.enter(this.#reader!.block(this.#handle(this.#topEntry), UnitContent.Index))
    this.#index.next()
    return true
  }

  #handle({ valueBuffer, valueStart, valueEnd }: Entry): UnitHandle {
    return this.#reader!.handleAt(valueBuffer, valueStart, valueEnd)
  }
}

/** Buffers that the keys of a run take in turn: of the current key and the previous one. */
const KEY_BUFFERS = 2
