import { assert } from '../assert.js'
import {
  BATCH_HEADROOM_BYTES,
  BATCH_TAILROOM_BYTES,
  SECTION_HEADER_BYTES,
  SECTION_KEYSPACE_ID_OFFSET,
  SECTION_OPERATION_BYTES_OFFSET,
  SECTION_OPERATION_COUNT_OFFSET,
} from './format.js'
import type { KeyspaceSection, OperationKind } from './section.js'
import { compareByteRanges, copyBytesInto } from '../bytes/bytes.js'
import { writeU32 } from '../bytes/fixed-width.js'
import { bufferPool } from '../bytes/buffer-pool.js'
import { LdbError } from '../ldb-error.js'
import { encodeVarint } from '../bytes/varint.js'

/** Offset of the first operation: after the headroom and the section header. */
const OPERATIONS_OFFSET = BATCH_HEADROOM_BYTES + SECTION_HEADER_BYTES
/** Length of a buffer without operations, in bytes. @internal */
export const SECTION_BUFFER_BYTES_MIN: number = OPERATIONS_OFFSET + BATCH_TAILROOM_BYTES

/**
 * Builds the section of one keyspace in one growing buffer: headroom, section header, operations, tailroom.
 *
 * @internal
 */
export class SectionBuilder implements KeyspaceSection {
  readonly keyspaceId: number
  readonly start: number = OPERATIONS_OFFSET
  readonly starts: undefined = undefined
  readonly origin: undefined = undefined
  bytes: Uint8Array
  end: number
  operationCount: number
  /** Cleared by the first operation on a range, and by the first key that is not above its predecessor. */
  isSorted: boolean
  /** Position of the greatest key, while the operations are sorted. */
  #lastKeyStart: number
  #lastKeyEnd: number
  #encoded: Uint8Array | undefined

  constructor(keyspaceId: number, buffer: Uint8Array) {
    assert(buffer.length >= SECTION_BUFFER_BYTES_MIN, 'buffer must fit a section header')
    this.keyspaceId = keyspaceId
    this.bytes = buffer
    this.end = OPERATIONS_OFFSET
    this.operationCount = 0
    this.isSorted = true
    this.#lastKeyStart = OPERATIONS_OFFSET
    this.#lastKeyEnd = OPERATIONS_OFFSET
    this.#encoded = undefined
  }

  /** Length of the section in bytes, including its header. */
  get byteCount(): number {
    return this.end - BATCH_HEADROOM_BYTES
  }

  /** Removes all operations. */
  reset(): void {
    this.end = OPERATIONS_OFFSET
    this.operationCount = 0
    this.isSorted = true
  }

  /** Grows the buffer for `count` more bytes. It doubles, so that copying is amortized over the appended bytes. */
  reserve(count: number, bytesMax: number): void {
    const needed = this.end + count + BATCH_TAILROOM_BYTES
    const { bytes } = this
    if (needed <= bytes.length) return
    const bufferBytesMax = BATCH_HEADROOM_BYTES + bytesMax + BATCH_TAILROOM_BYTES
    const doubled = Math.max(needed, Math.min(bytes.length * 2, bufferBytesMax))
    const grown = bufferPool.acquire(needed) ?? allocateBytes(doubled)
    grown.set(bytes.subarray(0, this.end))
    this.bytes = grown
    bufferPool.release(bytes)
  }

  /** Starts an operation. The caller has reserved its bytes. */
  beginOperation(kind: OperationKind): void {
    this.bytes[this.end++] = kind
    this.operationCount++
  }

  /** Appends the single key of an operation as {@link SectionBuilder.appendBytes} does, and notes whether the keys still ascend. */
  appendKey(source: Uint8Array, count: number): void {
    this.appendBytes(source, count)
    if (!this.isSorted) return
    const { bytes, end } = this
    const start = end - count
    if (
      this.operationCount > 1 &&
      compareByteRanges(bytes, this.#lastKeyStart, this.#lastKeyEnd, bytes, start, end) >= 0
    ) {
      this.isSorted = false
      return
    }
    this.#lastKeyStart = start
    this.#lastKeyEnd = end
  }

  /** Appends the varint `count` and the first `count` bytes of `source`. The caller has reserved the bytes. */
  appendBytes(source: Uint8Array, count: number): void {
    const start = encodeVarint(count, this.bytes, this.end)
    copyBytesInto(this.bytes, start, source, 0, count)
    this.end = start + count
  }

  /** Writes the section header, which completes the encoding. */
  writeHeader(): void {
    writeU32(this.bytes, BATCH_HEADROOM_BYTES + SECTION_KEYSPACE_ID_OFFSET, this.keyspaceId)
    writeU32(this.bytes, BATCH_HEADROOM_BYTES + SECTION_OPERATION_COUNT_OFFSET, this.operationCount)
    writeU32(this.bytes, BATCH_HEADROOM_BYTES + SECTION_OPERATION_BYTES_OFFSET, this.end - OPERATIONS_OFFSET)
  }

  /** Returns the encoded section as a view of the buffer. The last view is cached: consecutive commits often have the same length. */
  encoded(): Uint8Array {
    const { bytes, byteCount } = this
    let encoded = this.#encoded
    if (encoded?.length !== byteCount || encoded.buffer !== bytes.buffer) {
      encoded = bytes.subarray(BATCH_HEADROOM_BYTES, this.end)
      this.#encoded = encoded
    }
    return encoded
  }
}

/**
 * Allocates a zeroed array.
 *
 * @throws {@link LdbError} LDB_TOO_LARGE when the allocation fails.
 * @internal
 */
export function allocateBytes(count: number): Uint8Array {
  try {
    return new Uint8Array(count)
  } catch (error) {
    throw new LdbError('LDB_TOO_LARGE', `cannot allocate ${count} bytes for a batch`, { cause: error })
  }
}
