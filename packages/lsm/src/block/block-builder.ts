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
/** Builds the payload of a block from entries in ascending order. Reused for many blocks. */
export class BlockBuilder {
  /** Keys and values of the entries added, one after the other. */
  #content = new Uint8Array(8192)
  #contentEnd = 0
  readonly #keyStarts: number[] = []
  readonly #keyEnds: number[] = []
  readonly #valueEnds: number[] = []
  readonly #stamps: number[] = []
  readonly #kinds: EntryKind[] = []
  #stampMin = Infinity

  get count(): number {
    return this.#kinds.length
  }

  /** Upper bound of the bytes of the payload. */
  get byteCountMax(): number {
    return BLOCK_PREFIX_OFFSET + 3 + this.#contentEnd + this.count * RECORD_OVERHEAD_MAX
  }

  /** Adds an entry that follows the last one in the order of entries. Copies key and value. */
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
    this.#reserve(keyEnd - keyStart + (valueEnd - valueStart))
    const start = this.#contentEnd
    const middle = start + keyEnd - keyStart
    copyBytesInto(this.#content, start, key, keyStart, keyEnd)
    copyBytesInto(this.#content, middle, value, valueStart, valueEnd)
    this.#contentEnd = middle + valueEnd - valueStart
    this.#keyStarts.push(start)
    this.#keyEnds.push(middle)
    this.#valueEnds.push(this.#contentEnd)
    this.#stamps.push(stamp)
    this.#kinds.push(kind)
    this.#stampMin = Math.min(this.#stampMin, stamp)
  }

  /** Returns a copy of the key of the last entry. */
  lastKey(): Uint8Array {
    const last = this.count - 1
    return this.#content.slice(this.#keyStarts[last], this.#keyEnds[last])
  }

  /** Writes the payload to `target` at `start` and returns its end. Empties the builder. At least one entry was added. */
  finish(target: Uint8Array, start: number): number {
    const content = this.#content
    const prefixBytes = this.#commonPrefixBytes()
    const payload = target.subarray(start)
    writeU32(payload, BLOCK_COUNT_OFFSET, this.count)
    writeU32(payload, BLOCK_PREFIX_BYTES_OFFSET, prefixBytes)
    writeU64(payload, BLOCK_BASE_STAMP_OFFSET, this.#stampMin)
    copyBytesInto(payload, BLOCK_PREFIX_OFFSET, content, 0, prefixBytes)
    const slots = slotsOffset(prefixBytes)
    payload.fill(0, BLOCK_PREFIX_OFFSET + prefixBytes, slots)
    let end = slots + this.count * SLOT_BYTES
    for (let index = 0; index < this.count; index++) {
      const rest = this.#keyStarts[index]! + prefixBytes
      const keyEnd = this.#keyEnds[index]!
      const valueEnd = this.#valueEnds[index]!
      writeU32(payload, slots + index * SLOT_BYTES, keyHead(content, rest, keyEnd))
      writeU32(payload, slots + index * SLOT_BYTES + 4, end)
      payload[end++] = this.#kinds[index]!
      end = encodeVarint(keyEnd - rest, payload, end)
      end = encodeLongVarint(this.#stamps[index]! - this.#stampMin, payload, end)
      end = encodeVarint(valueEnd - keyEnd, payload, end)
      copyBytesInto(payload, end, content, rest, valueEnd)
      end += valueEnd - rest
    }
    this.#clear()
    return start + end
  }

  /** The keys ascend, so that the common prefix of all is that of the first and the last. */
  #commonPrefixBytes(): number {
    const content = this.#content
    const first = this.#keyStarts[0]!
    const last = this.#keyStarts[this.count - 1]!
    const shared = Math.min(this.#keyEnds[0]! - first, this.#keyEnds[this.count - 1]! - last)
    let bytes = 0
    while (bytes < shared && content[first + bytes] === content[last + bytes]) bytes++
    return bytes
  }

  #reserve(byteCount: number): void {
    const needed = this.#contentEnd + byteCount
    if (needed <= this.#content.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.#content.length))
    grown.set(this.#content.subarray(0, this.#contentEnd))
    this.#content = grown
  }

  #clear(): void {
    this.#contentEnd = 0
    for (const list of [this.#keyStarts, this.#keyEnds, this.#valueEnds, this.#stamps, this.#kinds])
      list.length = 0
    this.#stampMin = Infinity
  }
}
