// Blob files: FORMAT.md of packages/blob.
import { ByteView, concatBytes } from '../bytes/byte-view.js'
import { readFileHeader, seedOfFile } from '../bytes/file-header.js'
import { requireKnown, requireSound, requireSupported } from '../bytes/format-error.js'
import { xxHash64 } from '../bytes/xx-hash64.js'
import { decompressed } from '../bytes/payload.js'
import { requireSort, UNIT_KINDS, UNIT_TRAILER_BYTES } from '../encryption/data-keys.js'
import type { DataKeys, FileCipher } from '../encryption/data-keys.js'

const FILE_HEADER_BYTES = 64
const RECORD_HEADER_BYTES = 40
export const REFERENCE_BYTES = 32
const CHUNK_BYTES = 1_048_576
const FILE_NUMBER_MAX = 2 ** 30 - 1

/** Finds blob files by their numbers. */
export interface BlobFiles {
  get(number: number): BlobFile | undefined
}

/** A record of a blob file. */
export interface BlobRecord {
  readonly key: Uint8Array
  readonly valueOffset: number
  readonly valueBytes: number
  readonly valueChecksum: bigint
}

/** A blob file. */
export interface BlobFile {
  readonly number: number
  readonly view: ByteView
  readonly seed: bigint
  /** `undefined` when the file is not encrypted. */
  readonly cipher: FileCipher | undefined
  /** Position of each record by the offset at which it was written; `undefined` in a file that was not compacted. */
  readonly index: ReadonlyMap<number, number> | undefined
  /** The records up to the first one without an intact header; in a compacted file, those of its index. */
  readonly records: readonly BlobRecord[]
}

/** Reads a blob file, whose name has a number. */
export function readBlobFile(bytes: Uint8Array, number: number, keys?: DataKeys): BlobFile {
  const view = new ByteView(bytes)
  const { flags } = readFileHeader(view, 'V', 2, 1)
  requireKnown(flags <= 1, 'flags of a blob file')
  const header = view.slice(0, 56)
  requireSound(view.checksum(56) === xxHash64(header, 0n), 'checksum of the header of a blob file')
  const cipherFields = [view.u8(44), view.u8(45), view.u16(46), view.u32(48)].join()
  requireSupported(
    cipherFields === (flags === 1 ? `1,${UNIT_TRAILER_BYTES},0,0` : '0,0,0,0'),
    'cipher of a blob file',
  )
  requireSort(flags === 1, keys, 'a blob file')
  requireSound(view.u32(40) === number, 'number of a blob file')
  const seed = seedOfFile(view.slice(24, 40))
  const cipher = keys?.cipherOf('blob', view.slice(24, 40))
  const index = readIndex(view, seed)
  const file = { number, view, seed, cipher, index }
  const records: BlobRecord[] = []
  for (const [offset, position] of index ?? []) {
    const record = recordAt(file, offset, position)
    requireSound(record !== undefined, 'a record of a compacted blob file')
    records.push(record)
  }
  if (index !== undefined) return { ...file, records }
  let offset = FILE_HEADER_BYTES
  for (;;) {
    const record = recordAt(file, offset, offset)
    if (record === undefined) return { ...file, records }
    records.push(record)
    const end = record.valueOffset + layoutOf(file, record.valueBytes).byteCount
    offset = Math.ceil(end / 8) * 8
  }
}

/** Returns the value that a reference names. */
export function readReferenced(files: BlobFiles, bytes: Uint8Array): Uint8Array {
  const reference = new ByteView(bytes)
  requireSound(reference.length === REFERENCE_BYTES, 'length of a blob reference')
  const number = reference.u32(0)
  requireSound(number >= 1 && number <= FILE_NUMBER_MAX, 'file number of a blob reference')
  requireSound(reference.isZero(27, 28), 'reserved bytes of a blob reference')
  const codec = reference.u8(26)
  const decodedBytes = reference.u32(28)
  const file = files.get(number)
  requireSound(file !== undefined, `blob file ${number} is missing`)
  const writtenAt = reference.u64(8)
  const valueBytes = reference.u32(4)
  requireSound(
    writtenAt >= FILE_HEADER_BYTES + RECORD_HEADER_BYTES + reference.u16(24) + trailerBytesOf(file),
    'offset of a blob reference',
  )
  const valueAt = RECORD_HEADER_BYTES + reference.u16(24) + trailerBytesOf(file)
  const position = positionOf(file, writtenAt, valueAt)
  const value = readStored(file, position, writtenAt, valueBytes, reference.checksum(16))
  requireEncoding(codec, valueBytes, decodedBytes)
  return codec === 0 ? value : decompressed(codec, value, decodedBytes)
}

function requireEncoding(codec: number, valueBytes: number, decodedBytes: number): void {
  const isSound = codec === 0 ? decodedBytes === 0 : Math.max(valueBytes, decodedBytes) <= CHUNK_BYTES
  requireSound(isSound, 'encoding of a blob')
}

/**
 * Returns a value as it is stored, decrypted and checked.
 *
 * @param writtenAt - where the value was when its file was written: units are bound to it.
 */
function readStored(
  file: Pick<BlobFile, 'view' | 'seed' | 'cipher'>,
  position: number,
  writtenAt: number,
  valueBytes: number,
  valueChecksum: bigint,
): Uint8Array {
  const { view, seed, cipher } = file
  const { chunkBytes, tableAt, tableBytes } = layoutOf(file, valueBytes)
  const unitAt = (at: number, byteCount: number, version: bigint): Uint8Array => {
    const stored = view.slice(position + at, position + at + byteCount + trailerBytesOf(file))
    return cipher?.open(UNIT_KINDS.blob, writtenAt + at, epochOf(version), stored) ?? stored
  }
  const check = (bytes: Uint8Array, checksum: bigint): void => {
    const isVersion = cipher !== undefined
    requireSound(isVersion || checksum === xxHash64(bytes, seed), 'checksum of a blob')
  }
  if (tableBytes === 0) {
    const value = unitAt(0, valueBytes, valueChecksum)
    check(value, valueChecksum)
    return value
  }
  const table = new ByteView(unitAt(tableAt, tableBytes, valueChecksum))
  check(table.bytes, valueChecksum)
  const chunks: Uint8Array[] = []
  for (let chunk = 0; chunk * 8 < tableBytes; chunk += 1) {
    const byteCount = Math.min(CHUNK_BYTES, valueBytes - chunk * CHUNK_BYTES)
    const content = unitAt(chunk * chunkBytes, byteCount, table.checksum(chunk * 8))
    check(content, table.checksum(chunk * 8))
    chunks.push(content)
  }
  return concatBytes(...chunks)
}

/** Returns the epoch of a unit with a version: its low 53 bits. */
function epochOf(version: bigint): bigint {
  return version & ((1n << 53n) - 1n)
}

function trailerBytesOf({ cipher }: Pick<BlobFile, 'cipher'>): number {
  return cipher === undefined ? 0 : UNIT_TRAILER_BYTES
}

/** Where chunks and chunk table of a value are, from its beginning, and how many bytes it takes. */
interface ValueLayout {
  /** Bytes from the beginning of a chunk to that of the next one. */
  readonly chunkBytes: number
  readonly tableAt: number
  /** Without the trailer; 0 without a table. */
  readonly tableBytes: number
  readonly byteCount: number
}

function layoutOf(file: Pick<BlobFile, 'cipher'>, valueBytes: number): ValueLayout {
  const trailerBytes = trailerBytesOf(file)
  const chunkCount = Math.max(1, Math.ceil(valueBytes / CHUNK_BYTES))
  const tableAt = valueBytes + chunkCount * trailerBytes
  const tableBytes = chunkCount === 1 ? 0 : chunkCount * 8
  const byteCount = tableAt + (tableBytes === 0 ? 0 : tableBytes + trailerBytes)
  return { chunkBytes: CHUNK_BYTES + trailerBytes, tableAt, tableBytes, byteCount }
}

/** Returns the position of a value, which begins `valueAt` bytes behind its record. */
function positionOf({ index }: BlobFile, valueOffset: number, valueAt: number): number {
  if (index === undefined) return valueOffset
  const position = index.get(valueOffset - valueAt)
  requireSound(position !== undefined, 'the record of a blob reference was removed')
  return position + valueAt
}

function readIndex(view: ByteView, seed: bigint): Map<number, number> | undefined {
  const count = view.u32(52)
  if (count === 0) return undefined
  const end = FILE_HEADER_BYTES + count * 16
  requireSound(end + 8 <= view.length, 'length of the index of a blob file')
  requireSound(
    view.checksum(end) === xxHash64(view.slice(FILE_HEADER_BYTES, end), seed),
    'checksum of the index of a blob file',
  )
  const index = new Map<number, number>()
  let last: [number, number] = [0, 0]
  for (let at = FILE_HEADER_BYTES; at < end; at += 16) {
    const entry: [number, number] = [view.u64(at), view.u64(at + 8)]
    requireSound(entry[0] > last[0] && entry[1] > last[1], 'order of the index of a blob file')
    requireSound(entry[0] % 8 === 0 && entry[1] % 8 === 0, 'alignment in the index of a blob file')
    index.set(...entry)
    last = entry
  }
  return index
}

function recordAt(
  file: Pick<BlobFile, 'view' | 'seed' | 'cipher'>,
  offset: number,
  position: number,
): BlobRecord | undefined {
  const { view, seed, cipher } = file
  if (position + RECORD_HEADER_BYTES > view.length) return undefined
  const header = new ByteView(view.slice(position, view.length))
  const end = RECORD_HEADER_BYTES + header.u16(28) + trailerBytesOf(file)
  if (end > header.length || header.checksum(0) !== xxHash64(header.slice(8, end), seed)) return undefined
  requireSound(header.u64(8) === offset, 'offset of a blob record')
  requireSound(header.isZero(31, 32) && header.isZero(36, 40), 'reserved bytes of a blob record')
  const valueBytes = header.u32(24)
  const valueChecksum = header.checksum(16)
  requireSound(valueBytes <= 2 ** 30, 'length of a blob')
  requireEncoding(header.u8(30), valueBytes, header.u32(32))
  const key = header.slice(RECORD_HEADER_BYTES, end)
  return {
    key: cipher?.open(UNIT_KINDS.blob, offset, epochOf(valueChecksum), key) ?? key,
    valueOffset: offset + end,
    valueBytes,
    valueChecksum,
  }
}
