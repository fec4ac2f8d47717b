/** Wire types of protobuf that etcd's messages use. */
export const WireType = { VARINT: 0, FIXED64: 1, BYTES: 2, FIXED32: 5 } as const

const CAPACITY_MIN = 256

/**
 * Encodes one protobuf message into a growing array.
 *
 * @remarks Fields with their default value are omitted, as proto3 requires of scalar fields.
 */
export class ProtoWriter {
  #bytes: Uint8Array
  #length = 0

  constructor(capacityBytes: number = CAPACITY_MIN) {
    this.#bytes = uninitialized(capacityBytes)
  }

  /** Number of bytes written. */
  get length(): number {
    return this.#length
  }

  /** Returns the written bytes, from `start` on: a view that is valid until the next write. */
  finish(start: number = 0): Uint8Array {
    return this.#bytes.subarray(start, this.#length)
  }

  /** Appends bytes that belong to no field, all of them 0, and returns the offset of the first. */
  skip(byteCount: number): number {
    this.#reserve(byteCount)
    const start = this.#length
    this.#length += byteCount
    this.#bytes.fill(0, start, this.#length)
    return start
  }

  /** Overwrites four bytes at `offset` with a big-endian number. */
  patchU32(offset: number, value: number): void {
    const bytes = this.#bytes
    bytes[offset] = value >>> 24
    bytes[offset + 1] = value >>> 16
    bytes[offset + 2] = value >>> 8
    bytes[offset + 3] = value
  }

  /** Writes an integer from 0 to 2^53 - 1. Zero is omitted. */
  integer(field: number, value: number): void {
    if (value !== 0) this.explicitInteger(field, value)
  }

  /** Writes an integer even when it is 0: members of a `oneof` are present or absent. */
  explicitInteger(field: number, value: number): void {
    this.#reserve(20)
    this.#varint(field * 8 + WireType.VARINT)
    this.#varint(value)
  }

  /** Writes a boolean. `false` is omitted. */
  boolean(field: number, value: boolean): void {
    if (value) this.explicitInteger(field, 1)
  }

  /** Writes bytes. No bytes are omitted. */
  bytes(field: number, value: Uint8Array): void {
    if (value.length === 0) return
    this.#reserve(20 + value.length)
    this.#varint(field * 8 + WireType.BYTES)
    this.#varint(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  /** Begins a message that is a field. @returns its position, for {@link ProtoWriter.end}. */
  begin(field: number): number {
    this.#reserve(20)
    this.#varint(field * 8 + WireType.BYTES)
    // Most lengths take one byte. `end` moves the message where it takes more.
    this.#length++
    return this.#length
  }

  /** Ends the message that began at `start`. */
  end(start: number): void {
    const byteCount = this.#length - start
    let lengthBytes = 1
    for (let rest = byteCount; rest >= 0x80; rest = Math.floor(rest / 0x80)) lengthBytes++
    if (lengthBytes > 1) {
      this.#reserve(lengthBytes)
      this.#bytes.copyWithin(start + lengthBytes - 1, start, this.#length)
    }
    this.#length = start - 1
    this.#varint(byteCount)
    this.#length += byteCount
  }

  #varint(value: number): void {
    const bytes = this.#bytes
    let rest = value
    while (rest >= 0x80) {
      bytes[this.#length++] = (rest % 0x80) + 0x80
      rest = Math.floor(rest / 0x80)
    }
    bytes[this.#length++] = rest
  }

  #reserve(byteCount: number): void {
    const needed = this.#length + byteCount
    if (needed <= this.#bytes.length) return
    const bytes = uninitialized(Math.max(needed, this.#bytes.length * 2))
    bytes.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = bytes
  }
}

/** A new `Uint8Array` would be filled with zeros first. */
function uninitialized(byteCount: number): Uint8Array {
  const { buffer, byteOffset } = Buffer.allocUnsafe(byteCount)
  return new Uint8Array(buffer, byteOffset, byteCount)
}
