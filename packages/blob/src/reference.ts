import {
  KEY_BYTES_MAX,
  readU16,
  readU32,
  readU64,
  VALUE_BYTES_MAX,
  writeU16,
  writeU32,
  writeU64,
} from '@ldb/base'
import { CodecId } from '@ldb/integrity'
import {
  FILE_NUMBER_MAX,
  HEADER_BYTES,
  recordBytesOf,
  REFERENCE_BYTES,
  REFERENCE_CODEC,
  REFERENCE_DECODED_BYTES,
  REFERENCE_FILE_NUMBER,
  REFERENCE_KEY_BYTES,
  REFERENCE_RESERVED,
  REFERENCE_VALUE_BYTES,
  REFERENCE_VALUE_CHECKSUM,
  REFERENCE_VALUE_OFFSET,
  RECORD_HEADER_BYTES,
} from './format.js'
import { isValidEncoding } from './encoding/value-encoding.js'

/** Names a value in a blob file. @category Blob files */
export interface BlobReference {
  readonly fileNumber: number
  /** Bytes of the value as it is stored. */
  readonly valueBytes: number
  /** Offset of the value in the file. */
  readonly valueOffset: number
  /** Checksum of the value, or of its chunk table: low and high half. */
  readonly checksumLow: number
  readonly checksumHigh: number
  /** Bytes of the key, which precedes the value. */
  readonly keyBytes: number
  /** Id of the codec of the stored value; 0 when it is not encoded. */
  readonly codecId: number
  /** Bytes of the decoded value; 0 without a codec. */
  readonly decodedBytes: number
}

/** Encodes a reference. @category Blob files */
export function encodeReference(reference: BlobReference): Uint8Array {
  const bytes = new Uint8Array(REFERENCE_BYTES)
  writeU32(bytes, REFERENCE_FILE_NUMBER, reference.fileNumber)
  writeU32(bytes, REFERENCE_VALUE_BYTES, reference.valueBytes)
  writeU64(bytes, REFERENCE_VALUE_OFFSET, reference.valueOffset)
  writeU32(bytes, REFERENCE_VALUE_CHECKSUM, reference.checksumLow >>> 0)
  writeU32(bytes, REFERENCE_VALUE_CHECKSUM + 4, reference.checksumHigh >>> 0)
  writeU16(bytes, REFERENCE_KEY_BYTES, reference.keyBytes)
  bytes[REFERENCE_CODEC] = reference.codecId
  writeU32(bytes, REFERENCE_DECODED_BYTES, reference.decodedBytes)
  return bytes
}

/**
 * Decodes the reference at `start`; `undefined` when the bytes are not a reference that this build reads.
 *
 * @category Blob files
 */
export function decodeReference(bytes: Uint8Array, start: number = 0): BlobReference | undefined {
  if (start < 0 || bytes.length - start < REFERENCE_BYTES) return undefined
  const fileNumber = readU32(bytes, start + REFERENCE_FILE_NUMBER)
  const valueBytes = readU32(bytes, start + REFERENCE_VALUE_BYTES)
  const valueOffset = readU64(bytes, start + REFERENCE_VALUE_OFFSET)
  const keyBytes = readU16(bytes, start + REFERENCE_KEY_BYTES)
  const codecId = bytes[start + REFERENCE_CODEC] as number
  const decodedBytes = readU32(bytes, start + REFERENCE_DECODED_BYTES)
  const isValid =
    fileNumber >= 1 &&
    fileNumber <= FILE_NUMBER_MAX &&
    valueBytes <= VALUE_BYTES_MAX &&
    keyBytes <= KEY_BYTES_MAX &&
    valueOffset - keyBytes >= HEADER_BYTES + RECORD_HEADER_BYTES &&
    valueOffset <= Number.MAX_SAFE_INTEGER - 2 * VALUE_BYTES_MAX &&
    isValidEncoding(codecId, valueBytes, decodedBytes) &&
    bytes[start + REFERENCE_RESERVED] === 0
  if (!isValid) return undefined
  return {
    fileNumber,
    valueBytes,
    valueOffset,
    checksumLow: readU32(bytes, start + REFERENCE_VALUE_CHECKSUM) | 0,
    checksumHigh: readU32(bytes, start + REFERENCE_VALUE_CHECKSUM + 4) | 0,
    keyBytes,
    codecId,
    decodedBytes,
  }
}

/** Returns the bytes of the value that a reference names, decoded. @category Blob files */
export function decodedBytesOf({ codecId, valueBytes, decodedBytes }: BlobReference): number {
  return codecId === CodecId.None ? valueBytes : decodedBytes
}

/**
 * Returns the bytes of the record that a reference names.
 *
 * @param trailerBytes - bytes of the trailer of a unit in an encrypted file.
 * @category Blob files
 */
export function referencedBytes({ keyBytes, valueBytes }: BlobReference, trailerBytes: number = 0): number {
  return recordBytesOf(keyBytes, valueBytes, trailerBytes)
}
