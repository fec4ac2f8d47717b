import { requireSound } from './format-error.js'

/** Reads little-endian fields of a byte range. A field beyond the end of the range is LDB_CORRUPTION. */
export class ByteView {
  readonly bytes: Uint8Array
  readonly #view: DataView

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get length(): number {
    return this.bytes.length
  }

  u8(offset: number): number {
    this.#checkEnd(offset, 1)
    return this.#view.getUint8(offset)
  }

  u16(offset: number): number {
    this.#checkEnd(offset, 2)
    return this.#view.getUint16(offset, true)
  }

  u32(offset: number): number {
    this.#checkEnd(offset, 4)
    return this.#view.getUint32(offset, true)
  }

  /** Returns a 64-bit number of at most 2^53 − 1. A greater one is LDB_CORRUPTION. */
  u64(offset: number): number {
    const value = this.checksum(offset)
    requireSound(value <= BigInt(Number.MAX_SAFE_INTEGER), `a number above 2^53 − 1 at offset ${offset}`)
    return Number(value)
  }

  /** Returns 64 bits as a checksum. */
  checksum(offset: number): bigint {
    this.#checkEnd(offset, 8)
    return this.#view.getBigUint64(offset, true)
  }

  /** Returns a view of the bytes from `start` to `end`, `end` excluded. */
  slice(start: number, end: number): Uint8Array {
    requireSound(start <= end && end <= this.length, `bytes ${start} to ${end} do not exist`)
    return this.bytes.subarray(start, end)
  }

  /** Returns the bytes from `start` to `end` in hexadecimal. */
  hex(start: number, end: number): string {
    return hexOf(this.slice(start, end))
  }

  /** Reports whether all bytes from `start` to `end` are zero. */
  isZero(start: number, end: number): boolean {
    return this.slice(start, end).every((byte) => byte === 0)
  }

  #checkEnd(offset: number, byteCount: number): void {
    requireSound(offset >= 0 && offset + byteCount <= this.length, `no ${byteCount} bytes at ${offset}`)
  }
}

/** Returns bytes in hexadecimal. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Compares byte strings: by unsigned bytes, a proper prefix first. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shorter = Math.min(left.length, right.length)
  for (let index = 0; index < shorter; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** Returns the concatenation of byte strings. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((total, part) => total + part.length, 0))
  let offset = 0
  for (const part of parts) {
    result.set(part, offset)
    offset += part.length
  }
  return result
}

/** Decodes strict UTF-8. Invalid bytes are LDB_CORRUPTION. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    requireSound(false, 'a text is not UTF-8')
  }
}
