import { corruption, LdbError } from '@ldb/base'
import {
  decodeFileHeader,
  encodeFileHeader,
  FILE_HEADER_BYTES,
  FILE_ID_BYTES,
  SEED_ZERO,
  xxHash64,
} from '@ldb/integrity'
import {
  FILE_FLAG_ENCRYPTED,
  FORMAT_VERSION,
  HEADER_BYTES,
  HEADER_FILE_ID_OFFSET,
  HEADER_CHECKSUM_OFFSET,
  HEADER_STORE_ID_OFFSET,
  STORE_ID_BYTES,
} from '../format.js'

/** Bytes of the magic at the start of a file header. */
const MAGIC_BYTES = 8

/** Ids in the header of a table or a manifest. */
export interface HeaderIds {
  /** Random id of the file. */
  readonly fileId: Uint8Array
  /** Random id of the store that the file belongs to. */
  readonly storeId: Uint8Array
}

/** Encodes the header of a table or a manifest. */
export function encodeHeader(
  kind: string,
  { fileId, storeId }: HeaderIds,
  isEncrypted: boolean = false,
): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES)
  const flags = isEncrypted ? FILE_FLAG_ENCRYPTED : 0
  bytes.set(encodeFileHeader({ kind, format: FORMAT_VERSION, minimumReader: FORMAT_VERSION, flags }))
  bytes.set(fileId, HEADER_FILE_ID_OFFSET)
  bytes.set(storeId, HEADER_STORE_ID_OFFSET)
  bytes.set(checksumOf(bytes), HEADER_CHECKSUM_OFFSET)
  return bytes
}

/** Reports whether a file begins with the magic number of its kind, of any version: otherwise its first bytes are damaged. */
export function hasMagic(bytes: Uint8Array, kind: string): boolean {
  const header = encodeFileHeader({ kind, format: FORMAT_VERSION, minimumReader: FORMAT_VERSION, flags: 0 })
  return header.subarray(0, MAGIC_BYTES).every((byte, at) => bytes[at] === byte)
}

/**
 * Checks the header of a table or a manifest and returns its ids.
 *
 * @param bytes - the start of the file.
 * @param isEncrypted - the caller has keys.
 * @throws {@link LdbError} LDB_FORMAT for another kind of file or a newer format, LDB_CORRUPTION for a damaged header, LDB_KEY when the
 * file is encrypted and there are no keys, and the reverse.
 */
export function decodeHeader(
  bytes: Uint8Array,
  kind: string,
  file: string,
  isEncrypted: boolean = false,
): HeaderIds {
  const { flags } = decodeFileHeader(bytes, {
    file,
    kind,
    format: FORMAT_VERSION,
    oldestFormat: FORMAT_VERSION,
    flags: FILE_FLAG_ENCRYPTED,
  })
  if (bytes.length < HEADER_BYTES)
    throw corruption(file, FILE_HEADER_BYTES, 'the file ends within its header')
  const hash = checksumOf(bytes)
  if (hash.some((byte, index) => byte !== bytes[HEADER_CHECKSUM_OFFSET + index])) {
    throw corruption(file, FILE_HEADER_BYTES, 'the checksum of the header does not match')
  }
  if (((flags & FILE_FLAG_ENCRYPTED) !== 0) !== isEncrypted) {
    const message = isEncrypted ? 'keys were given, but the file is not encrypted' : 'the file is encrypted'
    throw new LdbError('LDB_KEY', `${message} (${file})`, { details: { file, offset: 0 } })
  }
  return {
    fileId: bytes.slice(HEADER_FILE_ID_OFFSET, HEADER_FILE_ID_OFFSET + FILE_ID_BYTES),
    storeId: bytes.slice(HEADER_STORE_ID_OFFSET, HEADER_STORE_ID_OFFSET + STORE_ID_BYTES),
  }
}

/** Returns the checksum of a header as it is stored. */
function checksumOf(header: Uint8Array): Uint8Array {
  const hash = new Int32Array(2)
  xxHash64(header, 0, HEADER_CHECKSUM_OFFSET, SEED_ZERO, hash)
  return new Uint8Array(hash.buffer)
}
