import { assert } from '@ldb/base'

/** Version written into new files, and the oldest reader that can read them. @internal */
export const FORMAT_VERSION = 1
/** @internal */
export const MINIMUM_READER = 1
/** Kind letter in the magic of the file. @internal */
export const FILE_KIND = 'B'

/** @internal */
export const PAGE_BYTES_DEFAULT = 8192
/** Bytes from one meta block to the next. @internal */
export const META_STRIDE = 4096
/** Meta blocks: two that checkpoints go to in turn, and the spare. @internal */
export const META_BLOCK_COUNT = 3
/** The block that holds the newest checkpoint once more, when somebody found it and made sure of it. @internal */
export const SPARE_BLOCK = 2
/** All meta blocks; tree pages begin behind them. @internal */
export const META_REGION_BYTES: number = META_BLOCK_COUNT * META_STRIDE
/** Page numbers are small integers in V8 and signed 32-bit in the arena. @internal */
export const PAGE_COUNT_MAX = 2 ** 31 - 1
/** Levels that a tree can have: more than any file of 2^31 pages could fill. @internal */
export const LEVELS_MAX = 32

// Meta block.
export const META_BLOCK_FILE_HEADER_OFFSET = 0
export const META_BLOCK_FILE_ID_OFFSET: number = META_BLOCK_FILE_HEADER_OFFSET + 24
export const META_BLOCK_PAGE_BYTES_OFFSET: number = META_BLOCK_FILE_ID_OFFSET + 16
export const META_BLOCK_BLOCK_OFFSET: number = META_BLOCK_PAGE_BYTES_OFFSET + 4
export const META_BLOCK_CHECKPOINT_OFFSET: number = META_BLOCK_BLOCK_OFFSET + 4
export const META_BLOCK_EPOCH_OFFSET: number = META_BLOCK_CHECKPOINT_OFFSET + 8
export const META_BLOCK_DURABLE_SEQ_OFFSET: number = META_BLOCK_EPOCH_OFFSET + 8
export const META_BLOCK_ROOT_PAGE_OFFSET: number = META_BLOCK_DURABLE_SEQ_OFFSET + 8
export const META_BLOCK_ROOT_LEVEL_OFFSET: number = META_BLOCK_ROOT_PAGE_OFFSET + 4
export const META_BLOCK_ROOT_CHECKSUM_OFFSET: number = META_BLOCK_ROOT_LEVEL_OFFSET + 4
export const META_BLOCK_ENTRY_COUNT_OFFSET: number = META_BLOCK_ROOT_CHECKSUM_OFFSET + 8
export const META_BLOCK_RUN_COUNT_OFFSET: number = META_BLOCK_ENTRY_COUNT_OFFSET + 8
export const META_BLOCK_PAGE_COUNT_OFFSET: number = META_BLOCK_RUN_COUNT_OFFSET + 8
export const META_BLOCK_FREE_SPACE_PAGE_OFFSET: number = META_BLOCK_PAGE_COUNT_OFFSET + 4
export const META_BLOCK_FREE_SPACE_CHECKSUM_OFFSET: number = META_BLOCK_FREE_SPACE_PAGE_OFFSET + 4
export const META_BLOCK_FREE_COUNT_OFFSET: number = META_BLOCK_FREE_SPACE_CHECKSUM_OFFSET + 8
export const META_BLOCK_RESERVED_OFFSET: number = META_BLOCK_FREE_COUNT_OFFSET + 4
export const META_BLOCK_CHECKSUM_OFFSET: number = META_BLOCK_RESERVED_OFFSET + 380
/** One sector: it is written whole or not at all by most devices, and checked by its checksum on the others. */
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
export const PageKind = { Leaf: 1, Branch: 2, Run: 3, FreeSpace: 4 } as const
/** Flag: the prefix of the page is not guaranteed by its fences and must be compared. @internal */
export const FLAG_EDGE = 1

// Slot.
export const SLOT_HEAD_OFFSET = 0
export const SLOT_RECORD_OFFSET_OFFSET: number = SLOT_HEAD_OFFSET + 4
export const SLOT_KEY_BYTES_OFFSET: number = SLOT_RECORD_OFFSET_OFFSET + 2
export const SLOT_BYTES: number = SLOT_KEY_BYTES_OFFSET + 2
assert(SLOT_BYTES === 8, 'a slot is two 32-bit words')

// Leaf record.
/** Bytes of the value field in front of the key of a leaf record. @internal */
export const VALUE_FIELD_BYTES = 2
/** Mask of the length in a value field. @internal */
export const VALUE_LENGTH_MASK = 0x3fff
/** Flag in a value field: the value is encoded, in files whose header announces encoded values. No file does yet. @internal */
export const VALUE_IS_ENCODED = 0x4000
/** Flag in a value field: the value part is a run reference. @internal */
export const VALUE_IS_RUN = 0x8000

// Branch record.
export const BRANCH_RECORD_CHILD_OFFSET = 0
export const BRANCH_RECORD_CHILD_CHECKSUM_OFFSET: number = BRANCH_RECORD_CHILD_OFFSET + 4
export const BRANCH_RECORD_KEY_OFFSET: number = BRANCH_RECORD_CHILD_CHECKSUM_OFFSET + 8

// Run reference.
export const RUN_REFERENCE_PAGE_OFFSET = 0
export const RUN_REFERENCE_CONTENT_BYTES_OFFSET: number = RUN_REFERENCE_PAGE_OFFSET + 4
export const RUN_REFERENCE_EPOCH_OFFSET: number = RUN_REFERENCE_CONTENT_BYTES_OFFSET + 4
export const RUN_REFERENCE_CHECKSUM_OFFSET: number = RUN_REFERENCE_EPOCH_OFFSET + 8
export const RUN_REFERENCE_BYTES: number = RUN_REFERENCE_CHECKSUM_OFFSET + 8
assert(RUN_REFERENCE_BYTES === 24, 'a run reference is 24 bytes')

// Overflow run.
export const OVERFLOW_RUN_CHECKSUM_OFFSET = 0
export const OVERFLOW_RUN_PAGE_NUMBER_OFFSET: number = OVERFLOW_RUN_CHECKSUM_OFFSET + 8
export const OVERFLOW_RUN_KIND_OFFSET: number = OVERFLOW_RUN_PAGE_NUMBER_OFFSET + 4
export const OVERFLOW_RUN_RESERVED_OFFSET: number = OVERFLOW_RUN_KIND_OFFSET + 1
export const OVERFLOW_RUN_EPOCH_OFFSET: number = OVERFLOW_RUN_RESERVED_OFFSET + 3
export const OVERFLOW_RUN_CONTENT_BYTES_OFFSET: number = OVERFLOW_RUN_EPOCH_OFFSET + 8
export const OVERFLOW_RUN_RESERVED2_OFFSET: number = OVERFLOW_RUN_CONTENT_BYTES_OFFSET + 4
export const OVERFLOW_RUN_BYTES: number = OVERFLOW_RUN_RESERVED2_OFFSET + 4
assert(OVERFLOW_RUN_BYTES === 32, 'the header of a run is 32 bytes')

// Free-space page.
export const FREE_SPACE_PAGE_FIRST_PAGE_OFFSET: number = PAGE_HEADER_BYTES
export const FREE_SPACE_PAGE_NEXT_PAGE_OFFSET: number = FREE_SPACE_PAGE_FIRST_PAGE_OFFSET + 4
export const FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET: number = FREE_SPACE_PAGE_NEXT_PAGE_OFFSET + 4
export const FREE_SPACE_PAGE_BITS_OFFSET: number = FREE_SPACE_PAGE_NEXT_CHECKSUM_OFFSET + 8

/** Number of the first page that is not part of the meta region. @internal */
export function firstPageNumber(pageBytes: number): number {
  return Math.max(1, Math.ceil(META_REGION_BYTES / pageBytes))
}

/** Pages of a run that holds `contentBytes`. @internal */
export function runPageCount(contentBytes: number, pageBytes: number): number {
  return Math.ceil((OVERFLOW_RUN_BYTES + contentBytes) / pageBytes)
}
