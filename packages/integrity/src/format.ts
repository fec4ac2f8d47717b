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

/** Encryption of a database: XAES-256-GCM with keys from HKDF-SHA256. On disk: never renumber, never reuse. @category Encryption */
export const SUITE_XAES_256_GCM = 1

// Trailer of an encrypted unit.
export const UNIT_TRAILER_TAG_OFFSET = 0
export const UNIT_TRAILER_NONCE_OFFSET: number = UNIT_TRAILER_TAG_OFFSET + 16
export const UNIT_TRAILER_DATA_KEY_ID_OFFSET: number = UNIT_TRAILER_NONCE_OFFSET + 24
/** Bytes of the trailer of an encrypted unit. @category Encryption */
export const UNIT_TRAILER_BYTES: number = UNIT_TRAILER_DATA_KEY_ID_OFFSET + 4
assert(UNIT_TRAILER_BYTES === 44, 'the trailer of an encrypted unit has 44 bytes')
