import { assert } from '@ldb/base'
import { FILE_HEADER_BYTES, FILE_ID_BYTES } from '@ldb/integrity'

// FORMAT.md is normative; a test compares these constants with its tables. Each offset is the offset of the previous
// field plus that field's size.

/** Kind of a table file in its header. */
export const TABLE_KIND = 'T'
/** Kind of a manifest in its header. */
export const MANIFEST_KIND = 'M'
/** Format version of tables and manifests. */
export const FORMAT_VERSION = 2

/** Flag of both kinds of file: units and records are encrypted with suite 1. On disk: never renumber, never reuse. */
export const FILE_FLAG_ENCRYPTED = 1

/** Size of the random id of a store. */
export const STORE_ID_BYTES = 16

// Both kinds of file begin with a header of the same layout.
export const HEADER_FILE_ID_OFFSET: number = FILE_HEADER_BYTES
export const HEADER_STORE_ID_OFFSET: number = HEADER_FILE_ID_OFFSET + FILE_ID_BYTES
export const HEADER_CHECKSUM_OFFSET: number = HEADER_STORE_ID_OFFSET + STORE_ID_BYTES
export const HEADER_BYTES: number = HEADER_CHECKSUM_OFFSET + 8
assert(HEADER_BYTES === 64, 'the header of a file has 64 bytes')

/** What a unit of a table contains. On disk: never renumber, never reuse. */
export const UnitContent = {
  /** Data block: entries. */
  Data: 1,
  /** Index block: the greatest key of each block of the level below, and its handle. */
  Index: 2,
  Filter: 3,
  Tombstones: 4,
  Properties: 5,
  Footer: 6,
} as const

/** One of the numbers of {@link UnitContent}. */
export type UnitContent = (typeof UnitContent)[keyof typeof UnitContent]

// Trailer of a unit, behind its payload.
export const TRAILER_CODEC_OFFSET = 0
export const TRAILER_CONTENT_OFFSET: number = TRAILER_CODEC_OFFSET + 1
export const TRAILER_RESERVED_OFFSET: number = TRAILER_CONTENT_OFFSET + 1
export const TRAILER_RAW_BYTES_OFFSET: number = TRAILER_RESERVED_OFFSET + 2
export const TRAILER_FILE_OFFSET_OFFSET: number = TRAILER_RAW_BYTES_OFFSET + 4
export const TRAILER_CHECKSUM_OFFSET: number = TRAILER_FILE_OFFSET_OFFSET + 8
export const TRAILER_BYTES: number = TRAILER_CHECKSUM_OFFSET + 8
assert(TRAILER_BYTES === 24, 'the trailer of a unit has 24 bytes')

// Block.
export const BLOCK_COUNT_OFFSET = 0
export const BLOCK_PREFIX_BYTES_OFFSET: number = BLOCK_COUNT_OFFSET + 4
export const BLOCK_BASE_STAMP_OFFSET: number = BLOCK_PREFIX_BYTES_OFFSET + 4
export const BLOCK_PREFIX_OFFSET: number = BLOCK_BASE_STAMP_OFFSET + 8
assert(BLOCK_PREFIX_OFFSET === 16, 'the prefix of a block follows 16 bytes')
/** Bytes of a slot: the head of the key and the offset of the record. */
export const SLOT_BYTES = 8

/** Kinds of entry. On disk: never renumber, never reuse. */
export const EntryKind = {
  Put: 1,
  Delete: 2,
} as const

/** One of the numbers of {@link EntryKind}. */
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind]

// Handle of a unit.
export const HANDLE_OFFSET_OFFSET = 0
export const HANDLE_STORED_BYTES_OFFSET: number = HANDLE_OFFSET_OFFSET + 8
export const HANDLE_BYTES: number = HANDLE_STORED_BYTES_OFFSET + 4

// Payload of the footer.
export const FOOTER_INDEX_OFFSET = 0
export const FOOTER_FILTER_OFFSET: number = FOOTER_INDEX_OFFSET + HANDLE_BYTES
export const FOOTER_TOMBSTONES_OFFSET: number = FOOTER_FILTER_OFFSET + HANDLE_BYTES
export const FOOTER_PROPERTIES_OFFSET: number = FOOTER_TOMBSTONES_OFFSET + HANDLE_BYTES
export const FOOTER_PAYLOAD_BYTES: number = FOOTER_PROPERTIES_OFFSET + HANDLE_BYTES
assert(FOOTER_PAYLOAD_BYTES === 48, 'the payload of a footer has 48 bytes')

// Payload of the filter, in front of its lines.
export const FILTER_SEED_OFFSET = 0
export const FILTER_PROBES_OFFSET: number = FILTER_SEED_OFFSET + 4
export const FILTER_LINES_OFFSET: number = FILTER_PROBES_OFFSET + 4
export const FILTER_RESERVED_OFFSET: number = FILTER_LINES_OFFSET + 4
export const FILTER_HEADER_BYTES: number = FILTER_RESERVED_OFFSET + 4
/** Bytes of a line: the bits of one key lie in one line, and so in one cache line of the processor. */
export const FILTER_LINE_BYTES = 64

// Payload of the properties.
export const PROPERTIES_ENTRIES_OFFSET = 0
export const PROPERTIES_DELETES_OFFSET: number = PROPERTIES_ENTRIES_OFFSET + 8
export const PROPERTIES_TOMBSTONES_OFFSET: number = PROPERTIES_DELETES_OFFSET + 8
export const PROPERTIES_MIN_STAMP_OFFSET: number = PROPERTIES_TOMBSTONES_OFFSET + 8
export const PROPERTIES_MAX_STAMP_OFFSET: number = PROPERTIES_MIN_STAMP_OFFSET + 8
export const PROPERTIES_KEY_BYTES_OFFSET: number = PROPERTIES_MAX_STAMP_OFFSET + 8
export const PROPERTIES_VALUE_BYTES_OFFSET: number = PROPERTIES_KEY_BYTES_OFFSET + 8
export const PROPERTIES_BLOCKS_OFFSET: number = PROPERTIES_VALUE_BYTES_OFFSET + 8
export const PROPERTIES_RAW_BYTES_OFFSET: number = PROPERTIES_BLOCKS_OFFSET + 8
export const PROPERTIES_STORED_BYTES_OFFSET: number = PROPERTIES_RAW_BYTES_OFFSET + 8
export const PROPERTIES_PAYLOAD_BYTES: number = PROPERTIES_STORED_BYTES_OFFSET + 8
assert(PROPERTIES_PAYLOAD_BYTES === 80, 'the payload of the properties has 80 bytes')

// Record of a manifest.
export const RECORD_PAYLOAD_BYTES_OFFSET = 0
export const RECORD_TYPE_OFFSET: number = RECORD_PAYLOAD_BYTES_OFFSET + 4
export const RECORD_CHECKSUM_OFFSET: number = RECORD_TYPE_OFFSET + 4
export const RECORD_HEADER_BYTES: number = RECORD_CHECKSUM_OFFSET + 8
assert(RECORD_HEADER_BYTES === 16, 'the header of a manifest record has 16 bytes')
/** Records begin at multiples of this. */
export const RECORD_ALIGNMENT = 8

/** Types of manifest record. On disk: never renumber, never reuse. */
export const RecordType = {
  /** The whole state. */
  State: 1,
  /** A change of the state before it. */
  Edit: 2,
} as const

// Payload of a manifest record, in front of its tables.
export const STATE_DURABLE_SEQ_OFFSET = 0
export const STATE_STAMP_OFFSET: number = STATE_DURABLE_SEQ_OFFSET + 8
export const STATE_NEXT_NUMBER_OFFSET: number = STATE_STAMP_OFFSET + 8
export const STATE_SEGMENT_ID_OFFSET: number = STATE_NEXT_NUMBER_OFFSET + 8
export const STATE_REMOVED_COUNT_OFFSET: number = STATE_SEGMENT_ID_OFFSET + 16
export const STATE_ADDED_COUNT_OFFSET: number = STATE_REMOVED_COUNT_OFFSET + 4
export const STATE_HEADER_BYTES: number = STATE_ADDED_COUNT_OFFSET + 4
assert(STATE_HEADER_BYTES === 48, 'the payload of a manifest record begins with 48 bytes')

// Table in a manifest record, in front of its bounds.
export const TABLE_NUMBER_OFFSET = 0
export const TABLE_FILE_BYTES_OFFSET: number = TABLE_NUMBER_OFFSET + 8
export const TABLE_RAW_BYTES_OFFSET: number = TABLE_FILE_BYTES_OFFSET + 8
export const TABLE_ENTRIES_OFFSET: number = TABLE_RAW_BYTES_OFFSET + 8
export const TABLE_DELETES_OFFSET: number = TABLE_ENTRIES_OFFSET + 8
export const TABLE_TOMBSTONES_OFFSET: number = TABLE_DELETES_OFFSET + 8
export const TABLE_MIN_STAMP_OFFSET: number = TABLE_TOMBSTONES_OFFSET + 8
export const TABLE_MAX_STAMP_OFFSET: number = TABLE_MIN_STAMP_OFFSET + 8
export const TABLE_FILE_ID_OFFSET: number = TABLE_MAX_STAMP_OFFSET + 8
export const TABLE_LEVEL_OFFSET: number = TABLE_FILE_ID_OFFSET + FILE_ID_BYTES
export const TABLE_CODEC_OFFSET: number = TABLE_LEVEL_OFFSET + 4
export const TABLE_LOWER_BYTES_OFFSET: number = TABLE_CODEC_OFFSET + 4
export const TABLE_UPPER_BYTES_OFFSET: number = TABLE_LOWER_BYTES_OFFSET + 4
export const TABLE_RECORD_BYTES: number = TABLE_UPPER_BYTES_OFFSET + 4
assert(TABLE_RECORD_BYTES === 96, 'the record of a table has 96 bytes before its bounds')
/** Length of an upper bound that is absent. */
export const NO_UPPER_BOUND = 0xffffffff

/** Levels of tables: 0 to 6. */
export const LEVEL_COUNT = 7
