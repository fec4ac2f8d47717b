import { uninitializedBytes } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import type { UnitCodec } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import { versionAt } from './encoding/chunks.js'
import type { Version } from './encoding/chunks.js'
import { chunkOffset, openUnit } from './encoding/sealed-units.js'
import { CHUNK_BYTES, CHUNK_CHECKSUM_BYTES, chunkTableBytes } from './format.js'
import type { BlobReference } from './reference.js'

/** An encrypted blob file: `BlobFile` implements it. */
export interface SealedFile {
  readonly codec: UnitCodec
  readonly file: VfsFile
  /** Returns the position of bytes of a value, from `start` on. Checks that the file contains them. */
  positionOfValue(reference: BlobReference, start: number, byteCount: number): number
  fault(offset: number, message: string): LdbError
}

/**
 * Reads and decrypts the value that a reference names.
 *
 * @param headroom - bytes in front of the value in the result.
 * @throws {@link LdbError} LDB_CORRUPTION, LDB_IO.
 */
export function readSealedValue(file: SealedFile, reference: BlobReference, headroom: number): Uint8Array {
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
export function readSealedTable(file: SealedFile, reference: BlobReference): Uint8Array {
  const tableBytes = chunkTableBytes(reference.valueBytes)
  if (tableBytes === 0) return new Uint8Array(0)
  const trailers = (tableBytes / CHUNK_CHECKSUM_BYTES) * file.codec.trailerBytes
  return readUnit(file, reference, reference.valueBytes + trailers, tableBytes, versionOf(reference))
}

/** Reads and decrypts one chunk of a value. */
export function readSealedChunk(
  file: SealedFile,
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
  file: SealedFile,
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
