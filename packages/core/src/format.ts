import { assert, SEGMENT_ID_BYTES } from '@ldb/base'
import { FILE_HEADER_BYTES, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from '@ldb/integrity'

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

/** Page size of a database that names none, in bytes. */
export const PAGE_BYTES_DEFAULT = 8192

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

/** Flag of the file header of the catalog: encrypted. On disk: never renumber, never reuse. */
export const CATALOG_FLAG_ENCRYPTED = 1
/** Flag of the file header of a catalog: a keyspace change follows the keyspace records. */
export const CATALOG_FLAG_CHANGE = 2
/** Bytes of an encrypted catalog that stay plain. */
export const CATALOG_CLEAR_BYTES: number = CATALOG_OFFSET_PAGE_BYTES
assert(CATALOG_CLEAR_BYTES === 88, 'the clear prefix of the catalog has 88 bytes')

/** Greatest length of a catalog, in bytes. A longer one is refused before it is read. */
export const CATALOG_BYTES_MAX = 67_108_864

/** File kind of the key file in the header. */
export const KEYS_KIND = 'K'
/** Format version of the key file. */
export const KEYS_FORMAT = 1
/** Bytes of a slot of the key file, which has two equal ones. */
export const KEYS_SLOT_BYTES = 8192
/** Greatest number of data keys. */
export const DATA_KEYS_MAX = 64

export const KEYS_OFFSET_DATABASE_ID: number = FILE_HEADER_BYTES
export const KEYS_OFFSET_GENERATION: number = KEYS_OFFSET_DATABASE_ID + DATABASE_ID_BYTES
export const KEYS_OFFSET_SUITE: number = KEYS_OFFSET_GENERATION + 8
export const KEYS_OFFSET_DERIVATION: number = KEYS_OFFSET_SUITE + 1
export const KEYS_OFFSET_KEY_COUNT: number = KEYS_OFFSET_DERIVATION + 1
export const KEYS_OFFSET_COST: number = KEYS_OFFSET_KEY_COUNT + 2
export const KEYS_OFFSET_BLOCK_SIZE: number = KEYS_OFFSET_COST + 1
export const KEYS_OFFSET_PARALLELIZATION: number = KEYS_OFFSET_BLOCK_SIZE + 1
export const KEYS_OFFSET_RESERVED: number = KEYS_OFFSET_PARALLELIZATION + 1
export const KEYS_OFFSET_CURRENT_ID: number = KEYS_OFFSET_RESERVED + 1
export const KEYS_OFFSET_RESERVED2: number = KEYS_OFFSET_CURRENT_ID + 4
export const KEYS_OFFSET_SALT: number = KEYS_OFFSET_RESERVED2 + 4
export const KEYS_OFFSET_MASTER_CHECK: number = KEYS_OFFSET_SALT + KEY_BYTES
export const KEYS_OFFSET_NONCE: number = KEYS_OFFSET_MASTER_CHECK + KEY_BYTES
export const KEYS_OFFSET_ENTRIES: number = KEYS_OFFSET_NONCE + NONCE_BYTES
export const KEYS_OFFSET_CHECKSUM: number = KEYS_SLOT_BYTES - 8
assert(KEYS_OFFSET_ENTRIES === 152, 'the entries of the key file begin at offset 152')

export const KEY_ENTRY_OFFSET_ID = 0
export const KEY_ENTRY_OFFSET_RESERVED: number = KEY_ENTRY_OFFSET_ID + 4
export const KEY_ENTRY_OFFSET_COMMITMENT: number = KEY_ENTRY_OFFSET_RESERVED + 4
export const KEY_ENTRY_BYTES: number = KEY_ENTRY_OFFSET_COMMITMENT + KEY_BYTES
assert(
  KEYS_OFFSET_ENTRIES + DATA_KEYS_MAX * (KEY_ENTRY_BYTES + KEY_BYTES) + TAG_BYTES <= KEYS_OFFSET_CHECKSUM,
  'a slot has space for all data keys',
)

/** How the master key is derived. On disk: never renumber, never reuse. */
export const KeyDerivation = { Key: 1, Passphrase: 2 } as const

/** Bounds of the logarithm of the cost of scrypt, which a file may not exceed. */
export const SCRYPT_COST_MIN = 10
export const SCRYPT_COST_MAX = 18
/** Block size and parallelization of scrypt. */
export const SCRYPT_BLOCK_SIZE = 8
export const SCRYPT_PARALLELIZATION = 1

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
export const KeyspaceFlag = { Expires: 1, Blobs: 2, Dictionary: 4 } as const

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
export const LogRecordType = {
  Commit: 1,
  Checkpoint: 2,
  Catalog: 3,
  Load: 0,
  BlobCommit: 6,
  Keyspace: 7,
} as const

/** Reports whether log records of a type are commits with a batch to apply. */
export function isBatchType(type: number): boolean {
  return type === LogRecordType.Commit || type === LogRecordType.BlobCommit
}

/** Reports whether log records of a type are commits: with a batch to apply, loads, and changes of keyspaces. */
export function isCommitType(type: number): boolean {
  return isBatchType(type) || type === LogRecordType.Load || type === LogRecordType.Keyspace
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

export const KEYSPACE_CHANGE_OFFSET_KEYSPACE_ID = 0
export const KEYSPACE_CHANGE_OFFSET_KIND: number = KEYSPACE_CHANGE_OFFSET_KEYSPACE_ID + 4
export const KEYSPACE_CHANGE_OFFSET_ENGINE: number = KEYSPACE_CHANGE_OFFSET_KIND + 1
export const KEYSPACE_CHANGE_OFFSET_NAME_BYTES: number = KEYSPACE_CHANGE_OFFSET_ENGINE + 1
export const KEYSPACE_CHANGE_OFFSET_KEY_ENCODING_BYTES: number = KEYSPACE_CHANGE_OFFSET_NAME_BYTES + 2
export const KEYSPACE_CHANGE_OFFSET_VALUE_ENCODING_BYTES: number =
  KEYSPACE_CHANGE_OFFSET_KEY_ENCODING_BYTES + 1
export const KEYSPACE_CHANGE_OFFSET_RESERVED: number = KEYSPACE_CHANGE_OFFSET_VALUE_ENCODING_BYTES + 1
export const KEYSPACE_CHANGE_BYTES: number = KEYSPACE_CHANGE_OFFSET_RESERVED + 6
assert(KEYSPACE_CHANGE_BYTES === 16, 'a keyspace change has 16 fixed bytes')

/** Kinds of keyspace change. On disk: never renumber, never reuse. */
export const KeyspaceChangeKind = { createKeyspace: 1, dropKeyspace: 2 } as const

/** File kind in the header of a backup manifest. */
export const BACKUP_KIND = 'A'
/** Format version that this code writes and reads. */
export const BACKUP_FORMAT = 2

/** Bytes of the random id of a backup. */
export const BACKUP_ID_BYTES = 16

export const BACKUP_OFFSET_BODY_CHECKSUM: number = FILE_HEADER_BYTES
export const BACKUP_OFFSET_FILE_BYTES: number = BACKUP_OFFSET_BODY_CHECKSUM + 8
export const BACKUP_OFFSET_DATABASE_ID: number = BACKUP_OFFSET_FILE_BYTES + 8
export const BACKUP_OFFSET_BRANCH_ID: number = BACKUP_OFFSET_DATABASE_ID + DATABASE_ID_BYTES
export const BACKUP_OFFSET_BACKUP_ID: number = BACKUP_OFFSET_BRANCH_ID + DATABASE_ID_BYTES
export const BACKUP_OFFSET_PARENT_ID: number = BACKUP_OFFSET_BACKUP_ID + BACKUP_ID_BYTES
export const BACKUP_OFFSET_SEQ: number = BACKUP_OFFSET_PARENT_ID + BACKUP_ID_BYTES
export const BACKUP_OFFSET_FIRST_SEQ: number = BACKUP_OFFSET_SEQ + 8
export const BACKUP_OFFSET_LOG_SEQ: number = BACKUP_OFFSET_FIRST_SEQ + 8
export const BACKUP_OFFSET_CREATED_AT: number = BACKUP_OFFSET_LOG_SEQ + 8
export const BACKUP_OFFSET_NUMBER: number = BACKUP_OFFSET_CREATED_AT + 8
export const BACKUP_OFFSET_FILE_COUNT: number = BACKUP_OFFSET_NUMBER + 4
export const BACKUP_ROOT_END: number = BACKUP_OFFSET_FILE_COUNT + 4
assert(BACKUP_ROOT_END === 144, 'the root of a backup manifest ends at offset 144')

/** Greatest length of a backup manifest, in bytes. A longer one is refused before it is read. */
export const BACKUP_BYTES_MAX = 1_073_741_824

export const FILE_OFFSET_ROLE = 0
export const FILE_OFFSET_RESERVED: number = FILE_OFFSET_ROLE + 1
export const FILE_OFFSET_KEYSPACE_ID: number = FILE_OFFSET_RESERVED + 3
export const FILE_OFFSET_NUMBER: number = FILE_OFFSET_KEYSPACE_ID + 4
export const FILE_OFFSET_LENGTH: number = FILE_OFFSET_NUMBER + 8
export const FILE_OFFSET_BLOCK_BYTES: number = FILE_OFFSET_LENGTH + 8
export const FILE_OFFSET_STORED_COUNT: number = FILE_OFFSET_BLOCK_BYTES + 4
export const FILE_OFFSET_DURABLE_SEQ: number = FILE_OFFSET_STORED_COUNT + 4
export const FILE_OFFSET_SEGMENT_ID: number = FILE_OFFSET_DURABLE_SEQ + 8
export const FILE_ENTRY_BYTES: number = FILE_OFFSET_SEGMENT_ID + SEGMENT_ID_BYTES
assert(FILE_ENTRY_BYTES === 56, 'a file entry has 56 fixed bytes')

/** Bytes of the checksum of a block. */
export const BLOCK_CHECKSUM_BYTES = 8
/** Smallest and largest block, in bytes. */
export const BLOCK_BYTES_MIN = 512
export const BLOCK_BYTES_MAX = 1_048_576

/** What a file of a backup is. On disk: never renumber, never reuse. */
export const BackupRole = { Catalog: 1, Log: 2, Store: 3, Blob: 4, Keys: 5 } as const
export type BackupRole = (typeof BackupRole)[keyof typeof BackupRole]

export const LOG_COMMIT_OFFSET_PAYLOAD_BYTES = 0
export const LOG_COMMIT_OFFSET_TYPE: number = LOG_COMMIT_OFFSET_PAYLOAD_BYTES + 4
export const LOG_COMMIT_OFFSET_RESERVED: number = LOG_COMMIT_OFFSET_TYPE + 1
export const LOG_COMMIT_OFFSET_SEQ: number = LOG_COMMIT_OFFSET_RESERVED + 3
export const LOG_COMMIT_BYTES: number = LOG_COMMIT_OFFSET_SEQ + 8
assert(LOG_COMMIT_BYTES === 16, 'a commit of the log has 16 bytes before its payload')

/** File kind in the header of a stream of a backup. */
export const STREAM_KIND = 'S'
/** Format version that this code writes and reads. */
export const STREAM_FORMAT = 1

export const STREAM_OFFSET_CHECKSUM: number = FILE_HEADER_BYTES
export const STREAM_OFFSET_STREAM_ID: number = STREAM_OFFSET_CHECKSUM + 8
export const STREAM_OFFSET_DATABASE_ID: number = STREAM_OFFSET_STREAM_ID + BACKUP_ID_BYTES
export const STREAM_OFFSET_BRANCH_ID: number = STREAM_OFFSET_DATABASE_ID + DATABASE_ID_BYTES
export const STREAM_OFFSET_PARENT_ID: number = STREAM_OFFSET_BRANCH_ID + DATABASE_ID_BYTES
export const STREAM_OFFSET_SEQ: number = STREAM_OFFSET_PARENT_ID + BACKUP_ID_BYTES
export const STREAM_OFFSET_TOTAL_BYTES: number = STREAM_OFFSET_SEQ + 8
export const STREAM_OFFSET_NUMBER: number = STREAM_OFFSET_TOTAL_BYTES + 8
export const STREAM_OFFSET_RESERVED: number = STREAM_OFFSET_NUMBER + 4
export const STREAM_HEADER_BYTES: number = STREAM_OFFSET_RESERVED + 4
assert(STREAM_HEADER_BYTES === 120, 'the header of a stream of a backup has 120 bytes')

export const STREAM_SECTION_OFFSET_CHECKSUM = 0
export const STREAM_SECTION_OFFSET_STREAM_OFFSET: number = STREAM_SECTION_OFFSET_CHECKSUM + 8
export const STREAM_SECTION_OFFSET_DATA_OFFSET: number = STREAM_SECTION_OFFSET_STREAM_OFFSET + 8
export const STREAM_SECTION_OFFSET_PAYLOAD_BYTES: number = STREAM_SECTION_OFFSET_DATA_OFFSET + 8
export const STREAM_SECTION_OFFSET_FILE_INDEX: number = STREAM_SECTION_OFFSET_PAYLOAD_BYTES + 4
export const STREAM_SECTION_OFFSET_TYPE: number = STREAM_SECTION_OFFSET_FILE_INDEX + 4
export const STREAM_SECTION_OFFSET_RESERVED: number = STREAM_SECTION_OFFSET_TYPE + 1
export const STREAM_SECTION_BYTES: number = STREAM_SECTION_OFFSET_RESERVED + 7
assert(STREAM_SECTION_BYTES === 40, 'a section of a stream has 40 bytes before its payload')

/** Greatest length of the payload of a section, in bytes. A longer one is refused before it is gathered. */
export const STREAM_PAYLOAD_BYTES_MAX = 1_048_576

/** What a section of a stream contains. On disk: never renumber, never reuse. */
export const SectionType = { Data: 1, Manifest: 2, End: 3 } as const
export type SectionType = (typeof SectionType)[keyof typeof SectionType]

export const STREAM_END_OFFSET_DATA_BYTES = 0
export const STREAM_END_OFFSET_MANIFEST_BYTES: number = STREAM_END_OFFSET_DATA_BYTES + 8
export const STREAM_END_OFFSET_SECTION_COUNT: number = STREAM_END_OFFSET_MANIFEST_BYTES + 8
export const STREAM_END_BYTES: number = STREAM_END_OFFSET_SECTION_COUNT + 8
assert(STREAM_END_BYTES === 24, 'the end record of a stream has 24 bytes')

/** File kind in the header of an archive file. */
export const ARCHIVE_KIND = 'L'
/** Format version that this code writes and reads. */
export const ARCHIVE_FORMAT = 1
/** Flag of the file header: the frames are encrypted. */
export const ARCHIVE_FLAG_ENCRYPTED = 1

export const ARCHIVE_OFFSET_CHECKSUM: number = FILE_HEADER_BYTES
export const ARCHIVE_OFFSET_FILE_ID: number = ARCHIVE_OFFSET_CHECKSUM + 8
export const ARCHIVE_OFFSET_DATABASE_ID: number = ARCHIVE_OFFSET_FILE_ID + STORE_FILE_ID_BYTES
export const ARCHIVE_OFFSET_BRANCH_ID: number = ARCHIVE_OFFSET_DATABASE_ID + DATABASE_ID_BYTES
export const ARCHIVE_OFFSET_SINCE_SEQ: number = ARCHIVE_OFFSET_BRANCH_ID + DATABASE_ID_BYTES
export const ARCHIVE_HEADER_BYTES: number = ARCHIVE_OFFSET_SINCE_SEQ + 8
assert(ARCHIVE_HEADER_BYTES === 88, 'the header of an archive file has 88 bytes')

export const FRAME_OFFSET_CHECKSUM = 0
export const FRAME_OFFSET_FILE_OFFSET: number = FRAME_OFFSET_CHECKSUM + 8
export const FRAME_OFFSET_SEQ: number = FRAME_OFFSET_FILE_OFFSET + 8
export const FRAME_OFFSET_PAYLOAD_BYTES: number = FRAME_OFFSET_SEQ + 8
export const FRAME_OFFSET_TYPE: number = FRAME_OFFSET_PAYLOAD_BYTES + 4
export const FRAME_OFFSET_RESERVED: number = FRAME_OFFSET_TYPE + 1
export const FRAME_BYTES: number = FRAME_OFFSET_RESERVED + 3
assert(FRAME_BYTES === 32, 'a frame of an archive has 32 bytes before its payload')

/** What a frame contains besides commits, which have the types of log records. On disk: never renumber, never reuse. */
export const FrameType = { Catalog: 3, TimeMark: 4, BlobBytes: 16 } as const

export const BLOB_BYTES_OFFSET_FILE_NUMBER = 0
export const BLOB_BYTES_OFFSET_FILE_OFFSET: number = BLOB_BYTES_OFFSET_FILE_NUMBER + 8
export const BLOB_BYTES_HEADER_BYTES: number = BLOB_BYTES_OFFSET_FILE_OFFSET + 8
assert(BLOB_BYTES_HEADER_BYTES === 16, 'bytes of a blob file follow 16 bytes')
