import { corruption, readCheckedU64, readU32, writeU32, writeU64 } from '@ldb/base'
import { decodeFileHeader, encodeFileHeader, SEED_ZERO } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import { matchesChecksum, writeChecksum } from '../catalog/checksum-field.js'
import {
  BACKUP_ID_BYTES,
  SectionType,
  STREAM_END_BYTES,
  STREAM_END_OFFSET_DATA_BYTES,
  STREAM_END_OFFSET_MANIFEST_BYTES,
  STREAM_END_OFFSET_SECTION_COUNT,
  STREAM_FORMAT,
  STREAM_HEADER_BYTES,
  STREAM_KIND,
  STREAM_OFFSET_BRANCH_ID,
  STREAM_OFFSET_CHECKSUM,
  STREAM_OFFSET_DATABASE_ID,
  STREAM_OFFSET_NUMBER,
  STREAM_OFFSET_PARENT_ID,
  STREAM_OFFSET_RESERVED,
  STREAM_OFFSET_SEQ,
  STREAM_OFFSET_STREAM_ID,
  STREAM_OFFSET_TOTAL_BYTES,
  STREAM_PAYLOAD_BYTES_MAX,
  STREAM_SECTION_BYTES,
  STREAM_SECTION_OFFSET_CHECKSUM,
  STREAM_SECTION_OFFSET_DATA_OFFSET,
  STREAM_SECTION_OFFSET_FILE_INDEX,
  STREAM_SECTION_OFFSET_PAYLOAD_BYTES,
  STREAM_SECTION_OFFSET_RESERVED,
  STREAM_SECTION_OFFSET_STREAM_OFFSET,
  STREAM_SECTION_OFFSET_TYPE,
} from '../format.js'

const FILE_HEADER = { kind: STREAM_KIND, format: STREAM_FORMAT, minimumReader: STREAM_FORMAT, flags: 0 }
/** Offset of the format version in a file header: the bytes before it are the same in every stream. */
const FORMAT_OFFSET = 8

/** Header of the stream of a backup. */
export interface StreamHeader {
  /** Id of the backup. */
  readonly streamId: Uint8Array
  readonly databaseId: Uint8Array
  readonly branchId: Uint8Array
  /** The backup that it continues; zeros for a full one. */
  readonly parentId: Uint8Array
  readonly seq: number
  /** Bytes of the restored files. */
  readonly totalBytes: number
  readonly number: number
}

/** A section of a stream, without its payload. */
export interface Section {
  readonly type: SectionType
  readonly streamOffset: number
  readonly dataOffset: number
  readonly fileIndex: number
}

/** Totals in the end record of a stream. */
export interface StreamTotals {
  readonly dataBytes: number
  readonly manifestBytes: number
  readonly sectionCount: number
}

/** Encodes the header of a stream (FORMAT.md). */
export function encodeStreamHeader(header: StreamHeader): Uint8Array {
  const bytes = new Uint8Array(STREAM_HEADER_BYTES)
  bytes.set(encodeFileHeader(FILE_HEADER))
  bytes.set(header.streamId, STREAM_OFFSET_STREAM_ID)
  bytes.set(header.databaseId, STREAM_OFFSET_DATABASE_ID)
  bytes.set(header.branchId, STREAM_OFFSET_BRANCH_ID)
  bytes.set(header.parentId, STREAM_OFFSET_PARENT_ID)
  writeU64(bytes, STREAM_OFFSET_SEQ, header.seq)
  writeU64(bytes, STREAM_OFFSET_TOTAL_BYTES, header.totalBytes)
  writeU32(bytes, STREAM_OFFSET_NUMBER, header.number)
  writeChecksum(bytes, STREAM_OFFSET_CHECKSUM, STREAM_OFFSET_STREAM_ID, bytes.length, SEED_ZERO)
  return bytes
}

/**
 * Decodes the header of a stream.
 *
 * @param name - of the stream, for errors.
 * @throws {@link LdbError} LDB_FORMAT when it is no stream of a backup, or a newer one; LDB_CORRUPTION.
 */
export function decodeStreamHeader(bytes: Uint8Array, name: string): StreamHeader {
  decodeFileHeader(bytes, { file: name, kind: STREAM_KIND, format: STREAM_FORMAT })
  if (
    bytes.length < STREAM_HEADER_BYTES ||
    !matchesChecksum(bytes, STREAM_OFFSET_CHECKSUM, STREAM_OFFSET_STREAM_ID, STREAM_HEADER_BYTES, SEED_ZERO)
  ) {
    throw corruption(name, STREAM_OFFSET_CHECKSUM, 'the header of the stream is damaged')
  }
  if (readU32(bytes, STREAM_OFFSET_RESERVED) !== 0)
    throw corruption(name, STREAM_OFFSET_RESERVED, 'reserved bytes of the stream are not zero')
  const idAt = (at: number): Uint8Array => bytes.slice(at, at + BACKUP_ID_BYTES)
  return {
    streamId: idAt(STREAM_OFFSET_STREAM_ID),
    databaseId: idAt(STREAM_OFFSET_DATABASE_ID),
    branchId: idAt(STREAM_OFFSET_BRANCH_ID),
    parentId: idAt(STREAM_OFFSET_PARENT_ID),
    seq: readCheckedU64(bytes, STREAM_OFFSET_SEQ, name, STREAM_OFFSET_SEQ),
    totalBytes: readCheckedU64(bytes, STREAM_OFFSET_TOTAL_BYTES, name, STREAM_OFFSET_TOTAL_BYTES),
    number: readU32(bytes, STREAM_OFFSET_NUMBER),
  }
}

/** Reports whether streams of backups begin with these bytes, fewer than a header, whatever follows. */
export function isStreamBeginning(bytes: Uint8Array): boolean {
  const expected = encodeFileHeader(FILE_HEADER).subarray(0, FORMAT_OFFSET)
  return bytes.every((byte, index) => index >= FORMAT_OFFSET || byte === expected[index])
}

/** Encodes a section with the payload `payload[start, start + byteCount)`. The result is a copy. */
export function encodeSection(
  { type, streamOffset, dataOffset, fileIndex }: Section,
  seed: Seed64,
  payload: Uint8Array,
  start: number,
  byteCount: number,
): Uint8Array {
  const bytes = new Uint8Array(STREAM_SECTION_BYTES + byteCount)
  writeU64(bytes, STREAM_SECTION_OFFSET_STREAM_OFFSET, streamOffset)
  writeU64(bytes, STREAM_SECTION_OFFSET_DATA_OFFSET, dataOffset)
  writeU32(bytes, STREAM_SECTION_OFFSET_PAYLOAD_BYTES, byteCount)
  writeU32(bytes, STREAM_SECTION_OFFSET_FILE_INDEX, fileIndex)
  bytes[STREAM_SECTION_OFFSET_TYPE] = type
  bytes.set(payload.subarray(start, start + byteCount), STREAM_SECTION_BYTES)
  writeChecksum(
    bytes,
    STREAM_SECTION_OFFSET_CHECKSUM,
    STREAM_SECTION_OFFSET_STREAM_OFFSET,
    bytes.length,
    seed,
  )
  return bytes
}

/** Returns the length of the payload of a section. @throws {@link LdbError} LDB_CORRUPTION when it is too long. */
export function payloadBytesOf(bytes: Uint8Array, name: string, streamOffset: number): number {
  const byteCount = readU32(bytes, STREAM_SECTION_OFFSET_PAYLOAD_BYTES)
  if (byteCount > 0 && byteCount <= STREAM_PAYLOAD_BYTES_MAX) return byteCount
  throw corruption(name, streamOffset, 'a section of the stream has no valid length')
}

/**
 * Decodes a section: its fixed part with its payload.
 *
 * @param streamOffset - where it begins.
 * @throws {@link LdbError} LDB_CORRUPTION when it is damaged, or is not of this stream or this offset.
 */
export function decodeSection(bytes: Uint8Array, name: string, seed: Seed64, streamOffset: number): Section {
  const isWhole = matchesChecksum(
    bytes,
    STREAM_SECTION_OFFSET_CHECKSUM,
    STREAM_SECTION_OFFSET_STREAM_OFFSET,
    bytes.length,
    seed,
  )
  if (!isWhole) {
    throw corruption(name, streamOffset, 'a section of the stream is damaged, or belongs to another stream')
  }
  const type = bytes[STREAM_SECTION_OFFSET_TYPE] as SectionType
  const reserved = bytes.subarray(STREAM_SECTION_OFFSET_RESERVED, STREAM_SECTION_BYTES)
  if (
    readCheckedU64(bytes, STREAM_SECTION_OFFSET_STREAM_OFFSET, name, streamOffset) !== streamOffset ||
    !SECTION_TYPES.has(type) ||
    reserved.some((byte) => byte !== 0)
  ) {
    throw corruption(name, streamOffset, 'a section of the stream is malformed')
  }
  return {
    type,
    streamOffset,
    dataOffset: readCheckedU64(bytes, STREAM_SECTION_OFFSET_DATA_OFFSET, name, streamOffset),
    fileIndex: readU32(bytes, STREAM_SECTION_OFFSET_FILE_INDEX),
  }
}

const SECTION_TYPES: ReadonlySet<number> = new Set(Object.values(SectionType))

/** Encodes the payload of the end section. */
export function encodeTotals({ dataBytes, manifestBytes, sectionCount }: StreamTotals): Uint8Array {
  const bytes = new Uint8Array(STREAM_END_BYTES)
  writeU64(bytes, STREAM_END_OFFSET_DATA_BYTES, dataBytes)
  writeU64(bytes, STREAM_END_OFFSET_MANIFEST_BYTES, manifestBytes)
  writeU64(bytes, STREAM_END_OFFSET_SECTION_COUNT, sectionCount)
  return bytes
}

/** Decodes the payload of the end section. @throws {@link LdbError} LDB_CORRUPTION. */
export function decodeTotals(payload: Uint8Array, name: string, streamOffset: number): StreamTotals {
  if (payload.length !== STREAM_END_BYTES)
    throw corruption(name, streamOffset, 'the end of the stream has another length')
  return {
    dataBytes: readCheckedU64(payload, STREAM_END_OFFSET_DATA_BYTES, name, streamOffset),
    manifestBytes: readCheckedU64(payload, STREAM_END_OFFSET_MANIFEST_BYTES, name, streamOffset),
    sectionCount: readCheckedU64(payload, STREAM_END_OFFSET_SECTION_COUNT, name, streamOffset),
  }
}
