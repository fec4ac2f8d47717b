import { readU16, readU32, readU64, VALUE_BYTES_MAX, writeU16, writeU32, writeU64 } from '@ldb/base'
import type { UnitCodec } from '@ldb/integrity'
import {
  RECORD_CHECKSUM,
  RECORD_CODEC,
  RECORD_DECODED_BYTES,
  RECORD_FILE_OFFSET,
  RECORD_HEADER_BYTES,
  RECORD_KEY_BYTES,
  RECORD_RESERVED,
  RECORD_RESERVED2,
  RECORD_VALUE_BYTES,
  RECORD_VALUE_CHECKSUM,
} from '../format.js'
import { isValidEncoding } from './value-encoding.js'

/** The header of a record. */
export interface RecordHeader {
  /** Offset of the record in its file. */
  readonly offset: number
  readonly keyBytes: number
  readonly valueBytes: number
  /** Checksum of the value, or of its chunk table. */
  readonly checksumLow: number
  readonly checksumHigh: number
  /** Id of the codec of the stored value; 0 when it is not encoded. */
  readonly codecId: number
  /** Bytes of the decoded value; 0 without a codec. */
  readonly decodedBytes: number
}

const hash = new Int32Array(2)

/**
 * Encodes a header to the start of `target`, which the key follows already, as it is stored.
 *
 * @param trailerBytes - bytes of the trailer of an encrypted key.
 */
export function encodeRecordHeader(
  codec: UnitCodec,
  header: RecordHeader,
  target: Uint8Array,
  trailerBytes: number = 0,
): void {
  target.fill(0, 0, RECORD_HEADER_BYTES)
  writeU64(target, RECORD_FILE_OFFSET, header.offset)
  writeU32(target, RECORD_VALUE_CHECKSUM, header.checksumLow >>> 0)
  writeU32(target, RECORD_VALUE_CHECKSUM + 4, header.checksumHigh >>> 0)
  writeU32(target, RECORD_VALUE_BYTES, header.valueBytes)
  writeU16(target, RECORD_KEY_BYTES, header.keyBytes)
  target[RECORD_CODEC] = header.codecId
  writeU32(target, RECORD_DECODED_BYTES, header.decodedBytes)
  const end = RECORD_HEADER_BYTES + header.keyBytes + trailerBytes
  codec.checksum(target, RECORD_FILE_OFFSET, end, hash)
  writeU32(target, RECORD_CHECKSUM, (hash[0] as number) >>> 0)
  writeU32(target, RECORD_CHECKSUM + 4, (hash[1] as number) >>> 0)
}

/**
 * Decodes the header of the record at `offset` of a file.
 *
 * @param bytes - `byteCount` bytes from the start of the record.
 * @param trailerBytes - bytes of the trailer of an encrypted key.
 * @returns `undefined` when they are not a header, or not all of its key; the key lengthens the header.
 */
export function decodeRecordHeader(
  codec: UnitCodec,
  bytes: Uint8Array,
  byteCount: number,
  offset: number,
  trailerBytes: number = 0,
): RecordHeader | undefined {
  if (byteCount < RECORD_HEADER_BYTES) return undefined
  const keyBytes = readU16(bytes, RECORD_KEY_BYTES)
  const end = RECORD_HEADER_BYTES + keyBytes + trailerBytes
  if (end > byteCount) return undefined
  const low = readU32(bytes, RECORD_CHECKSUM) | 0
  const high = readU32(bytes, RECORD_CHECKSUM + 4) | 0
  if (!codec.isIntact(bytes, RECORD_FILE_OFFSET, end, low, high)) return undefined
  const valueBytes = readU32(bytes, RECORD_VALUE_BYTES)
  const codecId = bytes[RECORD_CODEC] as number
  const decodedBytes = readU32(bytes, RECORD_DECODED_BYTES)
  const isKnown =
    readU64(bytes, RECORD_FILE_OFFSET) === offset &&
    valueBytes <= VALUE_BYTES_MAX &&
    isValidEncoding(codecId, valueBytes, decodedBytes) &&
    bytes[RECORD_RESERVED] === 0 &&
    readU32(bytes, RECORD_RESERVED2) === 0
  if (!isKnown) return undefined
  return {
    offset,
    keyBytes,
    valueBytes,
    checksumLow: readU32(bytes, RECORD_VALUE_CHECKSUM) | 0,
    checksumHigh: readU32(bytes, RECORD_VALUE_CHECKSUM + 4) | 0,
    codecId,
    decodedBytes,
  }
}
