import { createSeed64, SEED_ZERO, xxHash64 } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'

const hash = new Int32Array(2)

/** Writes the checksum of a byte range at an offset, little-endian. */
export function putChecksum(bytes: Uint8Array, at: number, start: number, end: number, seed: Seed64): void {
  xxHash64(bytes, start, end, seed, hash)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  view.setInt32(at, hash[0] ?? 0, true)
  view.setInt32(at + 4, hash[1] ?? 0, true)
}

/** Returns the low and high halves of the checksum of a byte range. */
export function checksumOf(
  bytes: Uint8Array,
  start: number,
  end: number,
  seed: Seed64,
): readonly [number, number] {
  xxHash64(bytes, start, end, seed, hash)
  return [hash[0] ?? 0, hash[1] ?? 0]
}

/** Returns a checksum seed derived from the checksum of a byte range, as the log derives it. */
export function seedOfChecksum(bytes: Uint8Array, start: number, end: number): Seed64 {
  const [low, high] = checksumOf(bytes, start, end, SEED_ZERO)
  return createSeed64(low, high)
}

/** Recomputes the checksum of a file header. */
export function repairFileHeader(bytes: Uint8Array, start: number): void {
  putChecksum(bytes, start + 16, start, start + 16, SEED_ZERO)
}
