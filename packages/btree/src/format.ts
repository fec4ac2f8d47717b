import { assert } from '@ldb/base'

/** Format version of new files. @internal */
export const FORMAT_VERSION = 4
/** Minimum reader version of new files. @internal */
export const MINIMUM_READER = 4
/** Oldest format version that this build reads. @internal */
export const FORMAT_VERSION_MIN = 4
/** Kind letter in the magic of the file. @internal */
export const FILE_KIND = 'B'

/** Flag of the file header: every unit is encrypted. On disk: never renumber, never reuse. @internal */
export const FILE_FLAG_ENCRYPTED = 1
/** Flag of the file header: values may be encoded. On disk: never renumber, never reuse. @internal */
export const FILE_FLAG_ENCODED_VALUES = 2
/** Flag of the file header: the file has dictionaries. On disk: never renumber, never reuse. @internal */
export const FILE_FLAG_DICTIONARIES = 4
/** Flags that have a meaning in this format version, supported by this build or not. @internal */
export const FILE_FLAGS_DEFINED: number =
  FILE_FLAG_ENCRYPTED | FILE_FLAG_ENCODED_VALUES | FILE_FLAG_DICTIONARIES

/** @internal */
export const PAGE_BYTES_DEFAULT = 8192
/** Distance between two meta blocks. @internal */
export const META_STRIDE = 4096
/** Meta blocks: A and B, which checkpoints write alternately, and the spare. @internal */
export const META_BLOCK_COUNT = 3
/** The block that a meta rewrite writes in addition to the checkpoint's own. @internal */
export const SPARE_BLOCK = 2
/** Bytes of the meta region; all other pages follow it. @internal */
export const META_REGION_BYTES: number = META_BLOCK_COUNT * META_STRIDE
/** Bytes that one torn or lost write may damage: a copy is never in the block of its original. @internal */
export const DAMAGED_BLOCK_BYTES: number = META_STRIDE
/** The copy of the newest meta block: at a fixed offset that is a multiple of every page size, so that it is found without any other block. @internal */
export const META_COPY_BLOCK = 8
/** Offset of the copy of the meta block. @internal */
export const META_COPY_POSITION: number = META_COPY_BLOCK * META_STRIDE
/** Page numbers are small integers in V8 and signed 32-bit integers in the arena. @internal */
export const PAGE_COUNT_MAX = 2 ** 31 - 1
/** Upper bound of the levels of a tree: more than a file of 2^31 pages can fill. @internal */
export const LEVELS_MAX = 32

// Meta block.
export const META_BLOCK_FILE_HEADER_OFFSET = 0
export const META_BLOCK_FILE_ID_OFFSET: number = META_BLOCK_FILE_HEADER_OFFSET + 24
export const META_BLOCK_PAGE_BYTES_OFFSET: number = META_BLOCK_FILE_ID_OFFSET + 16
export const META_BLOCK_BLOCK_OFFSET: number = META_BLOCK_PAGE_BYTES_OFFSET + 4
// Reserved for encryption: zero unless FILE_FLAG_ENCRYPTED is set.
export const META_BLOCK_SUITE_OFFSET: number = META_BLOCK_BLOCK_OFFSET + 4
export const META_BLOCK_TRAILER_BYTES_OFFSET: number = META_BLOCK_SUITE_OFFSET + 1
export const META_BLOCK_RESERVED_OFFSET: number = META_BLOCK_TRAILER_BYTES_OFFSET + 1
export const META_BLOCK_DATA_KEY_ID_OFFSET: number = META_BLOCK_RESERVED_OFFSET + 2
export const META_BLOCK_KEYSPACE_ID_OFFSET: number = META_BLOCK_DATA_KEY_ID_OFFSET + 4
export const META_BLOCK_DATABASE_ID_OFFSET: number = META_BLOCK_KEYSPACE_ID_OFFSET + 4
export const META_BLOCK_RESERVED2_OFFSET: number = META_BLOCK_DATABASE_ID_OFFSET + 16
// In an encrypted file, the bytes from here to the checksum are one encrypted unit.
export const META_BLOCK_CHECKPOINT_OFFSET: number = META_BLOCK_RESERVED2_OFFSET + 4
export const META_BLOCK_EPOCH_OFFSET: number = META_BLOCK_CHECKPOINT_OFFSET + 8
export const META_BLOCK_DURABLE_SEQ_OFFSET: number = META_BLOCK_EPOCH_OFFSET + 8
export const META_BLOCK_ROOT_PAGE_OFFSET: number = META_BLOCK_DURABLE_SEQ_OFFSET + 8
export const META_BLOCK_ROOT_LEVEL_OFFSET: number = META_BLOCK_ROOT_PAGE_OFFSET + 4
export const META_BLOCK_ROOT_CHECKSUM_OFFSET: number = META_BLOCK_ROOT_LEVEL_OFFSET + 4
export const META_BLOCK_ENTRY_COUNT_OFFSET: number = META_BLOCK_ROOT_CHECKSUM_OFFSET + 8
export const META_BLOCK_EXTENT_COUNT_OFFSET: number = META_BLOCK_ENTRY_COUNT_OFFSET + 8
export const META_BLOCK_PAGE_COUNT_OFFSET: number = META_BLOCK_EXTENT_COUNT_OFFSET + 8
export const META_BLOCK_FREE_SPACE_PAGE_OFFSET: number = META_BLOCK_PAGE_COUNT_OFFSET + 4
export const META_BLOCK_FREE_SPACE_CHECKSUM_OFFSET: number = META_BLOCK_FREE_SPACE_PAGE_OFFSET + 4
export const META_BLOCK_FREE_COUNT_OFFSET: number = META_BLOCK_FREE_SPACE_CHECKSUM_OFFSET + 8
// Reserved: zero.
export const META_BLOCK_DICTIONARY_PAGE_OFFSET: number = META_BLOCK_FREE_COUNT_OFFSET + 4
export const META_BLOCK_DICTIONARY_CHECKSUM_OFFSET: number = META_BLOCK_DICTIONARY_PAGE_OFFSET + 4
export const META_BLOCK_FREE_SPACE_MIRROR_PAGE_OFFSET: number = META_BLOCK_DICTIONARY_CHECKSUM_OFFSET + 8
export const META_BLOCK_META_COPY_PAGE_OFFSET: number = META_BLOCK_FREE_SPACE_MIRROR_PAGE_OFFSET + 4
export const META_BLOCK_FREE_SPACE_MIRROR_CHECKSUM_OFFSET: number = META_BLOCK_META_COPY_PAGE_OFFSET + 4
export const META_BLOCK_LOG_SEGMENT_ID_OFFSET: number = META_BLOCK_FREE_SPACE_MIRROR_CHECKSUM_OFFSET + 8
// Zeros unless FILE_FLAG_DICTIONARIES is set.
export const META_BLOCK_DICTIONARIES_OFFSET: number = META_BLOCK_LOG_SEGMENT_ID_OFFSET + 16
export const META_BLOCK_RESERVED3_OFFSET: number = META_BLOCK_DICTIONARIES_OFFSET + 24
export const META_BLOCK_CHECKSUM_OFFSET: number = META_BLOCK_RESERVED3_OFFSET + 280
/** One sector: most devices write it atomically, and the checksum detects a torn one. */
export const META_BLOCK_BYTES: number = META_BLOCK_CHECKSUM_OFFSET + 8
assert(META_BLOCK_BYTES === 512, 'a meta block is one sector')

// Page header.
export const PAGE_HEADER_CHECKSUM_OFFSET = 0
export const PAGE_HEADER_PAGE_NUMBER_OFFSET: number = PAGE_HEADER_CHECKSUM_OFFSET + 8
export const PAGE_HEADER_KIND_OFFSET: number = PAGE_HEADER_PAGE_NUMBER_OFFSET + 4
export const PAGE_HEADER_LEVEL_OFFSET: number = PAGE_HEADER_KIND_OFFSET + 1
export const PAGE_HEADER_FLAGS_OFFSET: number = PAGE_HEADER_LEVEL_OFFSET + 1
export const PAGE_HEADER_RESERVED_OFFSET: number = PAGE_HEADER_FLAGS_OFFSET + 1
export const PAGE_HEADER_EPOCH_OFFSET: number = PAGE_HEADER_RESERVED_OFFSET + 1
export const PAGE_HEADER_COUNT_OFFSET: number = PAGE_HEADER_EPOCH_OFFSET + 8
export const PAGE_HEADER_PREFIX_BYTES_OFFSET: number = PAGE_HEADER_COUNT_OFFSET + 2
export const PAGE_HEADER_HEAP_START_OFFSET: number = PAGE_HEADER_PREFIX_BYTES_OFFSET + 2
export const PAGE_HEADER_DEAD_BYTES_OFFSET: number = PAGE_HEADER_HEAP_START_OFFSET + 2
export const PAGE_HEADER_BYTES: number = PAGE_HEADER_DEAD_BYTES_OFFSET + 2
assert(PAGE_HEADER_BYTES === 32, 'slots begin on a 32-byte boundary')

/** Kinds of page. On disk: never renumber, never reuse. @internal */
export const PageKind = { Leaf: 1, Branch: 2, Extent: 3, FreeSpace: 4, FreeSpaceMirror: 5 } as const
/** Page flag: fences do not guarantee the prefix of the page, so that searches compare it. @internal */
export const FLAG_EDGE = 1

// Slot.
export const SLOT_HEAD_OFFSET = 0
export const SLOT_RECORD_OFFSET_OFFSET: number = SLOT_HEAD_OFFSET + 4
export const SLOT_KEY_BYTES_OFFSET: number = SLOT_RECORD_OFFSET_OFFSET + 2
export const SLOT_BYTES: number = SLOT_KEY_BYTES_OFFSET + 2
assert(SLOT_BYTES === 8, 'a slot is two 32-bit words')

// Leaf record.
/** Bytes of the value field, which precedes the key part of a leaf record. @internal */
export const VALUE_FIELD_BYTES = 2
/** Mask of the value part's length in a value field. @internal */
export const VALUE_LENGTH_MASK = 0x3fff
/** Flag of a value field: the value part is an encoded value, in files with dictionaries. @internal */
export const VALUE_IS_ENCODED = 0x4000
/** Flag of a value field: the value part is an extent reference. @internal */
export const VALUE_IS_EXTENT = 0x8000

// Encoded value.
export const ENCODED_VALUE_DICTIONARY_OFFSET = 0
export const ENCODED_VALUE_DECODED_BYTES_OFFSET: number = ENCODED_VALUE_DICTIONARY_OFFSET + 1
export const ENCODED_VALUE_BLOCK_OFFSET: number = ENCODED_VALUE_DECODED_BYTES_OFFSET + 2
/** Longest value that is encoded with a dictionary. @internal */
export const ENCODED_VALUE_DECODED_BYTES_MAX = 16_384

// Branch record.
export const BRANCH_RECORD_CHILD_OFFSET = 0
export const BRANCH_RECORD_CHILD_CHECKSUM_OFFSET: number = BRANCH_RECORD_CHILD_OFFSET + 4
export const BRANCH_RECORD_KEY_OFFSET: number = BRANCH_RECORD_CHILD_CHECKSUM_OFFSET + 8

// Extent reference.
export const EXTENT_REFERENCE_PAGE_OFFSET = 0
export const EXTENT_REFERENCE_CONTENT_BYTES_OFFSET: number = EXTENT_REFERENCE_PAGE_OFFSET + 4
export const EXTENT_REFERENCE_EPOCH_OFFSET: number = EXTENT_REFERENCE_CONTENT_BYTES_OFFSET + 4
export const EXTENT_REFERENCE_CHECKSUM_OFFSET: number = EXTENT_REFERENCE_EPOCH_OFFSET + 8
export const EXTENT_REFERENCE_BYTES: number = EXTENT_REFERENCE_CHECKSUM_OFFSET + 8
assert(EXTENT_REFERENCE_BYTES === 24, 'an extent reference is 24 bytes')

// Overflow extent.
export const OVERFLOW_EXTENT_CHECKSUM_OFFSET = 0
export const OVERFLOW_EXTENT_PAGE_NUMBER_OFFSET: number = OVERFLOW_EXTENT_CHECKSUM_OFFSET + 8
export const OVERFLOW_EXTENT_KIND_OFFSET: number = OVERFLOW_EXTENT_PAGE_NUMBER_OFFSET + 4
export const OVERFLOW_EXTENT_CODEC_OFFSET: number = OVERFLOW_EXTENT_KIND_OFFSET + 1
export const OVERFLOW_EXTENT_RESERVED_OFFSET: number = OVERFLOW_EXTENT_CODEC_OFFSET + 1
export const OVERFLOW_EXTENT_EPOCH_OFFSET: number = OVERFLOW_EXTENT_RESERVED_OFFSET + 2
export const OVERFLOW_EXTENT_CONTENT_BYTES_OFFSET: number = OVERFLOW_EXTENT_EPOCH_OFFSET + 8
export const OVERFLOW_EXTENT_DECODED_BYTES_OFFSET: number = OVERFLOW_EXTENT_CONTENT_BYTES_OFFSET + 4
export const OVERFLOW_EXTENT_BYTES: number = OVERFLOW_EXTENT_DECODED_BYTES_OFFSET + 4
assert(OVERFLOW_EXTENT_BYTES === 32, 'the header of an extent is 32 bytes')

// Dictionaries.
export const DICTIONARIES_MAGIC_OFFSET = 0
export const DICTIONARIES_COUNT_OFFSET: number = DICTIONARIES_MAGIC_OFFSET + 8
export const DICTIONARIES_RESERVED_OFFSET: number = DICTIONARIES_COUNT_OFFSET + 2
export const DICTIONARIES_LENGTHS_OFFSET: number = DICTIONARIES_RESERVED_OFFSET + 2
/** Most dictionaries of a file. @internal */
export const DICTIONARIES_COUNT_MAX = 8
export const DICTIONARIES_BYTES_OFFSET: number = DICTIONARIES_LENGTHS_OFFSET + 4 * DICTIONARIES_COUNT_MAX
/** @internal */
export const DICTIONARIES_MAGIC = 'LDB DICT'

// Free-space page.
export const FREE_SPACE_PAGE_FIRST_PAGE_OFFSET: number = PAGE_HEADER_BYTES
export const FREE_SPACE_PAGE_NEXT_PAGE_OFFSET: number = FREE_SPACE_PAGE_FIRST_PAGE_OFFSET + 4
export const FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET: number = FREE_SPACE_PAGE_NEXT_PAGE_OFFSET + 4
export const FREE_SPACE_PAGE_NEXT_MIRROR_OFFSET: number = FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET + 8
export const FREE_SPACE_PAGE_RESERVED_OFFSET: number = FREE_SPACE_PAGE_NEXT_MIRROR_OFFSET + 4
export const FREE_SPACE_PAGE_NEXT_MIRROR_CHECKSUM_OFFSET: number = FREE_SPACE_PAGE_RESERVED_OFFSET + 4
export const FREE_SPACE_PAGE_BITS_OFFSET: number = FREE_SPACE_PAGE_NEXT_MIRROR_CHECKSUM_OFFSET + 8

/** Returns the number of the first page behind the meta region. @internal */
export function firstPageNumber(pageBytes: number): number {
  return Math.max(1, Math.ceil(META_REGION_BYTES / pageBytes))
}

/** Returns the number of the first page of the region that holds the copy of the meta block. @internal */
export function metaCopyPage(pageBytes: number): number {
  return META_COPY_POSITION / pageBytes
}

/** Returns the number of the first page behind the region of the copy of the meta block, which is a whole block of the device. @internal */
export function metaCopyEnd(pageBytes: number): number {
  return metaCopyPage(pageBytes) + Math.max(1, META_STRIDE / pageBytes)
}

/**
 * Returns the number of pages of an extent that holds `contentBytes`.
 *
 * @param trailerBytes - bytes behind the content that belong to the cipher of the file.
 * @internal
 */
export function extentPageCount(contentBytes: number, pageBytes: number, trailerBytes: number = 0): number {
  return Math.ceil((OVERFLOW_EXTENT_BYTES + contentBytes + trailerBytes) / pageBytes)
}
