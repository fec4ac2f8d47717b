import { assert } from './assert.js'

/** Offset of a section's `keyspaceId`, u32. */
export const SECTION_KEYSPACE_ID_OFFSET = 0
/** Offset of a section's `operationCount`, u32. */
export const SECTION_OPERATION_COUNT_OFFSET: number = SECTION_KEYSPACE_ID_OFFSET + 4
/** Offset of a section's `operationBytes`, u32. */
export const SECTION_OPERATION_BYTES_OFFSET: number = SECTION_OPERATION_COUNT_OFFSET + 4
/** Length of a section's header, in bytes. */
export const SECTION_HEADER_BYTES: number = SECTION_OPERATION_BYTES_OFFSET + 4

assert(SECTION_HEADER_BYTES === 12, 'a section header is 12 bytes long')
