// Blob files: FORMAT.md of packages/blob.
import { ByteView } from '../bytes/byte-view.js'
import { readFileHeader, seedOfFile } from '../bytes/file-header.js'
import { requireKnown, requireSound, requireSupported } from '../bytes/format-error.js'
import { xxHash64 } from '../bytes/xx-hash64.js'
import { decompressed } from '../bytes/payload.js'

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
  /** Position of each record by the offset at which it was written; `undefined` in a file that was not compacted. */
  readonly index: ReadonlyMap<number, number> | undefined
  /** The records up to the first one without an intact header; in a compacted file, those of its index. */
  readonly records: readonly BlobRecord[]
}

/** Reads a blob file, whose name has a number. */
export function readBlobFile(bytes: Uint8Array, number: number): BlobFile {
  const view = new ByteView(bytes)
  const { flags } = readFileHeader(view, 'V', 2, 1)
  requireKnown(flags === 0, 'flags of a blob file')
  const header = view.slice(0, 56)
  requireSound(view.checksum(56) === xxHash64(header, 0n), 'checksum of the header of a blob file')
  requireSupported(view.isZero(44, 52), 'the blob file is encrypted')
  requireSound(view.u32(40) === number, 'number of a blob file')
  const seed = seedOfFile(view.slice(24, 40))
  const index = readIndex(view, seed)
  const records: BlobRecord[] = []
  for (const [offset, position] of index ?? []) {
    const record = recordAt(view, seed, offset, position)
    requireSound(record !== undefined, 'a record of a compacted blob file')
    records.push(record)
  }
  if (index !== undefined) return { number, view, seed, index, records }
  let offset = FILE_HEADER_BYTES
  for (;;) {
    const record = recordAt(view, seed, offset, offset)
    if (record === undefined) return { number, view, seed, index, records }
    records.push(record)
    const end = record.valueOffset + record.valueBytes + tableBytesOf(record.valueBytes)
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
    writtenAt >= FILE_HEADER_BYTES + RECORD_HEADER_BYTES + reference.u16(24),
    'offset of a blob reference',
  )
  const offset = positionOf(file, writtenAt, RECORD_HEADER_BYTES + reference.u16(24))
  const value = file.view.slice(offset, offset + valueBytes)
  const table = new ByteView(
    file.view.slice(offset + valueBytes, offset + valueBytes + tableBytesOf(valueBytes)),
  )
  for (let chunk = 0; chunk * 8 < table.length; chunk += 1) {
    const content = value.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES)
    requireSound(table.checksum(chunk * 8) === xxHash64(content, file.seed), 'checksum of a chunk')
  }
  const checked = table.length === 0 ? value : table.bytes
  requireSound(reference.checksum(16) === xxHash64(checked, file.seed), 'checksum of a blob')
  requireEncoding(codec, valueBytes, decodedBytes)
  return codec === 0 ? value : decompressed(codec, value, decodedBytes)
}

function requireEncoding(codec: number, valueBytes: number, decodedBytes: number): void {
  const isSound = codec === 0 ? decodedBytes === 0 : Math.max(valueBytes, decodedBytes) <= CHUNK_BYTES
  requireSound(isSound, 'encoding of a blob')
}

function tableBytesOf(valueBytes: number): number {
  return valueBytes <= CHUNK_BYTES ? 0 : Math.ceil(valueBytes / CHUNK_BYTES) * 8
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

function recordAt(view: ByteView, seed: bigint, offset: number, position: number): BlobRecord | undefined {
  if (position + RECORD_HEADER_BYTES > view.length) return undefined
  const header = new ByteView(view.slice(position, view.length))
  const end = RECORD_HEADER_BYTES + header.u16(28)
  if (end > header.length || header.checksum(0) !== xxHash64(header.slice(8, end), seed)) return undefined
  requireSound(header.u64(8) === offset, 'offset of a blob record')
  requireSound(header.isZero(31, 32) && header.isZero(36, 40), 'reserved bytes of a blob record')
  const valueBytes = header.u32(24)
  requireSound(valueBytes <= 2 ** 30, 'length of a blob')
  requireEncoding(header.u8(30), valueBytes, header.u32(32))
  return {
    key: header.slice(RECORD_HEADER_BYTES, end),
    valueOffset: offset + end,
    valueBytes,
    valueChecksum: header.checksum(16),
  }
}
