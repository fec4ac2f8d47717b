import { assert } from '@ldb/base'

// FORMAT.md is the truth; a test holds these against its tables. Each offset is the one before it plus the bytes of
// the field before it.

// The header that every file starts with.
export const FILE_MAGIC = 0
export const FILE_FORMAT: number = FILE_MAGIC + 8
export const FILE_MINIMUM_READER: number = FILE_FORMAT + 2
export const FILE_FLAGS: number = FILE_MINIMUM_READER + 2
export const FILE_CHECKSUM: number = FILE_FLAGS + 4

/**
 * Bytes of the header that every LDB file starts with.
 *
 * @category File header
 */
export const FILE_HEADER_BYTES: number = FILE_CHECKSUM + 8

// The header of an envelope.
export const ENVELOPE_CHECKSUM = 0
export const ENVELOPE_POSITION: number = ENVELOPE_CHECKSUM + 8
export const ENVELOPE_EPOCH: number = ENVELOPE_POSITION + 8
export const ENVELOPE_RAW_BYTES: number = ENVELOPE_EPOCH + 8
export const ENVELOPE_STORED_BYTES: number = ENVELOPE_RAW_BYTES + 4
export const ENVELOPE_TYPE: number = ENVELOPE_STORED_BYTES + 4
export const ENVELOPE_CODEC: number = ENVELOPE_TYPE + 1
export const ENVELOPE_RESERVED: number = ENVELOPE_CODEC + 1

/**
 * Bytes of the header in front of the body of an envelope.
 *
 * @category Envelopes
 */
export const ENVELOPE_HEADER_BYTES: number = ENVELOPE_RESERVED + 2

assert(FILE_HEADER_BYTES === 24, 'a file header has 24 bytes')
assert(ENVELOPE_HEADER_BYTES === 36, 'an envelope header has 36 bytes')
