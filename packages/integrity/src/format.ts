import { assert } from '@ldb/base'

// FORMAT.md is the truth; a test holds these against its tables. Each offset is the one before it plus the bytes of
// the field before it.

// The header that every file starts with.
export const FILE_HEADER_MAGIC_OFFSET = 0
export const FILE_HEADER_FORMAT_OFFSET: number = FILE_HEADER_MAGIC_OFFSET + 8
export const FILE_HEADER_MINIMUM_READER_OFFSET: number = FILE_HEADER_FORMAT_OFFSET + 2
export const FILE_HEADER_FLAGS_OFFSET: number = FILE_HEADER_MINIMUM_READER_OFFSET + 2
export const FILE_HEADER_CHECKSUM_OFFSET: number = FILE_HEADER_FLAGS_OFFSET + 4

/**
 * Bytes of the header that every LDB file starts with.
 *
 * @category File header
 */
export const FILE_HEADER_BYTES: number = FILE_HEADER_CHECKSUM_OFFSET + 8

// The header of an envelope.
export const ENVELOPE_HEADER_CHECKSUM_OFFSET = 0
export const ENVELOPE_HEADER_POSITION_OFFSET: number = ENVELOPE_HEADER_CHECKSUM_OFFSET + 8
export const ENVELOPE_HEADER_EPOCH_OFFSET: number = ENVELOPE_HEADER_POSITION_OFFSET + 8
export const ENVELOPE_HEADER_RAW_BYTES_OFFSET: number = ENVELOPE_HEADER_EPOCH_OFFSET + 8
export const ENVELOPE_HEADER_STORED_BYTES_OFFSET: number = ENVELOPE_HEADER_RAW_BYTES_OFFSET + 4
export const ENVELOPE_HEADER_TYPE_OFFSET: number = ENVELOPE_HEADER_STORED_BYTES_OFFSET + 4
export const ENVELOPE_HEADER_CODEC_OFFSET: number = ENVELOPE_HEADER_TYPE_OFFSET + 1
export const ENVELOPE_HEADER_RESERVED_OFFSET: number = ENVELOPE_HEADER_CODEC_OFFSET + 1

/**
 * Bytes of the header in front of the body of an envelope.
 *
 * @category Envelopes
 */
export const ENVELOPE_HEADER_BYTES: number = ENVELOPE_HEADER_RESERVED_OFFSET + 2

assert(FILE_HEADER_BYTES === 24, 'a file header has 24 bytes')
assert(ENVELOPE_HEADER_BYTES === 36, 'an envelope header has 36 bytes')
