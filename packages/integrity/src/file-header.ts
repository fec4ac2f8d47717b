import { assert, corruption, LdbError, ownProperty } from '@ldb/base'
import { xxHash64 } from '#xxhash64'
import {
  FILE_HEADER_CHECKSUM_OFFSET,
  FILE_HEADER_FLAGS_OFFSET,
  FILE_HEADER_FORMAT_OFFSET,
  FILE_HEADER_BYTES,
  FILE_HEADER_MAGIC_OFFSET,
  FILE_HEADER_MINIMUM_READER_OFFSET,
} from './format.js'
import { SEED_ZERO } from './seed64.js'

/**
 * The decoded header of a file.
 *
 * @category File header
 */
export interface FileHeader {
  /** Kind of the file: one capital letter. */
  readonly kind: string
  /** Format version of the file; 1 or more. */
  readonly format: number
  /** Smallest format version that a reader must support; 1 up to `format`. */
  readonly minimumReader: number
  /** 32 flag bits, defined by the kind of file; 0 when it defines none. */
  readonly flags: number
}

/**
 * The kind, format version and flags that a reader supports.
 *
 * @category File header
 */
export interface KnownFormat {
  /** Path of the file, for error details. */
  readonly file: string
  /** The required kind of file. */
  readonly kind: string
  /** The newest format version that the reader supports. */
  readonly format: number
  /** The oldest format version that the reader supports. @defaultValue 1 */
  readonly oldestFormat?: number
  /** The flags that the reader supports. @defaultValue 0 */
  readonly flags?: number
}

const MAGIC_BYTES = FILE_HEADER_FORMAT_OFFSET - FILE_HEADER_MAGIC_OFFSET
const KIND_INDEX = 3
// Modelled on PNG's signature: a first byte that no text file has, letters, then line endings and an end-of-file byte
// that a text-mode transfer would change.
const MAGIC = [0x8c, 0x4c, 0x44, 0, 0x0d, 0x0a, 0x1a, 0x0a] as const
const VERSION_MAX = 0xffff
const FLAGS_MAX = 0xffffffff

/**
 * Encodes the header of a file.
 *
 * @category File header
 */
export function encodeFileHeader(header: FileHeader): Uint8Array {
  const { kind, format, minimumReader, flags } = header
  assert(/^[A-Z]$/.test(kind), 'the kind of a file is one capital letter')
  assert(Number.isInteger(format) && format >= 1 && format <= VERSION_MAX, 'format is out of bounds')
  assert(
    Number.isInteger(minimumReader) && minimumReader >= 1 && minimumReader <= format,
    'minimum reader is out of bounds',
  )
  assert(Number.isInteger(flags) && flags >= 0 && flags <= FLAGS_MAX, 'flags are out of bounds')
  const bytes = new Uint8Array(FILE_HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  bytes.set(MAGIC, FILE_HEADER_MAGIC_OFFSET)
  bytes[FILE_HEADER_MAGIC_OFFSET + KIND_INDEX] = kind.charCodeAt(0)
  view.setUint16(FILE_HEADER_FORMAT_OFFSET, format, true)
  view.setUint16(FILE_HEADER_MINIMUM_READER_OFFSET, minimumReader, true)
  view.setUint32(FILE_HEADER_FLAGS_OFFSET, flags, true)
  const checksum = checksumOf(bytes)
  view.setInt32(FILE_HEADER_CHECKSUM_OFFSET, checksum[0] as number, true)
  view.setInt32(FILE_HEADER_CHECKSUM_OFFSET + 4, checksum[1] as number, true)
  return bytes
}

/**
 * Decodes and validates the header of a file.
 *
 * @param bytes - the start of the file; may extend beyond the header.
 * @throws {@link LdbError} LDB_FORMAT when the file is not of the required kind, has an unsupported format version or
 * unsupported flags; LDB_CORRUPTION when its header is truncated or fails its checksum.
 * @category File header
 */
export function decodeFileHeader(bytes: Uint8Array, known: KnownFormat): FileHeader {
  const { file } = known
  checkMagic(bytes, known)
  if (bytes.length < FILE_HEADER_BYTES) {
    throw corruption(file, 0, 'the file header is truncated', {
      expected: FILE_HEADER_BYTES,
      actual: bytes.length,
    })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, FILE_HEADER_BYTES)
  const checksum = checksumOf(bytes)
  if (
    view.getInt32(FILE_HEADER_CHECKSUM_OFFSET, true) !== checksum[0] ||
    view.getInt32(FILE_HEADER_CHECKSUM_OFFSET + 4, true) !== checksum[1]
  ) {
    throw corruption(file, 0, 'the checksum of the file header does not match')
  }
  const format = view.getUint16(FILE_HEADER_FORMAT_OFFSET, true)
  const minimumReader = view.getUint16(FILE_HEADER_MINIMUM_READER_OFFSET, true)
  const flags = view.getUint32(FILE_HEADER_FLAGS_OFFSET, true)
  if (minimumReader < 1 || minimumReader > format) {
    throw corruption(
      file,
      FILE_HEADER_MINIMUM_READER_OFFSET,
      'the minimum reader version is not between 1 and the format version',
    )
  }
  checkReadable(format, minimumReader, flags, known)
  return { kind: known.kind, format, minimumReader, flags }
}

function checkMagic(bytes: Uint8Array, known: KnownFormat): void {
  let same = bytes.length >= MAGIC_BYTES
  for (let index = 0; same && index < MAGIC_BYTES; index++) {
    same = index === KIND_INDEX || bytes[FILE_HEADER_MAGIC_OFFSET + index] === MAGIC[index]
  }
  if (!same) throw formatError(known.file, 'this is not an LDB file')
  const kind = String.fromCharCode(bytes[FILE_HEADER_MAGIC_OFFSET + KIND_INDEX] as number)
  if (kind === known.kind) return
  throw formatError(known.file, 'this is another kind of LDB file', known.kind, printable(kind))
}

function checkReadable(format: number, minimumReader: number, flags: number, known: KnownFormat): void {
  const oldest = ownProperty(known, 'oldestFormat') ?? 1
  if (format < oldest) {
    throw formatError(
      known.file,
      `the file has format ${format}; this build supports formats ${oldest} to ${known.format}`,
      oldest,
      format,
    )
  }
  if (minimumReader > known.format) {
    throw formatError(
      known.file,
      `the file requires a reader of format ${minimumReader}; this build supports format ${known.format}`,
      known.format,
      minimumReader,
    )
  }
  const unknown = (flags & ~(ownProperty(known, 'flags') ?? 0)) >>> 0
  if (unknown !== 0) {
    throw formatError(known.file, `the file has unsupported flags: 0x${unknown.toString(16)}`)
  }
}

function formatError(
  file: string,
  message: string,
  expected?: string | number,
  actual?: string | number,
): LdbError {
  const facts = expected === undefined || actual === undefined ? {} : { expected, actual }
  return new LdbError('LDB_FORMAT', `${message} (${file})`, { details: { file, offset: 0, ...facts } })
}

function printable(kind: string): string {
  return /^[A-Z]$/.test(kind) ? kind : `0x${kind.charCodeAt(0).toString(16)}`
}

function checksumOf(header: Uint8Array): Int32Array {
  const checksum = new Int32Array(2)
  xxHash64(header, FILE_HEADER_MAGIC_OFFSET, FILE_HEADER_CHECKSUM_OFFSET, SEED_ZERO, checksum)
  return checksum
}
