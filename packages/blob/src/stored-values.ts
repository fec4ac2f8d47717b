import { readU32, uninitializedBytes } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import type { UnitCodec } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import { versionAt } from './encoding/chunks.js'
import type { Version } from './encoding/chunks.js'
import { chunkOffset, openUnit } from './encoding/sealed-units.js'
import { CHUNK_BYTES, CHUNK_CHECKSUM_BYTES, chunkTableBytes } from './format.js'
import type { BlobReference } from './reference.js'

/** A blob file: `BlobFile` implements it. */
export interface ValueFile {
  readonly codec: UnitCodec
  readonly file: VfsFile
  /** Returns the position of bytes of a value, from `start` on. Checks that the file contains them. */
  positionOfValue(reference: BlobReference, start: number, byteCount: number): number
  fault(offset: number, message: string): LdbError
}

/**
 * Reads and checks the value that a reference names, as it is stored.
 *
 * @param headroom - bytes in front of the value in the result.
 * @throws {@link LdbError} LDB_CORRUPTION, LDB_IO.
 */
export function readStoredValue(file: ValueFile, reference: BlobReference, headroom: number): Uint8Array {
  if (file.codec.cipher !== undefined) return readSealedValue(file, reference, headroom)
  const { valueBytes } = reference
  const tableBytes = chunkTableBytes(valueBytes)
  const at = file.positionOfValue(reference, 0, valueBytes + tableBytes)
  const bytes = uninitializedBytes(headroom + valueBytes)
  const bytesRead = file.file.read(bytes, headroom, valueBytes, at)
  if (bytesRead !== valueBytes) throw file.fault(at, 'a blob file ends within a value')
  if (tableBytes === 0) {
    check(file, reference, bytes, headroom, headroom + valueBytes)
    return bytes
  }
  const table = readStoredTable(file, reference)
  for (let index = 0; index * CHUNK_BYTES < valueBytes; index++) {
    const start = headroom + index * CHUNK_BYTES
    checkChunk(file, reference, table, index, bytes, start, Math.min(bytes.length, start + CHUNK_BYTES))
  }
  return bytes
}

/** Reads and checks the chunk table of a value; no bytes for a value of one chunk. */
export function readStoredTable(file: ValueFile, reference: BlobReference): Uint8Array {
  if (file.codec.cipher !== undefined) return readSealedTable(file, reference)
  const table = new Uint8Array(chunkTableBytes(reference.valueBytes))
  if (table.length === 0) return table
  const at = file.positionOfValue(reference, reference.valueBytes, table.length)
  if (file.file.read(table, 0, table.length, at) !== table.length) {
    throw file.fault(at, 'a blob file ends within a chunk table')
  }
  check(file, reference, table, 0, table.length)
  return table
}

/** Reads and checks one chunk of a value, as it is stored. */
export function readStoredChunk(
  file: ValueFile,
  reference: BlobReference,
  table: Uint8Array,
  index: number,
): Uint8Array {
  if (file.codec.cipher !== undefined) return readSealedChunk(file, reference, table, index)
  const start = index * CHUNK_BYTES
  const byteCount = Math.min(CHUNK_BYTES, reference.valueBytes - start)
  const at = file.positionOfValue(reference, start, byteCount)
  const bytes = uninitializedBytes(byteCount)
  if (file.file.read(bytes, 0, byteCount, at) !== byteCount) {
    throw file.fault(at, 'a blob file ends within a value')
  }
  if (table.length === 0) check(file, reference, bytes, 0, byteCount)
  else checkChunk(file, reference, table, index, bytes, 0, byteCount)
  return bytes
}

function check(
  file: ValueFile,
  { valueOffset, checksumLow, checksumHigh }: BlobReference,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (file.codec.isIntact(bytes, start, end, checksumLow, checksumHigh)) return
  throw file.fault(valueOffset, 'a blob does not match its checksum')
}

function checkChunk(
  file: ValueFile,
  { valueOffset }: BlobReference,
  table: Uint8Array,
  index: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const at = index * CHUNK_CHECKSUM_BYTES
  const low = readU32(table, at) | 0
  const high = readU32(table, at + 4) | 0
  if (file.codec.isIntact(bytes, start, end, low, high)) return
  throw file.fault(valueOffset + index * CHUNK_BYTES, 'a chunk of a blob does not match its checksum')
}

/** Reads and decrypts the value that a reference names. */
function readSealedValue(file: ValueFile, reference: BlobReference, headroom: number): Uint8Array {
  const { valueBytes } = reference
  const table = readSealedTable(file, reference)
  // The length is checked against the file before memory is allocated for it.
  file.positionOfValue(reference, 0, valueBytes)
  const bytes = uninitializedBytes(headroom + valueBytes)
  for (let index = 0; index === 0 || index * CHUNK_BYTES < valueBytes; index++) {
    bytes.set(readSealedChunk(file, reference, table, index), headroom + index * CHUNK_BYTES)
  }
  return bytes
}

/** Reads and decrypts the chunk table of a value; no bytes for a value of one chunk. */
function readSealedTable(file: ValueFile, reference: BlobReference): Uint8Array {
  const tableBytes = chunkTableBytes(reference.valueBytes)
  if (tableBytes === 0) return new Uint8Array(0)
  const trailers = (tableBytes / CHUNK_CHECKSUM_BYTES) * file.codec.trailerBytes
  return readUnit(file, reference, reference.valueBytes + trailers, tableBytes, versionOf(reference))
}

/** Reads and decrypts one chunk of a value. */
function readSealedChunk(
  file: ValueFile,
  reference: BlobReference,
  table: Uint8Array,
  index: number,
): Uint8Array {
  const byteCount = Math.min(CHUNK_BYTES, reference.valueBytes - index * CHUNK_BYTES)
  const version = table.length === 0 ? versionOf(reference) : versionAt(table, index)
  return readUnit(file, reference, chunkOffset(index, file.codec.trailerBytes), byteCount, version)
}

/** Reads and decrypts a unit, `start` bytes from the begin of the value. */
function readUnit(
  file: ValueFile,
  reference: BlobReference,
  start: number,
  byteCount: number,
  version: Version,
): Uint8Array {
  const stored = uninitializedBytes(byteCount + file.codec.trailerBytes)
  const at = file.positionOfValue(reference, start, stored.length)
  const position = reference.valueOffset + start
  if (file.file.read(stored, 0, stored.length, at) !== stored.length) {
    throw file.fault(position, 'a blob file ends within a value')
  }
  if (openUnit(file.codec, { position, ...version }, stored)) return stored.subarray(0, byteCount)
  throw file.fault(position, 'a blob cannot be decrypted')
}

function versionOf({ checksumLow, checksumHigh }: BlobReference): Version {
  return { low: checksumLow, high: checksumHigh }
}
