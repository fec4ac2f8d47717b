import { assert } from '../assert.js'

/** Offset of a section's `keyspaceId`, u32. */
export const SECTION_KEYSPACE_ID_OFFSET = 0
/** Offset of a section's `operationCount`, u32. */
export const SECTION_OPERATION_COUNT_OFFSET: number = SECTION_KEYSPACE_ID_OFFSET + 4
/** Offset of a section's `operationBytes`, u32. */
export const SECTION_OPERATION_BYTES_OFFSET: number = SECTION_OPERATION_COUNT_OFFSET + 4
/** Length of a section header, in bytes. */
export const SECTION_HEADER_BYTES: number = SECTION_OPERATION_BYTES_OFFSET + 4

/**
 * Headroom: bytes in front of an encoded batch, in its buffer, that the log may overwrite. They let it build a record around the batch
 * without a copy.
 *
 * @category Batches
 */
export const BATCH_HEADROOM_BYTES = 32
/** Tailroom: bytes after an encoded batch, in its buffer, that the log may overwrite. @category Batches */
export const BATCH_TAILROOM_BYTES = 8

assert(SECTION_HEADER_BYTES === 12, 'a section header is 12 bytes long')
