import { assert } from '../assert.js'
import {
  BATCH_ROOM_BEFORE,
  BATCH_ROOM_BEHIND,
  SECTION_HEADER_BYTES,
  SECTION_KEYSPACE_ID_OFFSET,
  SECTION_OPERATION_BYTES_OFFSET,
  SECTION_OPERATION_COUNT_OFFSET,
} from './format.js'
import type { KeyspaceSection, OperationKind } from './section.js'
import { copyBytesInto } from '../bytes/bytes.js'
import { writeU32 } from '../bytes/fixed-width.js'
import { largeBuffers } from '../bytes/large-buffers.js'
import { LdbError } from '../ldb-error.js'
import { encodeVarint } from '../bytes/varint.js'

/** Where the first operation begins: behind the room for a record of the log, and the header. */
const OPERATIONS_OFFSET = BATCH_ROOM_BEFORE + SECTION_HEADER_BYTES
/** Bytes of a buffer that holds no operation. @internal */
export const SECTION_BUFFER_BYTES_MIN: number = OPERATIONS_OFFSET + BATCH_ROOM_BEHIND

/**
 * The growing operations of one keyspace, in one buffer with the header reserved in front of them, and the room that a batch has
 * around it.
 *
 * @internal
 */
export class SectionBuilder implements KeyspaceSection {
  readonly keyspaceId: number
  readonly start: number = OPERATIONS_OFFSET
  bytes: Uint8Array
  end: number
  operationCount: number
  #encoded: Uint8Array | undefined

  constructor(keyspaceId: number, buffer: Uint8Array) {
    assert(buffer.length >= SECTION_BUFFER_BYTES_MIN, 'buffer must hold the header of a section')
    this.keyspaceId = keyspaceId
    this.bytes = buffer
    this.end = OPERATIONS_OFFSET
    this.operationCount = 0
    this.#encoded = undefined
  }

  /** Bytes of the section, its header included. */
  get byteCount(): number {
    return this.end - BATCH_ROOM_BEFORE
  }

  /** Removes all operations. */
  reset(): void {
    this.end = OPERATIONS_OFFSET
    this.operationCount = 0
  }

  /** Makes room for `count` more bytes. Doubles the buffer, so that the copying stays in proportion to what is written. */
  reserve(count: number, bytesMax: number): void {
    const needed = this.end + count + BATCH_ROOM_BEHIND
    const { bytes } = this
    if (needed <= bytes.length) return
    const room = BATCH_ROOM_BEFORE + BATCH_ROOM_BEHIND
    const wanted = Math.max(needed, Math.min(bytes.length * 2, bytesMax + room))
    const grown = largeBuffers.take(needed) ?? allocateBytes(wanted)
    grown.set(bytes.subarray(0, this.end))
    this.bytes = grown
    largeBuffers.give(bytes)
  }

  /** Begins an operation; room is reserved. */
  begin(kind: OperationKind): void {
    this.bytes[this.end++] = kind
    this.operationCount++
  }

  /** Adds a length and the first `count` bytes of `source`; room is reserved. */
  add(source: Uint8Array, count: number): void {
    const at = encodeVarint(count, this.bytes, this.end)
    copyBytesInto(this.bytes, at, source, 0, count)
    this.end = at + count
  }

  /** Writes the header, which makes the section complete. */
  finish(): void {
    writeU32(this.bytes, BATCH_ROOM_BEFORE + SECTION_KEYSPACE_ID_OFFSET, this.keyspaceId)
    writeU32(this.bytes, BATCH_ROOM_BEFORE + SECTION_OPERATION_COUNT_OFFSET, this.operationCount)
    writeU32(this.bytes, BATCH_ROOM_BEFORE + SECTION_OPERATION_BYTES_OFFSET, this.end - OPERATIONS_OFFSET)
  }

  /** Returns the sealed section as a view of the buffer. The last one is kept: commits in a row are often of one length. */
  encoded(): Uint8Array {
    const { bytes, byteCount } = this
    let encoded = this.#encoded
    if (encoded?.length !== byteCount || encoded.buffer !== bytes.buffer) {
      encoded = bytes.subarray(BATCH_ROOM_BEFORE, this.end)
      this.#encoded = encoded
    }
    return encoded
  }
}

/**
 * Returns a new array of zeros.
 *
 * @throws {@link LdbError} LDB_TOO_LARGE when there is no memory for it.
 * @internal
 */
export function allocateBytes(count: number): Uint8Array {
  try {
    return new Uint8Array(count)
  } catch (error) {
    throw new LdbError('LDB_TOO_LARGE', `there is no memory for a batch of ${count} bytes`, { cause: error })
  }
}
