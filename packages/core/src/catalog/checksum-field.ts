import { readU32, writeU32 } from '@ldb/base'
import { xxHash64 } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'

/** Writes the checksum of `bytes[start, end)` to the field of 8 bytes at `at`. */
export function writeChecksum(bytes: Uint8Array, at: number, start: number, end: number, seed: Seed64): void {
  const hash = new Int32Array(2)
  xxHash64(bytes, start, end, seed, hash)
  writeU32(bytes, at, (hash[0] as number) >>> 0)
  writeU32(bytes, at + 4, (hash[1] as number) >>> 0)
}

/** Reports whether the field of 8 bytes at `at` is the checksum of `bytes[start, end)`. */
export function matchesChecksum(
  bytes: Uint8Array,
  at: number,
  start: number,
  end: number,
  seed: Seed64,
): boolean {
  const hash = new Int32Array(2)
  xxHash64(bytes, start, end, seed, hash)
  return (
    readU32(bytes, at) === (hash[0] as number) >>> 0 && readU32(bytes, at + 4) === (hash[1] as number) >>> 0
  )
}
