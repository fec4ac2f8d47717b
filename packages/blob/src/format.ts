import { assert } from '@ldb/base'
import { FILE_HEADER_BYTES, FILE_ID_BYTES } from '@ldb/integrity'

// FORMAT.md is normative. A test compares its tables with these constants.

/** Kind of file in the common file header. */
export const FILE_KIND = 'V'
/** Format version that this package writes. */
export const FORMAT_VERSION = 2
/** Oldest reader version that can read the files which this package writes. */
export const MINIMUM_READER_VERSION = 2

/** Flag of the file header: keys and values are encrypted. On disk: never renumber, never reuse. */
export const FILE_FLAG_ENCRYPTED = 1

export const HEADER_FILE_HEADER = 0
export const HEADER_FILE_ID: number = HEADER_FILE_HEADER + FILE_HEADER_BYTES
export const HEADER_FILE_NUMBER: number = HEADER_FILE_ID + FILE_ID_BYTES
export const HEADER_SUITE: number = HEADER_FILE_NUMBER + 4
export const HEADER_TRAILER_BYTES: number = HEADER_SUITE + 1
export const HEADER_RESERVED: number = HEADER_TRAILER_BYTES + 1
export const HEADER_DATA_KEY_ID: number = HEADER_RESERVED + 2
export const HEADER_INDEX_COUNT: number = HEADER_DATA_KEY_ID + 4
export const HEADER_CHECKSUM: number = HEADER_INDEX_COUNT + 4
/** Bytes of the header of a file. */
export const HEADER_BYTES: number = HEADER_CHECKSUM + 8
assert(HEADER_BYTES === 64, 'the header of a blob file has 64 bytes')
/** File offset of the first record, behind the header. @category Blob files */
export const FIRST_RECORD_OFFSET: number = HEADER_BYTES

export const INDEX_RECORD_OFFSET = 0
export const INDEX_POSITION: number = INDEX_RECORD_OFFSET + 8
/** Bytes of an entry of the index of a compacted file. */
export const INDEX_ENTRY_BYTES: number = INDEX_POSITION + 8
assert(INDEX_ENTRY_BYTES === 16, 'an index entry has 16 bytes')
/** Bytes of the checksum behind the entries. */
export const INDEX_CHECKSUM_BYTES = 8

export const RECORD_CHECKSUM = 0
export const RECORD_FILE_OFFSET: number = RECORD_CHECKSUM + 8
export const RECORD_VALUE_CHECKSUM: number = RECORD_FILE_OFFSET + 8
export const RECORD_VALUE_BYTES: number = RECORD_VALUE_CHECKSUM + 8
export const RECORD_KEY_BYTES: number = RECORD_VALUE_BYTES + 4
export const RECORD_CODEC: number = RECORD_KEY_BYTES + 2
export const RECORD_RESERVED: number = RECORD_CODEC + 1
export const RECORD_DECODED_BYTES: number = RECORD_RESERVED + 1
export const RECORD_RESERVED2: number = RECORD_DECODED_BYTES + 4
export const RECORD_HEADER_BYTES: number = RECORD_RESERVED2 + 4
assert(RECORD_HEADER_BYTES === 40, 'the header of a blob record has 40 bytes')
/** Alignment of records in the file. */
export const RECORD_ALIGNMENT = 8

/** A longer value is divided into chunks, each with a checksum of its own. @category Blob files */
export const CHUNK_BYTES: number = 1024 * 1024
/** A longer value is never encoded: its chunks are read one by one. */
export const ENCODED_VALUE_BYTES_MAX: number = CHUNK_BYTES
/** Bytes of a checksum in the chunk table. */
export const CHUNK_CHECKSUM_BYTES = 8

export const REFERENCE_FILE_NUMBER = 0
export const REFERENCE_VALUE_BYTES: number = REFERENCE_FILE_NUMBER + 4
export const REFERENCE_VALUE_OFFSET: number = REFERENCE_VALUE_BYTES + 4
export const REFERENCE_VALUE_CHECKSUM: number = REFERENCE_VALUE_OFFSET + 8
export const REFERENCE_KEY_BYTES: number = REFERENCE_VALUE_CHECKSUM + 8
export const REFERENCE_CODEC: number = REFERENCE_KEY_BYTES + 2
export const REFERENCE_RESERVED: number = REFERENCE_CODEC + 1
export const REFERENCE_DECODED_BYTES: number = REFERENCE_RESERVED + 1
/** Bytes of a reference. @category Blob files */
export const REFERENCE_BYTES: number = REFERENCE_DECODED_BYTES + 4
assert(REFERENCE_BYTES === 32, 'a blob reference has 32 bytes')

/**
 * Greatest number of a blob file: the first bytes of a reference are then never the mark of an expiry header, which a value in front of
 * which a header was not written must not begin with.
 */
export const FILE_NUMBER_MAX = 0x3fff_ffff

/** Returns the bytes of the index of a compacted file. */
export function indexBytesOf(entryCount: number): number {
  return entryCount * INDEX_ENTRY_BYTES + INDEX_CHECKSUM_BYTES
}

/** Returns the bytes of the chunk table of a value: 0 for a value of one chunk. */
export function chunkTableBytes(valueBytes: number): number {
  return valueBytes <= CHUNK_BYTES ? 0 : Math.ceil(valueBytes / CHUNK_BYTES) * CHUNK_CHECKSUM_BYTES
}

/**
 * Returns the bytes of a record: header, key, value, chunk table and padding.
 *
 * @param trailerBytes - bytes of the trailer that follows the key, each chunk and the chunk table in an encrypted file.
 */
export function recordBytesOf(keyBytes: number, valueBytes: number, trailerBytes: number = 0): number {
  const tableBytes = chunkTableBytes(valueBytes)
  const unitCount = tableBytes === 0 ? 2 : 2 + tableBytes / CHUNK_CHECKSUM_BYTES
  const bytes = RECORD_HEADER_BYTES + keyBytes + valueBytes + tableBytes + unitCount * trailerBytes
  const excess = bytes % RECORD_ALIGNMENT
  return excess === 0 ? bytes : bytes + RECORD_ALIGNMENT - excess
}
