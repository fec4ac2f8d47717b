import { CodecId } from '@ldb/integrity'
import type { UnitCompressor } from '@ldb/integrity'
import { ENCODED_VALUE_BYTES_MAX } from '../format.js'

/** How a value is stored. */
export interface ValueEncoding {
  /** Id of its codec; 0 when it is not encoded. */
  readonly codecId: number
  /** Bytes of the decoded value; 0 without a codec. */
  readonly decodedBytes: number
}

/** The encoding of a value that is stored as it is. */
export const PLAIN_VALUE: ValueEncoding = Object.freeze({ codecId: CodecId.None, decodedBytes: 0 })

/** Reports whether a stored value may have a codec and a decoded length. */
export function isValidEncoding(codecId: number, valueBytes: number, decodedBytes: number): boolean {
  if (codecId === CodecId.None) return decodedBytes === 0
  return valueBytes <= ENCODED_VALUE_BYTES_MAX && decodedBytes <= ENCODED_VALUE_BYTES_MAX
}

/** The stored form of a value, `bytes[start, end)`. */
export interface StoredValue extends ValueEncoding {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** Returns the stored form of the value `bytes[start, end)`: compressed where that is worth it, and `bytes` itself otherwise. */
export function encodeValue(
  bytes: Uint8Array,
  start: number,
  end: number,
  compressor: UnitCompressor | undefined,
): StoredValue {
  const isShort = end - start <= ENCODED_VALUE_BYTES_MAX
  const compressed = isShort ? compressor?.compress(bytes.subarray(start, end)) : undefined
  if (compressor === undefined || compressed === undefined) return { bytes, start, end, ...PLAIN_VALUE }
  const encoding = { codecId: compressor.codec.id, decodedBytes: end - start }
  return { bytes: compressed, start: 0, end: compressed.length, ...encoding }
}
