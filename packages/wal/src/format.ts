import { assert } from '@ldb/base'
import { FILE_HEADER_BYTES, FILE_ID_BYTES } from '@ldb/integrity'

// FORMAT.md is normative. A test compares its tables with these constants.

/** Kind of file in the common file header. */
export const FILE_KIND = 'W'
/** Format version that this package writes. */
export const FORMAT_VERSION = 3
/** Oldest reader version that can read the segments which this package writes, and oldest format version that it reads. */
export const MINIMUM_READER_VERSION = 3

/** Flags in the common file header. On disk: never renumber, never reuse. */
export const SegmentFlag = { encrypted: 1, externalValues: 2, keyspaceChanges: 4 } as const

/** Unit of torn writes: a write damages no byte outside of the blocks it touches. Header and seal have a block each. */
export const BLOCK_BYTES = 4096
export const SEGMENT_ID_BYTES: number = FILE_ID_BYTES
export const OWNER_ID_BYTES = 16
export const BRANCH_ID_BYTES = 16

export const HEADER_FILE_HEADER = 0
export const HEADER_SEGMENT_ID: number = HEADER_FILE_HEADER + FILE_HEADER_BYTES
export const HEADER_PREVIOUS_ID: number = HEADER_SEGMENT_ID + SEGMENT_ID_BYTES
export const HEADER_SEGMENT_NUMBER: number = HEADER_PREVIOUS_ID + SEGMENT_ID_BYTES
export const HEADER_BASE_LSN: number = HEADER_SEGMENT_NUMBER + 8
export const HEADER_DURABLE_END_LSN: number = HEADER_BASE_LSN + 8
export const HEADER_LAST_SEQ: number = HEADER_DURABLE_END_LSN + 8
export const HEADER_SEQ_FLOOR: number = HEADER_LAST_SEQ + 8
export const HEADER_CHAIN_HASH: number = HEADER_SEQ_FLOOR + 8
export const HEADER_OWNER_ID: number = HEADER_CHAIN_HASH + 8
export const HEADER_SUITE: number = HEADER_OWNER_ID + OWNER_ID_BYTES
export const HEADER_TRAILER_BYTES: number = HEADER_SUITE + 1
export const HEADER_PADDING: number = HEADER_TRAILER_BYTES + 1
export const HEADER_DATA_KEY_ID: number = HEADER_PADDING + 2
export const HEADER_FIRST_RECORD_TIME: number = HEADER_DATA_KEY_ID + 4
export const HEADER_ARCHIVE_BRANCH_ID: number = HEADER_FIRST_RECORD_TIME + 8
export const HEADER_CAPACITY_BYTES: number = HEADER_ARCHIVE_BRANCH_ID + BRANCH_ID_BYTES
export const HEADER_RESERVED: number = HEADER_CAPACITY_BYTES + 8
export const HEADER_CHECKSUM: number = BLOCK_BYTES - 8
export const HEADER_BYTES: number = HEADER_CHECKSUM + 8
assert(HEADER_RESERVED === 160 && HEADER_BYTES === BLOCK_BYTES, 'segment header must fill its block')

/** File offset of the seal. */
export const SEAL_FILE_OFFSET: number = HEADER_BYTES
export const SEAL_KIND = 0
export const SEAL_RESERVED: number = SEAL_KIND + 4
export const SEAL_END_LSN: number = SEAL_RESERVED + 4
export const SEAL_LAST_SEQ: number = SEAL_END_LSN + 8
export const SEAL_CHAIN_HASH: number = SEAL_LAST_SEQ + 8
export const SEAL_SUCCESSOR_ID: number = SEAL_CHAIN_HASH + 8
export const SEAL_CHECKSUM: number = SEAL_SUCCESSOR_ID + SEGMENT_ID_BYTES
export const SEAL_BYTES: number = SEAL_CHECKSUM + 8
assert(SEAL_BYTES === 56, 'seal must be 56 bytes')

/** On disk: never renumber, never reuse. */
export const SealKind = { continued: 1, closed: 2 } as const
export type SealKind = (typeof SealKind)[keyof typeof SealKind]

/** File offset of the first record, whose lsn is the base lsn of the segment. */
export const RECORDS_FILE_OFFSET: number = SEAL_FILE_OFFSET + BLOCK_BYTES

/** Alignment of records, in the file and as lsn. */
export const RECORD_ALIGNMENT = 8
export const RECORD_CHECKSUM = 0
export const RECORD_HEADER_CHECK: number = RECORD_CHECKSUM + 8
export const RECORD_PAYLOAD_BYTES: number = RECORD_HEADER_CHECK + 4
export const RECORD_SEQ: number = RECORD_PAYLOAD_BYTES + 4
export const RECORD_UNSYNCED_BYTES: number = RECORD_SEQ + 8
export const RECORD_TYPE: number = RECORD_UNSYNCED_BYTES + 4
export const RECORD_RESERVED: number = RECORD_TYPE + 1
export const RECORD_HEADER_BYTES: number = RECORD_RESERVED + 3
assert(RECORD_HEADER_BYTES === 32, 'record header must be 32 bytes')

/** Types 0 up to this one belong to the owner of the log, and so do the payloads of types 6 and 7. */
export const OWNER_TYPE_MAX = 3
/** Record types that this package defines. On disk: never renumber, never reuse. */
export const RecordType = { timeMark: 4, compressedCommit: 5, blobCommit: 6, keyspaceChange: 7 } as const
/** Any reader may skip records of this type and greater ones. */
export const SKIPPABLE_TYPE_MIN = 128

/** Largest payload of a record: a batch of 1 GiB and its headers. */
export const PAYLOAD_BYTES_MAX: number = 1024 * 1024 * 1024 + 16 * 1024 * 1024

/** Returns the bytes of a record with a payload of `payloadBytes`: header, payload and padding. */
export function recordBytesOf(payloadBytes: number): number {
  const bytes = RECORD_HEADER_BYTES + payloadBytes
  const excess = bytes % RECORD_ALIGNMENT
  return excess === 0 ? bytes : bytes + RECORD_ALIGNMENT - excess
}
