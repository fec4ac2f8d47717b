import {
  compareByteRanges,
  copyBytes,
  copyBytesInto,
  LdbError,
  readU32,
  sharedBytes,
  writeU32,
} from '@ldb/base'

/** Record header: key length and value length, both u32. */
const HEADER_BYTES = 8
/** Value length of a record without a value. */
const NO_VALUE = 0xffff_ffff
const BYTES_MIN = 1_024

/**
 * An append-only arena of records in one growing byte array. A record has a key and an optional value and is identified by its
 * offset. There is no object per record. Records never change or move.
 */
export class RecordArena {
  bytes: Uint8Array
  /** Bytes in use. */
  used: number
  /** Limit of `used`. */
  readonly bytesMax: number

  constructor(bytesMax: number, bytes: number = BYTES_MIN) {
    this.bytes = sharedBytes(Math.min(bytes, bytesMax))
    this.used = 0
    this.bytesMax = bytesMax
  }

  /**
   * Appends a record and returns its offset.
   *
   * @param value - `undefined` for a record without one.
   * @throws {@link LdbError} LDB_TOO_LARGE when the record does not fit. The arena is then unchanged.
   */
  add(key: Uint8Array, keyBytes: number, value: Uint8Array | undefined, valueBytes: number): number {
    const offset = this.used
    const size = recordBytes(keyBytes, value === undefined ? 0 : valueBytes)
    this.#reserve(size)
    const { bytes } = this
    writeU32(bytes, offset, keyBytes)
    writeU32(bytes, offset + 4, value === undefined ? NO_VALUE : valueBytes)
    copyBytesInto(bytes, offset + HEADER_BYTES, key, 0, keyBytes)
    if (value !== undefined) copyBytesInto(bytes, offset + HEADER_BYTES + keyBytes, value, 0, valueBytes)
    this.used = offset + size
    return offset
  }

  /** Appends a copy of a record of another arena and returns its offset. */
  addFrom(source: RecordArena, offset: number): number {
    const size = source.sizeOf(offset)
    const target = this.used
    this.#reserve(size)
    copyBytesInto(this.bytes, target, source.bytes, offset, offset + size)
    this.used = target + size
    return target
  }

  /** Compares the key of a record with `bytes[start, end)`. */
  compareKey(offset: number, bytes: Uint8Array, start: number, end: number): number {
    const keyStart = offset + HEADER_BYTES
    return compareByteRanges(this.bytes, keyStart, keyStart + this.keyBytes(offset), bytes, start, end)
  }

  /** Compares the value of a record with `bytes[start, end)`. */
  compareValue(offset: number, bytes: Uint8Array, start: number, end: number): number {
    const valueStart = this.valueStart(offset)
    return compareByteRanges(this.bytes, valueStart, valueStart + this.valueBytes(offset), bytes, start, end)
  }

  keyStart(offset: number): number {
    return offset + HEADER_BYTES
  }

  keyBytes(offset: number): number {
    return readU32(this.bytes, offset)
  }

  hasValue(offset: number): boolean {
    return readU32(this.bytes, offset + 4) !== NO_VALUE
  }

  valueStart(offset: number): number {
    return offset + HEADER_BYTES + this.keyBytes(offset)
  }

  /** Returns the length of the value; 0 when there is none. */
  valueBytes(offset: number): number {
    const valueBytes = readU32(this.bytes, offset + 4)
    return valueBytes === NO_VALUE ? 0 : valueBytes
  }

  /** Returns a copy of the key. */
  key(offset: number): Uint8Array {
    const start = offset + HEADER_BYTES
    return copyBytes(this.bytes, start, start + this.keyBytes(offset))
  }

  /** Returns a copy of the value, or `undefined`. */
  value(offset: number): Uint8Array | undefined {
    if (!this.hasValue(offset)) return undefined
    const start = this.valueStart(offset)
    return copyBytes(this.bytes, start, start + this.valueBytes(offset))
  }

  /** Returns the size of a record in the arena, in bytes. */
  sizeOf(offset: number): number {
    return recordBytes(this.keyBytes(offset), this.valueBytes(offset))
  }

  #reserve(size: number): void {
    if (size > this.bytesMax - this.used) {
      throw new LdbError('LDB_TOO_LARGE', `the records exceed their limit of ${this.bytesMax} bytes`, {
        details: { expected: this.bytesMax, actual: this.used + size },
      })
    }
    const needed = this.used + size
    if (needed <= this.bytes.length) return
    const grown = allocate(Math.max(needed, Math.min(this.bytes.length * 2, this.bytesMax)))
    grown.set(this.bytes.subarray(0, this.used))
    this.bytes = grown
  }
}

/** Returns the size of a record with a key and a value of the given lengths, in bytes. */
export function recordBytes(keyBytes: number, valueBytes: number): number {
  return HEADER_BYTES + keyBytes + valueBytes
}

function allocate(count: number): Uint8Array {
  try {
    return sharedBytes(count)
  } catch (error) {
    throw new LdbError('LDB_TOO_LARGE', `the allocation of ${count} bytes for records failed`, {
      cause: error,
    })
  }
}
