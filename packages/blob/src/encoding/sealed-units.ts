import { UnitKind } from '@ldb/integrity'
import type { UnitCodec } from '@ldb/integrity'
import { CHUNK_BYTES, CHUNK_CHECKSUM_BYTES, RECORD_HEADER_BYTES } from '../format.js'
import { chunkTableOf, versionAt } from './chunks.js'
import type { Version } from './chunks.js'
import { encodeRecordHeader } from './record-header.js'
import type { StoredValue } from './value-encoding.js'

/** A unit of an encrypted record, with the version of the value, or of the chunk. */
export interface SealedUnit extends Version {
  /** Offset of the unit in the file when it was written; in a compacted file, it may have another position. */
  readonly position: number
}

/** Returns what a version contributes to the associated data of a unit: 53 bits of it. */
function epochOf({ low, high }: SealedUnit): number {
  return (high & 0x1f_ffff) * 2 ** 32 + (low >>> 0)
}

/** Encrypts `bytes[start, end)` to `target` from `targetStart` on, and the trailer behind it. */
export function sealUnit(
  codec: UnitCodec,
  unit: SealedUnit,
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
): void {
  const byteCount = end - start + codec.trailerBytes
  codec.encode(UnitKind.Blob, unit.position, epochOf(unit), bytes, start, byteCount, target, targetStart)
}

/** Decrypts a unit and its trailer in place. Returns false when it does not authenticate. */
export function openUnit(codec: UnitCodec, unit: SealedUnit, bytes: Uint8Array): boolean {
  return codec.decode(UnitKind.Blob, unit.position, epochOf(unit), bytes, 0, bytes.length)
}

/** Returns the distance from the begin of a value to that of one of its chunks. */
export function chunkOffset(index: number, trailerBytes: number): number {
  return index * (CHUNK_BYTES + trailerBytes)
}

/** A record to encrypt: the key `key[keyStart, keyEnd)` and the stored form `bytes[start, end)` of its value. */
export interface PlainRecord extends StoredValue {
  readonly offset: number
  readonly key: Uint8Array
  readonly keyStart: number
  readonly keyEnd: number
}

const hash = new Int32Array(2)

/** Returns a random version. */
export function newVersion({ cipher }: UnitCodec): Version {
  cipher?.createVersion(hash)
  return { low: hash[0] as number, high: hash[1] as number }
}

/**
 * Encrypts a record. Yields its parts, which follow each other in the file: header and key, each chunk of the value, the chunk table.
 *
 * @param frame - the codec of the header, which stays plain.
 */
export function* sealedParts(
  codec: UnitCodec,
  frame: UnitCodec,
  version: Version,
  { offset, key, keyStart, keyEnd, bytes, start, end, codecId, decodedBytes }: PlainRecord,
): Generator<Uint8Array, void, void> {
  const { trailerBytes } = codec
  const keyBytes = keyEnd - keyStart
  const head = new Uint8Array(RECORD_HEADER_BYTES + keyBytes + trailerBytes)
  sealUnit(codec, { position: offset, ...version }, key, keyStart, keyEnd, head, RECORD_HEADER_BYTES)
  const checksums = { checksumLow: version.low, checksumHigh: version.high }
  const header = { offset, keyBytes, valueBytes: end - start, ...checksums, codecId, decodedBytes }
  encodeRecordHeader(frame, header, head, trailerBytes)
  yield head
  const table = chunkTableOf(codec, bytes, start, end)
  const valueOffset = offset + head.length
  for (let index = 0, at = start; index === 0 || at < end; index++, at += CHUNK_BYTES) {
    const chunkEnd = Math.min(end, at + CHUNK_BYTES)
    const position = valueOffset + chunkOffset(index, trailerBytes)
    const chunkVersion = table.length === 0 ? version : versionAt(table, index)
    const stored = new Uint8Array(chunkEnd - at + trailerBytes)
    sealUnit(codec, { position, ...chunkVersion }, bytes, at, chunkEnd, stored, 0)
    yield stored
  }
  if (table.length === 0) return
  const trailers = (table.length / CHUNK_CHECKSUM_BYTES) * trailerBytes
  const stored = new Uint8Array(table.length + trailerBytes)
  const position = valueOffset + end - start + trailers
  sealUnit(codec, { position, ...version }, table, 0, table.length, stored, 0)
  yield stored
}
