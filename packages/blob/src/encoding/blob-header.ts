import { corruption, LdbError, readU32, writeU32 } from '@ldb/base'
import type { UnitCipher } from '@ldb/integrity'
import { decodeFileHeader, encodeFileHeader, FILE_ID_BYTES, SEED_ZERO, xxHash64 } from '@ldb/integrity'
import {
  FILE_FLAG_ENCRYPTED,
  FILE_KIND,
  FORMAT_VERSION,
  HEADER_BYTES,
  HEADER_CHECKSUM,
  HEADER_FILE_HEADER,
  HEADER_FILE_ID,
  HEADER_FILE_NUMBER,
  HEADER_INDEX_COUNT,
  HEADER_RESERVED,
  HEADER_SUITE,
  HEADER_TRAILER_BYTES,
  MINIMUM_READER_VERSION,
} from '../format.js'

/** The header of a blob file. */
export interface BlobHeader {
  /** 16 random bytes, chosen when the file is created. */
  readonly fileId: Uint8Array
  readonly fileNumber: number
  /** Entries of the index of a compacted file; 0 in a file that was not compacted. */
  readonly indexCount: number
  /** How keys and values are encrypted; `undefined` when they are not. */
  readonly encryption: BlobEncryption | undefined
}

/** How the keys and values of a file are encrypted. */
export type BlobEncryption = Pick<UnitCipher, 'suite' | 'trailerBytes'>

const hash = new Int32Array(2)
const MAGIC_BYTES = 8
const CURRENT = Object.freeze({
  kind: FILE_KIND,
  format: FORMAT_VERSION,
  minimumReader: MINIMUM_READER_VERSION,
  flags: 0,
})
const ENCRYPTED = Object.freeze({ ...CURRENT, flags: FILE_FLAG_ENCRYPTED })

/** Encodes the header of a new blob file. */
export function encodeHeader({ fileId, fileNumber, indexCount, encryption }: BlobHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES)
  bytes.set(encodeFileHeader(encryption === undefined ? CURRENT : ENCRYPTED), HEADER_FILE_HEADER)
  bytes[HEADER_SUITE] = encryption?.suite ?? 0
  bytes[HEADER_TRAILER_BYTES] = encryption?.trailerBytes ?? 0
  bytes.set(fileId, HEADER_FILE_ID)
  writeU32(bytes, HEADER_FILE_NUMBER, fileNumber)
  writeU32(bytes, HEADER_INDEX_COUNT, indexCount)
  xxHash64(bytes, 0, HEADER_CHECKSUM, SEED_ZERO, hash)
  writeU32(bytes, HEADER_CHECKSUM, (hash[0] as number) >>> 0)
  writeU32(bytes, HEADER_CHECKSUM + 4, (hash[1] as number) >>> 0)
  return bytes
}

/**
 * Decodes and checks the header of the blob file with a number.
 *
 * @param byteCount - number of valid bytes in `bytes`.
 * @throws {@link LdbError} LDB_FORMAT when this build does not read the file; LDB_CORRUPTION when it is damaged, or has another number;
 * LDB_UNSUPPORTED when it is encrypted.
 */
export function decodeHeader(
  bytes: Uint8Array,
  byteCount: number,
  fileNumber: number,
  file: string,
): BlobHeader {
  if (byteCount < HEADER_BYTES) {
    throw corruption(file, byteCount, 'a blob file ends within its header', {
      expected: HEADER_BYTES,
      actual: byteCount,
    })
  }
  // The name of the file says that it is one: without the magic number, its header was lost.
  const magic = encodeFileHeader(CURRENT).subarray(0, MAGIC_BYTES)
  if (magic.some((byte, at) => bytes[at] !== byte)) throw corruption(file, 0, 'a blob file has no header')
  const known = { file, kind: FILE_KIND, format: FORMAT_VERSION, flags: FILE_FLAG_ENCRYPTED }
  const { flags } = decodeFileHeader(bytes.subarray(0, byteCount), known)
  xxHash64(bytes, 0, HEADER_CHECKSUM, SEED_ZERO, hash)
  if (
    (readU32(bytes, HEADER_CHECKSUM) | 0) !== hash[0] ||
    (readU32(bytes, HEADER_CHECKSUM + 4) | 0) !== hash[1]
  ) {
    throw corruption(file, HEADER_CHECKSUM, 'the header of a blob file does not match its checksum')
  }
  const isEncrypted = (flags & FILE_FLAG_ENCRYPTED) !== 0
  for (let at = isEncrypted ? HEADER_RESERVED : HEADER_SUITE; at < HEADER_INDEX_COUNT; at++) {
    if (bytes[at] === 0) continue
    throw new LdbError(
      'LDB_UNSUPPORTED',
      `this build does not read the encryption of a blob file (${file})`,
      {
        details: { file, offset: at },
      },
    )
  }
  const actual = readU32(bytes, HEADER_FILE_NUMBER)
  if (actual !== fileNumber) {
    throw corruption(file, HEADER_FILE_NUMBER, 'a blob file has the header of another one', {
      expected: fileNumber,
      actual,
    })
  }
  return {
    fileId: bytes.slice(HEADER_FILE_ID, HEADER_FILE_ID + FILE_ID_BYTES),
    fileNumber,
    indexCount: readU32(bytes, HEADER_INDEX_COUNT),
    encryption: isEncrypted
      ? { suite: bytes[HEADER_SUITE] ?? 0, trailerBytes: bytes[HEADER_TRAILER_BYTES] ?? 0 }
      : undefined,
  }
}

/**
 * Refuses a file that is encrypted in another way than its owner expects.
 *
 * @throws {@link LdbError} LDB_KEY, LDB_UNSUPPORTED.
 */
export function checkEncryption(
  encryption: BlobEncryption | undefined,
  cipher: UnitCipher | undefined,
  file: string,
): void {
  const details = { file, offset: HEADER_SUITE }
  if ((encryption === undefined) !== (cipher === undefined)) {
    const message = encryption === undefined ? 'a key was given, but it is not encrypted' : 'it is encrypted'
    throw new LdbError('LDB_KEY', `a blob file cannot be read: ${message} (${file})`, { details })
  }
  if (encryption?.suite === cipher?.suite && encryption?.trailerBytes === cipher?.trailerBytes) return
  throw new LdbError('LDB_UNSUPPORTED', `this build does not read the encryption of a blob file (${file})`, {
    details,
  })
}
