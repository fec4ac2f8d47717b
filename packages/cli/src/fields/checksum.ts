import { seedOfFile, SEED_ZERO, xxHash64 } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'

export { SEED_ZERO, seedOfFile }
export type { Seed64 }

/** Returns the 64-bit xxHash64 of bytes. */
export function hashOf(bytes: Uint8Array, seed: Seed64): bigint {
  const halves = new Int32Array(2)
  xxHash64(bytes, 0, bytes.length, seed, halves)
  return (BigInt((halves[1] ?? 0) >>> 0) << 32n) | BigInt((halves[0] ?? 0) >>> 0)
}

/** Returns a remark about a checksum. */
export function verdict(expected: bigint, actual: bigint): string {
  return expected === actual ? 'matches' : `DAMAGED: the bytes have ${hexOf64(actual)}`
}

/** Returns a 64-bit number as 16 hexadecimal digits. */
export function hexOf64(value: bigint): string {
  return value.toString(16).padStart(16, '0')
}
