import { readU32, writeU32 } from '@ldb/base'
import type { UnitCodec } from '@ldb/integrity'
import { CHUNK_BYTES, CHUNK_CHECKSUM_BYTES, chunkTableBytes } from '../format.js'

/** A 64-bit checksum, or the random version that takes its place in an encrypted file. */
export interface Version {
  readonly low: number
  readonly high: number
}

const hash = new Int32Array(2)

/** Returns the chunk table of the value `bytes[start, end)`; no bytes for a value of one chunk. */
export function chunkTableOf(codec: UnitCodec, bytes: Uint8Array, start: number, end: number): Uint8Array {
  const table = new Uint8Array(chunkTableBytes(end - start))
  for (let index = 0, at = start; index < table.length; index += CHUNK_CHECKSUM_BYTES, at += CHUNK_BYTES) {
    writeChunkChecksum(codec, table, index, bytes, at, Math.min(end, at + CHUNK_BYTES))
  }
  return table
}

/** Returns what a chunk table holds for a chunk: its checksum, or its version in an encrypted file. */
export function versionAt(table: Uint8Array, index: number): Version {
  const at = index * CHUNK_CHECKSUM_BYTES
  return { low: readU32(table, at) | 0, high: readU32(table, at + 4) | 0 }
}

/** Writes the checksum of the chunk `bytes[start, end)` to a chunk table, at `target`. */
export function writeChunkChecksum(
  codec: UnitCodec,
  table: Uint8Array,
  target: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  codec.checksum(bytes, start, end, hash)
  writeU32(table, target, (hash[0] as number) >>> 0)
  writeU32(table, target + 4, (hash[1] as number) >>> 0)
}
