import { assert } from '../assert.js'

/** Offset of a section's `keyspaceId`, u32. */
export const SECTION_KEYSPACE_ID_OFFSET = 0
/** Offset of a section's `operationCount`, u32. */
export const SECTION_OPERATION_COUNT_OFFSET: number = SECTION_KEYSPACE_ID_OFFSET + 4
/** Offset of a section's `operationBytes`, u32. */
export const SECTION_OPERATION_BYTES_OFFSET: number = SECTION_OPERATION_COUNT_OFFSET + 4
/** Length of a section's header, in bytes. */
export const SECTION_HEADER_BYTES: number = SECTION_OPERATION_BYTES_OFFSET + 4

/**
 * Bytes in front of an encoded batch, in its buffer, that belong to whoever logs it: a record can be made around the batch where it
 * lies.
 *
 * @category Batches
 */
export const BATCH_ROOM_BEFORE = 32
/** Bytes behind an encoded batch that do. @category Batches */
export const BATCH_ROOM_BEHIND = 8

assert(SECTION_HEADER_BYTES === 12, 'a section header is 12 bytes long')
