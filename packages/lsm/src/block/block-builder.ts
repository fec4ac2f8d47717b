import { copyBytesInto, encodeVarint, VARINT_BYTES_MAX, writeU32, writeU64 } from '@ldb/base'
import {
  BLOCK_BASE_STAMP_OFFSET,
  BLOCK_COUNT_OFFSET,
  BLOCK_PREFIX_BYTES_OFFSET,
  BLOCK_PREFIX_OFFSET,
  SLOT_BYTES,
} from '../format.js'
import type { EntryKind } from '../format.js'
import { slotsOffset } from './block.js'
import { keyHead } from './key-head.js'
import { encodeLongVarint, LONG_VARINT_BYTES_MAX } from './long-varint.js'

/** Kind, three varints, and a slot. */
const RECORD_OVERHEAD_MAX: number = 1 + 2 * VARINT_BYTES_MAX + LONG_VARINT_BYTES_MAX + SLOT_BYTES
const ENTRIES_MIN = 64

/**
 * Builds the payload of a block from entries in ascending order. Reused for many blocks.
 *
 * @remarks The common prefix is known with the last key, so that keys are collected. Values are copied once, when the block is finished: a
 * value in the buffer of the block is moved within it.
 */
export class BlockBuilder {
  /** Keys of the entries added, one after the other. */
  #keys = new Uint8Array(2048)
  #keyEnds: Int32Array = new Int32Array(ENTRIES_MIN)
  #stamps: Float64Array = new Float64Array(ENTRIES_MIN)
  #kinds: Uint8Array = new Uint8Array(ENTRIES_MIN)
  readonly #valueBuffers: Uint8Array[] = []
  #valueStarts: Int32Array = new Int32Array(ENTRIES_MIN)
  #valueEnds: Int32Array = new Int32Array(ENTRIES_MIN)
  #count = 0
  #valueBytes = 0
  #stampMin = Infinity

  get count(): number {
    return this.#count
  }

  /** Upper bound of the bytes of the payload. */
  get byteCountMax(): number {
    const count = this.#count
    const keyBytes = count === 0 ? 0 : this.#keyEnds[count - 1]!
    return BLOCK_PREFIX_OFFSET + 3 + keyBytes + this.#valueBytes + count * RECORD_OVERHEAD_MAX
  }

  /** Adds an entry that follows the last one in the order of entries. Copies the key; the value must not change until `finish` or `keepValues`. */
  add(
    kind: EntryKind,
    stamp: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const index = this.#count
    if (index === this.#kinds.length) this.#growEntries()
    const start = index === 0 ? 0 : this.#keyEnds[index - 1]!
    const end = start + keyEnd - keyStart
    if (end > this.#keys.length) this.#growKeys(end)
    copyBytesInto(this.#keys, start, key, keyStart, keyEnd)
    this.#keyEnds[index] = end
    this.#stamps[index] = stamp
    this.#kinds[index] = kind
    this.#valueBuffers[index] = value
    this.#valueStarts[index] = valueStart
    this.#valueEnds[index] = valueEnd
    this.#valueBytes += valueEnd - valueStart
    if (stamp < this.#stampMin) this.#stampMin = stamp
    this.#count = index + 1
  }

  /** Copies the values of the entries added, whose memory will be overwritten. */
  keepValues(): void {
    const kept = new Uint8Array(this.#valueBytes)
    let end = 0
    for (let index = 0; index < this.#count; index++) {
      const start = this.#valueStarts[index]!
      const valueEnd = this.#valueEnds[index]!
      copyBytesInto(kept, end, this.#valueBuffers[index]!, start, valueEnd)
      this.#valueBuffers[index] = kept
      this.#valueStarts[index] = end
      end += valueEnd - start
      this.#valueEnds[index] = end
    }
  }

  /** Returns a copy of the key of the last entry. */
  lastKey(): Uint8Array {
    const last = this.#count - 1
    return this.#keys.slice(last === 0 ? 0 : this.#keyEnds[last - 1], this.#keyEnds[last])
  }

  /** Writes the payload to `target` at `start` and returns its end. Empties the builder. At least one entry was added. */
  finish(target: Uint8Array, start: number): number {
    const count = this.#count
    const keys = this.#keys
    const stampMin = this.#stampMin
    const prefixBytes = this.#commonPrefixBytes()
    writeU32(target, start + BLOCK_COUNT_OFFSET, count)
    writeU32(target, start + BLOCK_PREFIX_BYTES_OFFSET, prefixBytes)
    writeU64(target, start + BLOCK_BASE_STAMP_OFFSET, stampMin)
    copyBytesInto(target, start + BLOCK_PREFIX_OFFSET, keys, 0, prefixBytes)
    let slot = start + slotsOffset(prefixBytes)
    target.fill(0, start + BLOCK_PREFIX_OFFSET + prefixBytes, slot)
    let end = slot + count * SLOT_BYTES
    let keyStart = 0
    for (let index = 0; index < count; index++) {
      const rest = keyStart + prefixBytes
      const keyEnd = this.#keyEnds[index]!
      const valueStart = this.#valueStarts[index]!
      const valueEnd = this.#valueEnds[index]!
      writeU32(target, slot, keyHead(keys, rest, keyEnd))
      writeU32(target, slot + 4, end - start)
      slot += SLOT_BYTES
      target[end] = this.#kinds[index]!
      end = encodeVarint(keyEnd - rest, target, end + 1)
      end = encodeLongVarint(this.#stamps[index]! - stampMin, target, end)
      end = encodeVarint(valueEnd - valueStart, target, end)
      copyBytesInto(target, end, keys, rest, keyEnd)
      end += keyEnd - rest
      copyBytesInto(target, end, this.#valueBuffers[index]!, valueStart, valueEnd)
      end += valueEnd - valueStart
      keyStart = keyEnd
    }
    this.#count = 0
    this.#valueBytes = 0
    this.#stampMin = Infinity
    return end
  }

  /** The keys ascend, so that the common prefix of all is that of the first and the last. */
  #commonPrefixBytes(): number {
    const keys = this.#keys
    const count = this.#count
    const last = count === 1 ? 0 : this.#keyEnds[count - 2]!
    const shared = Math.min(this.#keyEnds[0]!, this.#keyEnds[count - 1]! - last)
    let bytes = 0
    while (bytes < shared && keys[bytes] === keys[last + bytes]) bytes++
    return bytes
  }

  #growKeys(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, 2 * this.#keys.length))
    grown.set(this.#keys)
    this.#keys = grown
  }

  #growEntries(): void {
    const length = 2 * this.#kinds.length
    const grow = (list: Int32Array): Int32Array => {
      const grown = new Int32Array(length)
      grown.set(list)
      return grown
    }
    this.#keyEnds = grow(this.#keyEnds)
    this.#valueStarts = grow(this.#valueStarts)
    this.#valueEnds = grow(this.#valueEnds)
    const kinds = new Uint8Array(length)
    kinds.set(this.#kinds)
    this.#kinds = kinds
    const stamps = new Float64Array(length)
    stamps.set(this.#stamps)
    this.#stamps = stamps
  }
}
