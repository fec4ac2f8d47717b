import { corruption, LdbError, readCheckedU64, readU32, writeU32, writeU64 } from '@ldb/base'
import { decodeFileHeader, encodeFileHeader, SEED_ZERO, seedOfFile } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import { matchesChecksum, writeChecksum } from '../catalog/checksum-field.js'
import type { SealedCommits } from '../encryption/sealed-commits.js'
import {
  ARCHIVE_FLAG_ENCRYPTED,
  ARCHIVE_FORMAT,
  ARCHIVE_HEADER_BYTES,
  ARCHIVE_KIND,
  ARCHIVE_OFFSET_BRANCH_ID,
  ARCHIVE_OFFSET_CHECKSUM,
  ARCHIVE_OFFSET_DATABASE_ID,
  ARCHIVE_OFFSET_FILE_ID,
  ARCHIVE_OFFSET_SINCE_SEQ,
  FRAME_BYTES,
  FRAME_OFFSET_CHECKSUM,
  FRAME_OFFSET_FILE_OFFSET,
  FRAME_OFFSET_PAYLOAD_BYTES,
  FRAME_OFFSET_RESERVED,
  FRAME_OFFSET_SEQ,
  FRAME_OFFSET_TYPE,
} from '../format.js'

/** Header of an archive file. */
export interface ArchiveHeader {
  readonly fileId: Uint8Array
  readonly databaseId: Uint8Array
  readonly branchId: Uint8Array
  /** The first commit of the file is the next one. */
  readonly sinceSeq: number
}

/** Encodes the header of a file (FORMAT.md). */
export function encodeArchiveHeader(
  { fileId, databaseId, branchId, sinceSeq }: ArchiveHeader,
  isEncrypted: boolean,
): Uint8Array {
  const bytes = new Uint8Array(ARCHIVE_HEADER_BYTES)
  const versions = { format: ARCHIVE_FORMAT, minimumReader: ARCHIVE_FORMAT }
  bytes.set(
    encodeFileHeader({ kind: ARCHIVE_KIND, ...versions, flags: isEncrypted ? ARCHIVE_FLAG_ENCRYPTED : 0 }),
  )
  bytes.set(fileId, ARCHIVE_OFFSET_FILE_ID)
  bytes.set(databaseId, ARCHIVE_OFFSET_DATABASE_ID)
  bytes.set(branchId, ARCHIVE_OFFSET_BRANCH_ID)
  writeU64(bytes, ARCHIVE_OFFSET_SINCE_SEQ, sinceSeq)
  writeChecksum(bytes, ARCHIVE_OFFSET_CHECKSUM, ARCHIVE_OFFSET_FILE_ID, bytes.length, SEED_ZERO)
  return bytes
}

/** @throws {@link LdbError} LDB_FORMAT, LDB_CORRUPTION, LDB_KEY. */
function decodeArchiveHeader(bytes: Uint8Array, path: string, isEncrypted: boolean): ArchiveHeader {
  const known = { file: path, kind: ARCHIVE_KIND, format: ARCHIVE_FORMAT, flags: ARCHIVE_FLAG_ENCRYPTED }
  const { flags } = decodeFileHeader(bytes, known)
  if ((flags === ARCHIVE_FLAG_ENCRYPTED) !== isEncrypted) {
    const message = isEncrypted ? 'is not encrypted, but its database is' : 'is encrypted'
    throw new LdbError('LDB_KEY', `the archive file ${message} (${path})`, { details: { file: path } })
  }
  if (
    bytes.length < ARCHIVE_HEADER_BYTES ||
    !matchesChecksum(bytes, ARCHIVE_OFFSET_CHECKSUM, ARCHIVE_OFFSET_FILE_ID, ARCHIVE_HEADER_BYTES, SEED_ZERO)
  ) {
    throw corruption(path, ARCHIVE_OFFSET_CHECKSUM, 'the header of the archive file is damaged')
  }
  return {
    fileId: bytes.slice(ARCHIVE_OFFSET_FILE_ID, ARCHIVE_OFFSET_DATABASE_ID),
    databaseId: bytes.slice(ARCHIVE_OFFSET_DATABASE_ID, ARCHIVE_OFFSET_BRANCH_ID),
    branchId: bytes.slice(ARCHIVE_OFFSET_BRANCH_ID, ARCHIVE_OFFSET_SINCE_SEQ),
    sinceSeq: readCheckedU64(bytes, ARCHIVE_OFFSET_SINCE_SEQ, path, ARCHIVE_OFFSET_SINCE_SEQ),
  }
}

/** Encodes a frame that begins at an offset of a file. */
export function encodeFrame(
  seed: Seed64,
  fileOffset: number,
  type: number,
  seq: number,
  payload: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(FRAME_BYTES + payload.length)
  writeU64(bytes, FRAME_OFFSET_FILE_OFFSET, fileOffset)
  writeU64(bytes, FRAME_OFFSET_SEQ, seq)
  writeU32(bytes, FRAME_OFFSET_PAYLOAD_BYTES, payload.length)
  bytes[FRAME_OFFSET_TYPE] = type
  bytes.set(payload, FRAME_BYTES)
  writeChecksum(bytes, FRAME_OFFSET_CHECKSUM, FRAME_OFFSET_FILE_OFFSET, bytes.length, seed)
  return bytes
}

/** Bytes that are read together. */
const WINDOW_BYTES = 1_048_576

/** Reads the frames of an archive file in order. */
export class ArchiveFileReader {
  readonly header: ArchiveHeader
  type = -1
  seq = 0
  /** Borrowed until the next frame. */
  payload: Uint8Array = new Uint8Array(0)
  /** Offset of the frame after the current one. */
  nextOffset: number = ARCHIVE_HEADER_BYTES
  readonly #file: VfsFile
  readonly #length: number
  readonly #seed: Seed64
  readonly #sealed: SealedCommits | undefined
  #window: Uint8Array = new Uint8Array(0)
  #windowStart = 0

  /**
   * @param sealed - decrypts the frames; `undefined` when the database is not encrypted.
   * @throws {@link LdbError} LDB_FORMAT, LDB_CORRUPTION, LDB_KEY, LDB_IO.
   */
  constructor(file: VfsFile, sealed: SealedCommits | undefined) {
    this.#file = file
    this.#sealed = sealed
    this.#length = file.length()
    this.header = decodeArchiveHeader(
      this.#bytesAt(0, Math.min(this.#length, ARCHIVE_HEADER_BYTES)),
      file.path,
      sealed !== undefined,
    )
    this.#seed = seedOfFile(this.header.fileId)
  }

  /** Moves to the next good frame. Returns false where the file, or what is good of it, ends. */
  next(): boolean {
    return this.#read(this.nextOffset)
  }

  /** Reports whether a good frame follows the end that `next` has found: then the bytes in between are damaged. */
  hasLater(): boolean {
    const end = this.nextOffset
    try {
      for (let at = end + 1; at + FRAME_BYTES <= this.#length; at++) {
        if (
          readU32(this.#bytesAt(at, FRAME_BYTES), FRAME_OFFSET_FILE_OFFSET) === at % 2 ** 32 &&
          this.#read(at)
        )
          return true
      }
      return false
    } finally {
      this.nextOffset = end
    }
  }

  #read(at: number): boolean {
    if (at + FRAME_BYTES > this.#length) return false
    const header = this.#bytesAt(at, FRAME_BYTES)
    const end = at + FRAME_BYTES + readU32(header, FRAME_OFFSET_PAYLOAD_BYTES)
    if (end > this.#length) return false
    const bytes = this.#bytesAt(at, end - at)
    if (!matchesChecksum(bytes, FRAME_OFFSET_CHECKSUM, FRAME_OFFSET_FILE_OFFSET, bytes.length, this.#seed))
      return false
    const { path } = this.#file
    const reserved = bytes.subarray(FRAME_OFFSET_RESERVED, FRAME_BYTES)
    if (
      readCheckedU64(bytes, FRAME_OFFSET_FILE_OFFSET, path, at) !== at ||
      reserved.some((byte) => byte !== 0)
    )
      return false
    this.type = bytes[FRAME_OFFSET_TYPE] as number
    this.seq = readCheckedU64(bytes, FRAME_OFFSET_SEQ, path, at)
    const stored = bytes.subarray(FRAME_BYTES)
    this.payload = this.#sealed?.unseal(this.type, this.seq, stored.slice(), path, at) ?? stored
    this.nextOffset = end
    return true
  }

  /** Returns bytes of the file, borrowed. */
  #bytesAt(at: number, byteCount: number): Uint8Array {
    if (at < this.#windowStart || at + byteCount > this.#windowStart + this.#window.length) {
      const window = new Uint8Array(Math.min(Math.max(byteCount, WINDOW_BYTES), this.#length - at))
      const count = this.#file.read(window, 0, window.length, at)
      if (count !== window.length)
        throw corruption(this.#file.path, at + count, 'the archive file is truncated')
      this.#window = window
      this.#windowStart = at
    }
    const start = at - this.#windowStart
    return this.#window.subarray(start, start + byteCount)
  }
}
