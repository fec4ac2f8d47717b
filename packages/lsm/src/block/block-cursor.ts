import { copyBytesInto } from '@ldb/base'
import type { Entry } from '../entry/entry.js'
import { BLOCK_PREFIX_OFFSET } from '../format.js'
import type { EntryKind } from '../format.js'
import type { Block } from './block.js'
import { RecordHeader } from './record-header.js'

/** A position in one block at a time. Puts the current entry into an entry that its owner shares. */
export class BlockCursor {
  readonly #entry: Entry
  readonly #header: RecordHeader = new RecordHeader()
  #block: Block | undefined
  #index: number
  /** The prefix of the block and the rest of the current key. */
  #key: Uint8Array

  constructor(entry: Entry) {
    this.#entry = entry
    this.#block = undefined
    this.#index = 0
    this.#key = new Uint8Array(64)
  }

  /** The block; `undefined` when there is none. */
  get block(): Block | undefined {
    return this.#block
  }

  get isValid(): boolean {
    return this.#block !== undefined && this.#index >= 0 && this.#index < this.#block.count
  }

  /** Sets the block, without a position in it. The block is pinned until another one is set. */
  enter(block: Block | undefined): void {
    block?.pin()
    this.#block?.unpin()
    this.#block = block
    this.#index = -1
    if (block !== undefined) this.#setPrefix(block)
  }

  /** Moves to an entry by its index; beyond the ends there is no current entry. */
  moveTo(index: number): void {
    this.#index = index
    if (this.isValid) this.#load()
  }

  moveToLast(): void {
    this.moveTo((this.#block?.count ?? 0) - 1)
  }

  seek(key: Uint8Array, keyBytes: number, stamp: number): void {
    if (this.#block !== undefined) this.moveTo(this.#block.search(key, keyBytes, stamp))
  }

  /** Moves to the last entry that is not after (`key`, `stamp`). */
  seekBackward(key: Uint8Array, keyBytes: number, stamp: number): void {
    if (this.#block === undefined) return
    // No two entries have one stamp: the first entry after (key, stamp) is the first one that is not before (key, stamp - 1).
    this.moveTo(this.#block.search(key, keyBytes, stamp - 1) - 1)
  }

  next(): void {
    this.moveTo(this.#index + 1)
  }

  previous(): void {
    this.moveTo(this.#index - 1)
  }

  #setPrefix(block: Block): void {
    this.#reserve(block.prefixBytes)
    copyBytesInto(this.#key, 0, block.bytes, BLOCK_PREFIX_OFFSET, BLOCK_PREFIX_OFFSET + block.prefixBytes)
  }

  #load(): void {
    const block = this.#block!
    const { bytes, prefixBytes } = block
    const entry = this.#entry
    const offset = block.recordOffset(this.#index)
    const header = this.#header
    header.read(bytes, offset)
    const { rest, restBytes, valueBytes } = header
    const keyEnd = prefixBytes + restBytes
    if (keyEnd > this.#key.length) this.#reserve(keyEnd)
    copyBytesInto(this.#key, prefixBytes, bytes, rest, rest + restBytes)
    entry.kind = bytes[offset] as EntryKind
    entry.stamp = block.baseStamp + header.stampDelta
    entry.keyBuffer = this.#key
    entry.keyStart = 0
    entry.keyEnd = keyEnd
    entry.valueBuffer = bytes
    entry.valueStart = rest + restBytes
    entry.valueEnd = rest + restBytes + valueBytes
  }

  #reserve(byteCount: number): void {
    if (byteCount <= this.#key.length) return
    const grown = new Uint8Array(Math.max(byteCount, 2 * this.#key.length))
    grown.set(this.#key)
    this.#key = grown
  }
}
