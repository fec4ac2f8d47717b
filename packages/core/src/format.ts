import { assert, SEGMENT_ID_BYTES } from '@ldb/base'
import { FILE_HEADER_BYTES } from '@ldb/integrity'

// FORMAT.md is normative; format.test.ts compares these constants with its tables.

/** File kind in the header. */
export const CATALOG_KIND = 'C'
/** Format version that this code writes. */
export const CATALOG_FORMAT = 5
/** Oldest version that can read catalogs of this code. */
export const CATALOG_MINIMUM_READER = 5
/** Oldest version that this code reads. */
export const CATALOG_OLDEST_FORMAT = 3

/** Bytes of the random id of a database. Each segment of its log contains it too. */
export const DATABASE_ID_BYTES = 16

export const CATALOG_OFFSET_BODY_CHECKSUM: number = FILE_HEADER_BYTES
export const CATALOG_OFFSET_FILE_BYTES: number = CATALOG_OFFSET_BODY_CHECKSUM + 8
export const CATALOG_OFFSET_RESERVED: number = CATALOG_OFFSET_FILE_BYTES + 4
export const CATALOG_OFFSET_DATABASE_ID: number = CATALOG_OFFSET_RESERVED + 4
export const CATALOG_OFFSET_GENERATION: number = CATALOG_OFFSET_DATABASE_ID + DATABASE_ID_BYTES
export const CATALOG_OFFSET_SEQ: number = CATALOG_OFFSET_GENERATION + 8
export const CATALOG_OFFSET_NEXT_KEYSPACE_ID: number = CATALOG_OFFSET_SEQ + 8
export const CATALOG_OFFSET_KEYSPACE_COUNT: number = CATALOG_OFFSET_NEXT_KEYSPACE_ID + 4
export const CATALOG_OFFSET_SUITE: number = CATALOG_OFFSET_KEYSPACE_COUNT + 4
export const CATALOG_OFFSET_TRAILER_BYTES: number = CATALOG_OFFSET_SUITE + 1
export const CATALOG_OFFSET_RESERVED2: number = CATALOG_OFFSET_TRAILER_BYTES + 1
export const CATALOG_OFFSET_DATA_KEY_ID: number = CATALOG_OFFSET_RESERVED2 + 2
export const CATALOG_OFFSET_PAGE_BYTES: number = CATALOG_OFFSET_DATA_KEY_ID + 4
export const CATALOG_OFFSET_RESERVED3: number = CATALOG_OFFSET_PAGE_BYTES + 4
export const CATALOG_OFFSET_BRANCH_ID: number = CATALOG_OFFSET_RESERVED3 + 4
export const CATALOG_OFFSET_LOG_SEGMENT_ID: number = CATALOG_OFFSET_BRANCH_ID + DATABASE_ID_BYTES
export const CATALOG_OFFSET_LOG_LSN: number = CATALOG_OFFSET_LOG_SEGMENT_ID + SEGMENT_ID_BYTES
export const CATALOG_ROOT_END: number = CATALOG_OFFSET_LOG_LSN + 8
assert(CATALOG_ROOT_END === 136, 'the catalog root ends at offset 136')

/** Greatest length of a catalog, in bytes. A longer one is refused before it is read. */
export const CATALOG_BYTES_MAX = 67_108_864

/** Bytes of the random id of a store file. */
export const STORE_FILE_ID_BYTES = 16
/** Smallest and largest page size, in bytes. */
export const PAGE_BYTES_MIN = 512
export const PAGE_BYTES_MAX = 32_768

/** Reports whether a number is a valid page size: a power of two within the bounds. */
export function isPageSize(pageBytes: number): boolean {
  return pageBytes >= PAGE_BYTES_MIN && pageBytes <= PAGE_BYTES_MAX && (pageBytes & (pageBytes - 1)) === 0
}

export const KEYSPACE_OFFSET_KEYSPACE_ID = 0
export const KEYSPACE_OFFSET_ENGINE: number = KEYSPACE_OFFSET_KEYSPACE_ID + 4
export const KEYSPACE_OFFSET_COMPRESSION: number = KEYSPACE_OFFSET_ENGINE + 1
export const KEYSPACE_OFFSET_FLAGS: number = KEYSPACE_OFFSET_COMPRESSION + 1
export const KEYSPACE_OFFSET_CREATED_SEQ: number = KEYSPACE_OFFSET_FLAGS + 2
export const KEYSPACE_OFFSET_NAME_BYTES: number = KEYSPACE_OFFSET_CREATED_SEQ + 8
export const KEYSPACE_OFFSET_KEY_ENCODING_BYTES: number = KEYSPACE_OFFSET_NAME_BYTES + 2
export const KEYSPACE_OFFSET_VALUE_ENCODING_BYTES: number = KEYSPACE_OFFSET_KEY_ENCODING_BYTES + 1
export const KEYSPACE_OFFSET_SECTION_BYTES: number = KEYSPACE_OFFSET_VALUE_ENCODING_BYTES + 1
export const KEYSPACE_OFFSET_RESERVED: number = KEYSPACE_OFFSET_SECTION_BYTES + 2
export const KEYSPACE_OFFSET_TTL_MS: number = KEYSPACE_OFFSET_RESERVED + 2
export const KEYSPACE_RECORD_BYTES: number = KEYSPACE_OFFSET_TTL_MS + 8
assert(KEYSPACE_RECORD_BYTES === 32, 'a keyspace record has 32 fixed bytes')

/** Greatest length of an engine's section of a keyspace record, in bytes. */
export const ENGINE_SECTION_BYTES_MAX = 0xffff

export const BTREE_SECTION_OFFSET_FILE_ID = 0
export const BTREE_SECTION_OFFSET_PAGE_BYTES: number = BTREE_SECTION_OFFSET_FILE_ID + STORE_FILE_ID_BYTES
export const BTREE_SECTION_OFFSET_RESERVED: number = BTREE_SECTION_OFFSET_PAGE_BYTES + 4
export const BTREE_SECTION_BYTES: number = BTREE_SECTION_OFFSET_RESERVED + 4
assert(BTREE_SECTION_BYTES === 24, 'the section of the B+tree has 24 bytes')

/** Greatest length of the name of a keyspace, in bytes of UTF-8. */
export const KEYSPACE_NAME_BYTES_MAX = 1024
/** Greatest length of the name of an encoding, in bytes of UTF-8. */
export const ENCODING_NAME_BYTES_MAX = 255

/** Engines that this build reads. On disk: never renumber, never reuse. */
export const EngineNumber = { btree: 1, lsm: 2 } as const
/** Numbers of engines that other builds may contain. */
export const RESERVED_ENGINES: Readonly<Record<number, string>> = {}
/** Compressions: `zstd` where the platform has it. On disk: never renumber, never reuse. */
export const CompressionNumber = { none: 0, deflate: 1, lz4: 2, zstd: 3, adaptive: 4 } as const

/** Flags of a keyspace. On disk: never renumber, never reuse. */
export const KeyspaceFlag = { Expires: 1, Blobs: 2 } as const

/** Greatest time to live: about 143,000 years, so that every expiry time is a safe integer. */
export const TTL_MS_MAX: number = Number.MAX_SAFE_INTEGER - 2 ** 52

/** First bytes of a value header: not valid UTF-8, and unlikely by chance. */
export const VALUE_HEADER_MARK: readonly number[] = [0xff, 0x54, 0x54, 0x4c]
export const VALUE_HEADER_OFFSET_MARK = 0
export const VALUE_HEADER_OFFSET_EXPIRES_AT: number = VALUE_HEADER_OFFSET_MARK + 4
/** The last byte of the expiry time, which is 0 in every time: a time is at most 2^53 − 1. */
export const VALUE_HEADER_OFFSET_FLAGS: number = VALUE_HEADER_OFFSET_EXPIRES_AT + 7
export const VALUE_HEADER_BYTES: number = VALUE_HEADER_OFFSET_FLAGS + 1
assert(VALUE_HEADER_BYTES === 12, 'a value header has 12 bytes')

/** Flags of a value header. On disk: never renumber, never reuse. */
export const ValueHeaderFlag = { Reference: 0x80 } as const

/** Types of log record. On disk: never renumber, never reuse. */
export const LogRecordType = { Commit: 1, Checkpoint: 2, Catalog: 3, Load: 0, BlobCommit: 6 } as const

/** Reports whether log records of a type are commits with a batch to apply. */
export function isCommitType(type: number): boolean {
  return type === LogRecordType.Commit || type === LogRecordType.BlobCommit
}

export const CHECKPOINT_OFFSET_SEQ = 0
export const CHECKPOINT_OFFSET_CATALOG_GENERATION: number = CHECKPOINT_OFFSET_SEQ + 8
export const CHECKPOINT_OFFSET_CATALOG_SEGMENT_ID: number = CHECKPOINT_OFFSET_CATALOG_GENERATION + 8
export const CHECKPOINT_OFFSET_KEYSPACE_COUNT: number =
  CHECKPOINT_OFFSET_CATALOG_SEGMENT_ID + SEGMENT_ID_BYTES
export const CHECKPOINT_OFFSET_RESERVED: number = CHECKPOINT_OFFSET_KEYSPACE_COUNT + 4
export const CHECKPOINT_RECORD_BYTES: number = CHECKPOINT_OFFSET_RESERVED + 4
assert(CHECKPOINT_RECORD_BYTES === 40, 'a checkpoint record has 40 fixed bytes')

export const ENTRY_OFFSET_KEYSPACE_ID = 0
export const ENTRY_OFFSET_RESERVED: number = ENTRY_OFFSET_KEYSPACE_ID + 4
export const ENTRY_OFFSET_DURABLE_SEQ: number = ENTRY_OFFSET_RESERVED + 4
export const ENTRY_OFFSET_SEGMENT_ID: number = ENTRY_OFFSET_DURABLE_SEQ + 8
export const CHECKPOINT_ENTRY_BYTES: number = ENTRY_OFFSET_SEGMENT_ID + SEGMENT_ID_BYTES
assert(CHECKPOINT_ENTRY_BYTES === 32, 'a checkpoint entry has 32 bytes')

export const CATALOG_RECORD_OFFSET_GENERATION = 0
export const CATALOG_RECORD_OFFSET_SEGMENT_ID: number = CATALOG_RECORD_OFFSET_GENERATION + 8
export const CATALOG_RECORD_BYTES: number = CATALOG_RECORD_OFFSET_SEGMENT_ID + SEGMENT_ID_BYTES
assert(CATALOG_RECORD_BYTES === 24, 'a catalog record has 24 bytes')
