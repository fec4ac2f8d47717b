import { encodeUtf8Into, writeU64 } from '@ldb/base'
import {
  StoredKind,
  VALUE_HEADER_BYTES,
  VALUE_HEADER_EXPIRES_AT_OFFSET,
  VALUE_HEADER_KIND_OFFSET,
} from '../format.js'

const BLOCK_BYTES = 16 * 1024
/** A longer value gets an array of its own. */
const SHARED_BYTES_MAX = 1024

/**
 * Encodes values with their header.
 *
 * @remarks Short ones are views of a block: an allocation for each costs more than its bytes. A block stays in memory with its last value.
 */
export class StoredEncoder {
  #block: Uint8Array = new Uint8Array(0)
  #used = 0

  /** Returns an encoded value behind its header. @param expiresAt - milliseconds since 1970; Infinity for never. */
  encode(value: Uint8Array, expiresAt: number): Uint8Array {
    const stored = this.#begin(value.length, expiresAt)
    stored.set(value, stored.length - value.length)
    return stored
  }

  /** Returns a text in UTF-8 behind its header. @param byteCount - length of the text in UTF-8. */
  encodeText(text: string, byteCount: number, expiresAt: number): Uint8Array {
    const stored = this.#begin(byteCount, expiresAt)
    encodeUtf8Into(text, stored, stored.length - byteCount)
    return stored
  }

  #begin(valueBytes: number, expiresAt: number): Uint8Array {
    const isExpiring = expiresAt !== Infinity
    const stored = this.#allocate(
      valueBytes + (isExpiring ? VALUE_HEADER_BYTES : VALUE_HEADER_EXPIRES_AT_OFFSET),
    )
    stored[VALUE_HEADER_KIND_OFFSET] = isExpiring ? StoredKind.expiring : StoredKind.plain
    if (isExpiring) writeU64(stored, VALUE_HEADER_EXPIRES_AT_OFFSET, expiresAt)
    return stored
  }

  #allocate(byteCount: number): Uint8Array {
    if (byteCount > SHARED_BYTES_MAX) return new Uint8Array(byteCount)
    if (this.#used + byteCount > this.#block.length) {
      this.#block = new Uint8Array(BLOCK_BYTES)
      this.#used = 0
    }
    const start = this.#used
    this.#used += byteCount
    return this.#block.subarray(start, this.#used)
  }
}
