import { assert } from './assert.js'
import {
  SECTION_HEADER_BYTES,
  SECTION_KEYSPACE_ID_OFFSET,
  SECTION_OPERATION_BYTES_OFFSET,
  SECTION_OPERATION_COUNT_OFFSET,
} from './batch-format.js'
import type { KeyspaceSection, OperationKind } from './batch-section.js'
import { copyBytesInto } from './bytes.js'
import { writeU32 } from './fixed-width.js'
import { LdbError } from './ldb-error.js'
import { encodeVarint } from './varint.js'

/**
 * The growing operations of one keyspace, in one buffer with the header reserved in front of them.
 *
 * @internal
 */
export class SectionBuilder implements KeyspaceSection {
  readonly keyspaceId: number
  readonly start: number = SECTION_HEADER_BYTES
  bytes: Uint8Array
  end: number
  operationCount: number
  #encoded: Uint8Array | undefined

  constructor(keyspaceId: number, buffer: Uint8Array) {
    assert(buffer.length >= SECTION_HEADER_BYTES, 'buffer must hold the header of a section')
    this.keyspaceId = keyspaceId
    this.bytes = buffer
    this.end = SECTION_HEADER_BYTES
    this.operationCount = 0
    this.#encoded = undefined
  }

  /** Removes all operations. */
  reset(): void {
    this.end = SECTION_HEADER_BYTES
    this.operationCount = 0
  }

  /** Makes room for `count` more bytes. Doubles the buffer, so that the copying stays in proportion to what is written. */
  reserve(count: number, bytesMax: number): void {
    const needed = this.end + count
    if (needed <= this.bytes.length) return
    const grown = allocateBytes(Math.max(needed, Math.min(this.bytes.length * 2, bytesMax)))
    grown.set(this.bytes.subarray(0, this.end))
    this.bytes = grown
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

  /** Writes the header, which makes the section `bytes[0, end)`. */
  seal(): void {
    writeU32(this.bytes, SECTION_KEYSPACE_ID_OFFSET, this.keyspaceId)
    writeU32(this.bytes, SECTION_OPERATION_COUNT_OFFSET, this.operationCount)
    writeU32(this.bytes, SECTION_OPERATION_BYTES_OFFSET, this.end - SECTION_HEADER_BYTES)
  }

  /** Gives the sealed section as a view of the buffer. The last one is kept: commits in a row are often of one length. */
  encoded(): Uint8Array {
    const { bytes, end } = this
    let encoded = this.#encoded
    if (encoded?.length !== end || encoded.buffer !== bytes.buffer) {
      encoded = bytes.subarray(0, end)
      this.#encoded = encoded
    }
    return encoded
  }
}

/**
 * Gives a new array of zeros.
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
