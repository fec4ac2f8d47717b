import { corruption, readU32, readU64Of, writeU32, writeU64 } from '@ldb/base'
import { decodeFileHeader, encodeFileHeader, SEED_ZERO, xxHash64 } from '@ldb/integrity'
import { ChainHash } from './chain-hash.js'
import {
  FILE_KIND,
  FORMAT_VERSION,
  HEADER_BASE_LSN,
  HEADER_BYTES,
  HEADER_CHAIN_HASH,
  HEADER_CHECKSUM,
  HEADER_DURABLE_END_LSN,
  HEADER_LAST_SEQ,
  HEADER_FILE_HEADER,
  HEADER_OWNER_ID,
  HEADER_PREVIOUS_ID,
  HEADER_RESERVED,
  HEADER_SEGMENT_ID,
  HEADER_SEGMENT_NUMBER,
  HEADER_SEQ_FLOOR,
  MINIMUM_READER_VERSION,
  OWNER_ID_BYTES,
  RECORD_ALIGNMENT,
  SEGMENT_ID_BYTES,
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
}

const halves = new Int32Array(2)

/** Reports whether two segment ids or owner ids are equal. */
export function equalIds(left: Uint8Array, right: Uint8Array): boolean {
  for (let index = 0; index < SEGMENT_ID_BYTES; index++) {
    if (left[index] !== right[index]) return false
  }
  return true
}

/** Encodes a header into the first {@link HEADER_BYTES} bytes of `target`, which must be zero. */
export function encodeSegmentHeader(header: SegmentHeader, target: Uint8Array): void {
  target.set(
    encodeFileHeader({
      kind: FILE_KIND,
      format: FORMAT_VERSION,
      minimumReader: MINIMUM_READER_VERSION,
      flags: 0,
    }),
    HEADER_FILE_HEADER,
  )
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
  xxHash64(target, 0, HEADER_CHECKSUM, SEED_ZERO, halves)
  writeU32(target, HEADER_CHECKSUM, halves[0]! >>> 0)
  writeU32(target, HEADER_CHECKSUM + 4, halves[1]! >>> 0)
}

/**
 * Decodes and validates the header of a segment.
 *
 * @param source - the start of the file.
 * @param sourceBytes - number of valid bytes in `source`.
 * @throws {@link LdbError} LDB_CORRUPTION when the header is truncated or damaged; LDB_FORMAT when the file is of another kind or has
 * a format that this build does not read.
 */
export function decodeSegmentHeader(source: Uint8Array, sourceBytes: number, file: string): SegmentHeader {
  if (sourceBytes < HEADER_BYTES) {
    throw corruption(file, sourceBytes, 'a log segment ends within its header', {
      expected: HEADER_BYTES,
      actual: sourceBytes,
    })
  }
  decodeFileHeader(source, { file, kind: FILE_KIND, format: FORMAT_VERSION })
  xxHash64(source, 0, HEADER_CHECKSUM, SEED_ZERO, halves)
  if (
    readU32(source, HEADER_CHECKSUM) !== halves[0]! >>> 0 ||
    readU32(source, HEADER_CHECKSUM + 4) !== halves[1]! >>> 0
  ) {
    throw corruption(file, HEADER_CHECKSUM, 'the header of a log segment does not match its checksum')
  }
  return checkedHeader(source, file)
}

function checkedHeader(source: Uint8Array, file: string): SegmentHeader {
  const field = (offset: number): number => readU64Of(source, offset, file, offset)
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
  }
  if (header.baseLsn % RECORD_ALIGNMENT !== 0 || header.durableEndLsn < header.baseLsn) {
    throw corruption(file, HEADER_BASE_LSN, 'the header of a log segment contradicts itself')
  }
  if (header.seqFloor < header.lastSeq) {
    throw corruption(file, HEADER_SEQ_FLOOR, 'the header of a log segment contradicts itself')
  }
  for (let offset = HEADER_RESERVED; offset < HEADER_CHECKSUM; offset++) {
    if (source[offset] !== 0) throw corruption(file, offset, 'a reserved byte of a log segment is not zero')
  }
  return header
}
