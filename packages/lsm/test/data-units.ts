import { readU32 } from '@ldb/base'
import { seedOfFile, xxHash64 } from '@ldb/integrity'

export const TRAILER_BYTES = 24

/** A unit of a table: where it begins, and its trailer. */
export interface Unit {
  readonly start: number
  readonly trailer: number
  readonly codec: number
  readonly content: number
  readonly rawBytes: number
}

/** Returns the data units of a table: each trailer contains the offset at which its unit begins. */
export function dataUnits(bytes: Uint8Array): Unit[] {
  const units: Unit[] = []
  let start = 64
  for (let trailer = start; trailer + TRAILER_BYTES <= bytes.length; trailer++) {
    const isTrailer =
      readU32(bytes, trailer + 8) === start &&
      readU32(bytes, trailer + 12) === 0 &&
      bytes[trailer + 2] === 0 &&
      isIntact(bytes, start, trailer)
    if (!isTrailer) continue
    const [codec = 0, content = 0] = bytes.subarray(trailer)
    if (content === 1) units.push({ start, trailer, codec, content, rawBytes: readU32(bytes, trailer + 4) })
    start = trailer + TRAILER_BYTES
  }
  return units
}

/** Returns the checksum of a unit as it is stored. */
export function checksumOf(bytes: Uint8Array, start: number, trailer: number): Uint8Array {
  const hash = new Int32Array(2)
  xxHash64(bytes, start, trailer + 16, seedOfFile(bytes.slice(24, 40)), hash)
  return new Uint8Array(hash.buffer)
}

/** Reports whether the checksum of a unit matches. */
export function isIntact(bytes: Uint8Array, start: number, trailer: number): boolean {
  return Buffer.compare(checksumOf(bytes, start, trailer), bytes.subarray(trailer + 16, trailer + 24)) === 0
}
