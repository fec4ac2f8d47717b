import { compareByteRanges, readU32, readU64 } from '@ldb/base'
import type { BlockBuffer, BlockBuffers, CacheableBlock } from '@ldb/cache'
import {
  BLOCK_BASE_STAMP_OFFSET,
  BLOCK_COUNT_OFFSET,
  BLOCK_PREFIX_BYTES_OFFSET,
  BLOCK_PREFIX_OFFSET,
  EntryKind,
  SLOT_BYTES,
} from '../format.js'
import { keyHead } from './key-head.js'
import { RecordHeader } from './record-header.js'

/**
 * A decoded block: entries in order, their common prefix stripped, behind a directory of slots.
 *
 * @remarks Every record was checked when the block was read, so that the other methods check nothing. Immutable, until it
 * is evicted while nothing has pinned it: its buffer then becomes that of another block.
 */
export class Block implements CacheableBlock {
  /** Payload of the block. */
  readonly bytes: Uint8Array
  /** Number of entries; at least 1. */
  readonly count: number
  readonly prefixBytes: number
  readonly #words: Int32Array
  readonly #slotsIndex: number
  /** Smallest stamp of the block, to which the records' stamps are relative. */
  readonly baseStamp: number
  /** Cursors that are in the block. */
  #pinCount = 0
  /** Where the buffer goes when the block is evicted. */
  #home: BlockBuffers | undefined = undefined
  #buffer: BlockBuffer | undefined = undefined
  /** True when the block is not in the cache any more: its bytes may be those of another block. */
  isEvicted = false
  /** Set by a use past the cache, and cleared by it. */
  wasUsed = false

  private constructor(
    bytes: Uint8Array,
    words: Int32Array,
    count: number,
    prefixBytes: number,
    baseStamp: number,
  ) {
    this.bytes = bytes
    this.count = count
    this.prefixBytes = prefixBytes
    this.baseStamp = baseStamp
    this.#words = words
    this.#slotsIndex = slotsOffset(prefixBytes) >> 2
  }

  /**
   * Decodes a payload and checks every record, and that the entries ascend.
   *
   * @param bytes - payload whose checksum was checked; begins at a multiple of four in its buffer. Not copied.
   * @param loadStamp - stamp of the entries when the block has none, as in a table of a load.
   * @param words - the memory of the payload as words.
   * @returns `undefined` when it is malformed.
   */
  static decode(bytes: Uint8Array, loadStamp = 0, words?: Int32Array): Block | undefined {
    if (bytes.length < BLOCK_PREFIX_OFFSET) return undefined
    const count = readU32(bytes, BLOCK_COUNT_OFFSET)
    const prefixBytes = readU32(bytes, BLOCK_PREFIX_BYTES_OFFSET)
    const storedStamp = readU64(bytes, BLOCK_BASE_STAMP_OFFSET)
    const baseStamp = storedStamp === 0 ? loadStamp : storedStamp
    if (count === 0 || storedStamp < 0 || prefixBytes > bytes.length - BLOCK_PREFIX_OFFSET) return undefined
    const slots = slotsOffset(prefixBytes)
    if (slots + count * SLOT_BYTES > bytes.length) return undefined
    const block = new Block(
      bytes,
      words ?? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2),
      count,
      prefixBytes,
      baseStamp,
    )
    return block.#isWellFormed(slots + count * SLOT_BYTES) ? block : undefined
  }

  /** Sets the buffer that contains the block. It is returned to `home` when the block is evicted and not pinned. */
  own(buffer: BlockBuffer, home: BlockBuffers): void {
    this.#buffer = buffer
    this.#home = home
  }

  /** Keeps the bytes as they are until `unpin`. A block that is evicted meanwhile never gives its buffer away. */
  pin(): void {
    this.#pinCount++
  }

  unpin(): void {
    this.#pinCount--
  }

  evicted(): void {
    this.isEvicted = true
    if (this.#pinCount === 0 && this.#buffer !== undefined) this.#home?.give(this.#buffer)
    this.#buffer = undefined
  }

  /** Offset of the record of an entry in `bytes`. */
  recordOffset(index: number): number {
    return this.#words[this.#slotsIndex + 2 * index + 1]!
  }

  /**
   * Returns the index of the first entry that is not before (`key`, `stamp`); `count` when all are.
   *
   * @param keyBytes - the key is the first `keyBytes` bytes of `key`.
   */
  search(key: Uint8Array, keyBytes: number, stamp: number): number {
    const { bytes, prefixBytes } = this
    const shared = Math.min(prefixBytes, keyBytes)
    const prefixOrder = compareByteRanges(
      key,
      0,
      shared,
      bytes,
      BLOCK_PREFIX_OFFSET,
      BLOCK_PREFIX_OFFSET + prefixBytes,
    )
    // A key that is shorter than the prefix is less than every key of the block.
    if (prefixOrder !== 0) return prefixOrder < 0 ? 0 : this.count
    const head = keyHead(key, prefixBytes, keyBytes)
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      const difference = this.#words[this.#slotsIndex + 2 * middle]! - head
      const isBefore = difference === 0 ? this.#isBefore(middle, key, keyBytes, stamp) : difference < 0
      if (isBefore) low = middle + 1
      else high = middle
    }
    return low
  }

  /**
   * Reports whether an entry that `search` has found for a key has this key.
   *
   * @param header - receives the header of the record.
   */
  isKeyAt(index: number, key: Uint8Array, keyBytes: number, header: RecordHeader): boolean {
    if (keyBytes < this.prefixBytes) return false
    // A key below the prefix is sought at the first entry.
    if (index === 0 && !this.hasPrefix(key)) return false
    return this.isRestAt(this.recordOffset(index), key, keyBytes, header)
  }

  /** Reports whether a key, which is no shorter than the prefix of the block, begins with it. */
  hasPrefix(key: Uint8Array): boolean {
    const { bytes, prefixBytes } = this
    for (let offset = 0; offset < prefixBytes; offset++) {
      if (bytes[BLOCK_PREFIX_OFFSET + offset] !== key[offset]) return false
    }
    return true
  }

  /** Reports whether the key of the record at an offset has the bytes of a key behind the prefix. @param header - receives its header. */
  isRestAt(recordOffset: number, key: Uint8Array, keyBytes: number, header: RecordHeader): boolean {
    const { bytes, prefixBytes } = this
    header.read(bytes, recordOffset)
    const { rest, restBytes } = header
    if (restBytes !== keyBytes - prefixBytes) return false
    for (let offset = 0; offset < restBytes; offset++) {
      if (bytes[rest + offset] !== key[prefixBytes + offset]) return false
    }
    return true
  }

  /** Reports whether an entry is before (`key`, `stamp`), whose key begins with the prefix of the block. */
  #isBefore(index: number, key: Uint8Array, keyBytes: number, stamp: number): boolean {
    const { bytes, prefixBytes } = this
    header.read(bytes, this.recordOffset(index))
    const { rest, restBytes } = header
    const order = compareByteRanges(bytes, rest, rest + restBytes, key, prefixBytes, keyBytes)
    return order === 0 ? this.baseStamp + header.stampDelta > stamp : order < 0
  }

  /** @param recordsStart - offset behind the slots. Records follow each other without a gap up to the end. */
  #isWellFormed(recordsStart: number): boolean {
    const { bytes, count } = this
    let expected = recordsStart
    let previousRest = 0
    let previousRestEnd = 0
    let previousHead = -1
    let previousStamp = 0
    for (let index = 0; index < count; index++) {
      const offset = this.recordOffset(index)
      if (offset !== expected || offset >= bytes.length) return false
      const kind = bytes[offset]
      if (kind !== EntryKind.Put && kind !== EntryKind.Delete) return false
      if (!header.read(bytes, offset)) return false
      const { rest, restBytes, valueBytes, stampDelta } = header
      if (kind === EntryKind.Delete && valueBytes !== 0) return false
      if (restBytes + valueBytes > bytes.length - rest) return false
      const restEnd = rest + restBytes
      const head = this.#words[this.#slotsIndex + 2 * index]!
      if (head !== keyHead(bytes, rest, restEnd) || head < previousHead) return false
      // Keys of which the heads ascend do so themselves.
      if (head === previousHead) {
        const order = compareByteRanges(bytes, previousRest, previousRestEnd, bytes, rest, restEnd)
        if (order > 0 || (order === 0 && previousStamp <= stampDelta)) return false
      }
      previousRest = rest
      previousRestEnd = restEnd
      previousHead = head
      previousStamp = stampDelta
      expected = restEnd + valueBytes
    }
    return expected === bytes.length
  }
}

/** Of the record that is read at the moment. */
const header = new RecordHeader()

/** Offset of the first slot: behind the prefix, at a multiple of four. */
export function slotsOffset(prefixBytes: number): number {
  return (BLOCK_PREFIX_OFFSET + prefixBytes + 3) & ~3
}
