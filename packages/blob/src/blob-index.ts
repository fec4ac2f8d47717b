import { corruption, readU32, readU64, writeU32, writeU64 } from '@ldb/base'
import type { UnitCodec } from '@ldb/integrity'
import {
  HEADER_BYTES,
  INDEX_CHECKSUM_BYTES,
  INDEX_ENTRY_BYTES,
  INDEX_POSITION,
  INDEX_RECORD_OFFSET,
  indexBytesOf,
  RECORD_ALIGNMENT,
} from './format.js'

const hash = new Int32Array(2)

/**
 * The records of a compacted file: the offset that each had when it was written, by which references name it, and its present position.
 */
export class BlobIndex {
  readonly #offsets: Float64Array
  readonly #positions: Float64Array

  private constructor(offsets: Float64Array, positions: Float64Array) {
    this.#offsets = offsets
    this.#positions = positions
  }

  /** Returns the index of records that follow it in their order, without gaps. */
  static of(records: readonly { readonly offset: number; readonly recordBytes: number }[]): BlobIndex {
    const index = new BlobIndex(new Float64Array(records.length), new Float64Array(records.length))
    let position = HEADER_BYTES + indexBytesOf(records.length)
    records.forEach(({ offset, recordBytes }, at) => {
      index.#offsets[at] = offset
      index.#positions[at] = position
      position += recordBytes
    })
    return index
  }

  /**
   * Decodes and checks the index of a file.
   *
   * @throws {@link LdbError} LDB_CORRUPTION.
   */
  static decode(codec: UnitCodec, bytes: Uint8Array, byteCount: number, file: string): BlobIndex {
    const end = bytes.length - INDEX_CHECKSUM_BYTES
    const low = byteCount < bytes.length ? 0 : readU32(bytes, end) | 0
    const high = byteCount < bytes.length ? 0 : readU32(bytes, end + 4) | 0
    if (byteCount < bytes.length || !codec.isIntact(bytes, 0, end, low, high)) {
      throw corruption(file, HEADER_BYTES, 'the index of a blob file does not match its checksum')
    }
    const count = end / INDEX_ENTRY_BYTES
    const index = new BlobIndex(new Float64Array(count), new Float64Array(count))
    for (let at = 0; at < count; at++) {
      const offset = readU64(bytes, at * INDEX_ENTRY_BYTES + INDEX_RECORD_OFFSET)
      const position = readU64(bytes, at * INDEX_ENTRY_BYTES + INDEX_POSITION)
      index.#offsets[at] = offset
      index.#positions[at] = position
      const isAscending = at === 0 || (offset > index.offsetAt(at - 1) && position > index.positionAt(at - 1))
      if (isAscending && offset % RECORD_ALIGNMENT === 0 && position % RECORD_ALIGNMENT === 0) continue
      throw corruption(file, HEADER_BYTES + at * INDEX_ENTRY_BYTES, 'the index of a blob file is malformed')
    }
    return index
  }

  get length(): number {
    return this.#offsets.length
  }

  offsetAt(at: number): number {
    return this.#offsets[at] as number
  }

  positionAt(at: number): number {
    return this.#positions[at] as number
  }

  encode(codec: UnitCodec): Uint8Array {
    const bytes = new Uint8Array(indexBytesOf(this.length))
    const end = bytes.length - INDEX_CHECKSUM_BYTES
    for (let at = 0; at < this.length; at++) {
      writeU64(bytes, at * INDEX_ENTRY_BYTES + INDEX_RECORD_OFFSET, this.offsetAt(at))
      writeU64(bytes, at * INDEX_ENTRY_BYTES + INDEX_POSITION, this.positionAt(at))
    }
    codec.checksum(bytes, 0, end, hash)
    writeU32(bytes, end, (hash[0] as number) >>> 0)
    writeU32(bytes, end + 4, (hash[1] as number) >>> 0)
    return bytes
  }

  /** Returns the number of the first record whose offset is not below `offset`; `length` without one. */
  lowerBound(offset: number): number {
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.offsetAt(middle) < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
