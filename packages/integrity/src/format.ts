import { assert } from '@ldb/base'

// FORMAT.md is normative; a test compares these constants with its tables. Each offset is the offset of the previous
// field plus that field's size.

export const FILE_HEADER_MAGIC_OFFSET = 0
export const FILE_HEADER_FORMAT_OFFSET: number = FILE_HEADER_MAGIC_OFFSET + 8
export const FILE_HEADER_MINIMUM_READER_OFFSET: number = FILE_HEADER_FORMAT_OFFSET + 2
export const FILE_HEADER_FLAGS_OFFSET: number = FILE_HEADER_MINIMUM_READER_OFFSET + 2
export const FILE_HEADER_CHECKSUM_OFFSET: number = FILE_HEADER_FLAGS_OFFSET + 4

/**
 * Size of the header at the start of every LDB file.
 *
 * @category File header
 */
export const FILE_HEADER_BYTES: number = FILE_HEADER_CHECKSUM_OFFSET + 8

assert(FILE_HEADER_BYTES === 24, 'a file header has 24 bytes')
