import { corruption, readU16, readU32, readCheckedU64, writeU32, writeU64 } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import { decodeFileHeader, encodeFileHeader, SEED_ZERO, UnitCodec, UnitKind } from '@ldb/integrity'
import type { UnitFile } from '@ldb/integrity'
import { ChainHash } from './chain-hash.js'
import { formatError } from './format-error.js'
import {
  BRANCH_ID_BYTES,
  FILE_KIND,
  FORMAT_VERSION,
  HEADER_ARCHIVE_BRANCH_ID,
  HEADER_BASE_LSN,
  HEADER_BYTES,
  HEADER_CAPACITY_BYTES,
  HEADER_CHAIN_HASH,
  HEADER_CHECKSUM,
  HEADER_DATA_KEY_ID,
  HEADER_DURABLE_END_LSN,
  HEADER_FILE_HEADER,
  HEADER_FIRST_RECORD_TIME,
  HEADER_LAST_SEQ,
  HEADER_OWNER_ID,
  HEADER_PADDING,
  HEADER_PREVIOUS_ID,
  HEADER_RESERVED,
  HEADER_SEGMENT_ID,
  HEADER_SEGMENT_NUMBER,
  HEADER_SEQ_FLOOR,
  HEADER_SUITE,
  HEADER_TRAILER_BYTES,
  MINIMUM_READER_VERSION,
  OWNER_ID_BYTES,
  RECORD_ALIGNMENT,
  RECORDS_FILE_OFFSET,
  SEGMENT_ID_BYTES,
  SegmentFlag,
} from '../format.js'

/** Header of a segment: the content of its first block. */
export interface SegmentHeader {
  readonly segmentId: Uint8Array
  /** Id of the previous segment; zeros in the first segment of a log. */
  readonly previousId: Uint8Array
  readonly segmentNumber: number
  /** Lsn of the first record. Bytes of the previous segment at or after it are not part of the log. */
  readonly baseLsn: number
  /** Records of this segment below this lsn were on the device before the segment was renamed. */
  readonly durableEndLsn: number
  /** Seq of the last record before this segment. */
  readonly lastSeq: number
  /** Greatest seq seen before this segment, including records dropped as a torn tail. */
  readonly seqFloor: number
  /** Chain hash over all records before this segment. */
  readonly chainHash: ChainHash
  /** Id of the owner of the log; zeros when it has none. */
  readonly ownerId: Uint8Array
  /** Milliseconds since 1970, not after the first record was appended; 0 when unknown. */
  readonly firstRecordTime: number
  /** Id of the branch in an archive; zeros when there is none. */
  readonly archiveBranchId: Uint8Array
  /** The records of this segment end at most this many bytes after `baseLsn`, unless a single larger record is all of them. */
  readonly capacityBytes: number
  /** Records of type 6, which name values outside of the log, may occur, and those of type 7. */
  readonly hasExternalValues: boolean
  /** How the payloads are encrypted; absent when they are not. */
  readonly encryption: SegmentEncryption | undefined
}

/** How the payloads of a segment are encrypted. */
export interface SegmentEncryption {
  readonly suite: number
  readonly trailerBytes: number
}

/** The header is stored plain in every segment: its id and suite are needed before any key is known. */
const HEADER_CODEC = new UnitCodec(SEED_ZERO)
const halves = new Int32Array(2)
/** Bytes of the magic at the start of a file header. */
const MAGIC_BYTES = 8

/** Reports whether two segment ids or owner ids are equal. */
export function equalIds(left: Uint8Array, right: Uint8Array): boolean {
  for (let index = 0; index < SEGMENT_ID_BYTES; index++) {
    if (left[index] !== right[index]) return false
  }
  return true
}

/** Writes a header and a zero seal block to a new file. */
export function writeSegmentHeader(file: UnitFile, header: SegmentHeader): void {
  const bytes = new Uint8Array(RECORDS_FILE_OFFSET)
  encodeSegmentHeader(header, bytes)
  HEADER_CODEC.write(file, UnitKind.SegmentHeader, 0, 0, bytes, 0, bytes.length)
}

/** Encodes a header into the first {@link HEADER_BYTES} bytes of `target`, which must be zero. */
export function encodeSegmentHeader(header: SegmentHeader, target: Uint8Array): void {
  const fileHeader = encodeFileHeader({
    kind: FILE_KIND,
    format: FORMAT_VERSION,
    minimumReader: MINIMUM_READER_VERSION,
    flags:
      (header.hasExternalValues ? SegmentFlag.externalValues | SegmentFlag.keyspaceChanges : 0) |
      (header.encryption === undefined ? 0 : SegmentFlag.encrypted),
  })
  target.set(fileHeader, HEADER_FILE_HEADER)
  target.set(header.segmentId, HEADER_SEGMENT_ID)
  target.set(header.previousId, HEADER_PREVIOUS_ID)
  writeU64(target, HEADER_SEGMENT_NUMBER, header.segmentNumber)
  writeU64(target, HEADER_BASE_LSN, header.baseLsn)
  writeU64(target, HEADER_DURABLE_END_LSN, header.durableEndLsn)
  writeU64(target, HEADER_LAST_SEQ, header.lastSeq)
  writeU64(target, HEADER_SEQ_FLOOR, header.seqFloor)
  writeU32(target, HEADER_CHAIN_HASH, header.chainHash.low >>> 0)
  writeU32(target, HEADER_CHAIN_HASH + 4, header.chainHash.high >>> 0)
  target.set(header.ownerId, HEADER_OWNER_ID)
  target[HEADER_SUITE] = header.encryption?.suite ?? 0
  target[HEADER_TRAILER_BYTES] = header.encryption?.trailerBytes ?? 0
  writeU64(target, HEADER_FIRST_RECORD_TIME, header.firstRecordTime)
  target.set(header.archiveBranchId, HEADER_ARCHIVE_BRANCH_ID)
  writeU64(target, HEADER_CAPACITY_BYTES, header.capacityBytes)
  HEADER_CODEC.checksum(target, 0, HEADER_CHECKSUM, halves)
  writeU32(target, HEADER_CHECKSUM, halves[0]! >>> 0)
  writeU32(target, HEADER_CHECKSUM + 4, halves[1]! >>> 0)
}

/** Reports whether bytes begin with the magic number of a log segment, of any version. */
export function hasSegmentMagic(source: Uint8Array): boolean {
  const known = { kind: FILE_KIND, format: FORMAT_VERSION, minimumReader: MINIMUM_READER_VERSION, flags: 0 }
  const magic = encodeFileHeader(known).subarray(0, MAGIC_BYTES)
  return magic.every((byte, at) => source[at] === byte)
}

/**
 * Decodes and validates the header of a segment.
 *
 * @param source - the start of the file.
 * @param sourceBytes - number of valid bytes in `source`.
 * @throws {@link LdbError} LDB_CORRUPTION when the header is truncated or damaged; LDB_FORMAT when the file is of another kind or has
 * a format, a flag, an encryption suite or a reserved field that this build does not read.
 */
export function decodeSegmentHeader(source: Uint8Array, sourceBytes: number, file: string): SegmentHeader {
  if (sourceBytes < HEADER_BYTES) {
    throw corruption(file, sourceBytes, 'a log segment ends within its header', {
      expected: HEADER_BYTES,
      actual: sourceBytes,
    })
  }
  // Refuses every other flag.
  const known = {
    file,
    kind: FILE_KIND,
    format: FORMAT_VERSION,
    flags: SegmentFlag.externalValues | SegmentFlag.keyspaceChanges | SegmentFlag.encrypted,
  }
  const { format, flags } = decodeFileHeader(source, known)
  if (format < MINIMUM_READER_VERSION) {
    throw formatError(
      file,
      0,
      `the log has format ${format}; this build reads format ${FORMAT_VERSION} only`,
      {
        expected: FORMAT_VERSION,
        actual: format,
      },
    )
  }
  const low = readU32(source, HEADER_CHECKSUM) | 0
  const high = readU32(source, HEADER_CHECKSUM + 4) | 0
  if (!HEADER_CODEC.isIntact(source, 0, HEADER_CHECKSUM, low, high)) {
    throw corruption(file, HEADER_CHECKSUM, 'the header of a log segment does not match its checksum')
  }
  checkReserved(source, file, (flags & SegmentFlag.encrypted) !== 0)
  return decodeFields(source, file, flags)
}

/** Refuses what the checksum proves to be written, but this build gives no meaning. */
function checkReserved(source: Uint8Array, file: string, isEncrypted: boolean): void {
  const suite = source[HEADER_SUITE]!
  if (suite !== 0 && !isEncrypted) {
    throw formatError(
      file,
      HEADER_SUITE,
      `the log is encrypted with suite ${suite}, which this build does not read`,
    )
  }
  if (readU16(source, HEADER_PADDING) !== 0) {
    throw formatError(file, HEADER_PADDING, 'a reserved byte of a log segment header is not zero')
  }
  for (let offset = HEADER_RESERVED; offset < HEADER_CHECKSUM; offset++) {
    if (source[offset] !== 0) {
      throw formatError(file, offset, 'a reserved byte of a log segment header is not zero')
    }
  }
  const hasSuite = suite !== 0 || source[HEADER_TRAILER_BYTES] !== 0
  if (hasSuite !== isEncrypted || readU32(source, HEADER_DATA_KEY_ID) !== 0) {
    throw inconsistent(file, HEADER_SUITE)
  }
}

function decodeFields(source: Uint8Array, file: string, flags: number): SegmentHeader {
  const field = (offset: number): number => readCheckedU64(source, offset, file, offset)
  const header: SegmentHeader = {
    segmentId: source.slice(HEADER_SEGMENT_ID, HEADER_SEGMENT_ID + SEGMENT_ID_BYTES),
    previousId: source.slice(HEADER_PREVIOUS_ID, HEADER_PREVIOUS_ID + SEGMENT_ID_BYTES),
    segmentNumber: field(HEADER_SEGMENT_NUMBER),
    baseLsn: field(HEADER_BASE_LSN),
    durableEndLsn: field(HEADER_DURABLE_END_LSN),
    lastSeq: field(HEADER_LAST_SEQ),
    seqFloor: field(HEADER_SEQ_FLOOR),
    chainHash: new ChainHash(
      readU32(source, HEADER_CHAIN_HASH) | 0,
      readU32(source, HEADER_CHAIN_HASH + 4) | 0,
    ),
    ownerId: source.slice(HEADER_OWNER_ID, HEADER_OWNER_ID + OWNER_ID_BYTES),
    firstRecordTime: field(HEADER_FIRST_RECORD_TIME),
    archiveBranchId: source.slice(HEADER_ARCHIVE_BRANCH_ID, HEADER_ARCHIVE_BRANCH_ID + BRANCH_ID_BYTES),
    capacityBytes: field(HEADER_CAPACITY_BYTES),
    hasExternalValues: (flags & SegmentFlag.externalValues) !== 0,
    encryption:
      (flags & SegmentFlag.encrypted) === 0
        ? undefined
        : { suite: source[HEADER_SUITE]!, trailerBytes: source[HEADER_TRAILER_BYTES]! },
  }
  if (header.baseLsn % RECORD_ALIGNMENT !== 0 || header.durableEndLsn < header.baseLsn) {
    throw inconsistent(file, HEADER_BASE_LSN)
  }
  if (header.seqFloor < header.lastSeq) throw inconsistent(file, HEADER_SEQ_FLOOR)
  return header
}

function inconsistent(file: string, offset: number): LdbError {
  return corruption(file, offset, 'the header of a log segment is inconsistent')
}
