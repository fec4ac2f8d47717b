import { assert } from '../assert.js'
import { corruption } from '../ldb-error.js'

const TWO_POW_32 = 0x1_0000_0000
const SAFE_HIGH_MAX = 0x1f_ffff
const OUT_OF_BOUNDS = 'fixed-width field lies outside its bytes'

/** Reads an unsigned 16-bit integer, little-endian. @category Codecs */
export function readU16(bytes: Uint8Array, offset: number): number {
  assert(offset >= 0 && offset <= bytes.length - 2, OUT_OF_BOUNDS)
  return bytes[offset]! | (bytes[offset + 1]! << 8)
}

/** Reads an unsigned 32-bit integer, little-endian. @category Codecs */
export function readU32(bytes: Uint8Array, offset: number): number {
  assert(offset >= 0 && offset <= bytes.length - 4, OUT_OF_BOUNDS)
  return (
    (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)) >>>
    0
  )
}

/**
 * Reads an unsigned 64-bit integer, little-endian. Returns −1 when it exceeds 2^53 − 1, which no number represents exactly.
 *
 * @category Codecs
 */
export function readU64(bytes: Uint8Array, offset: number): number {
  const low = readU32(bytes, offset)
  const high = readU32(bytes, offset + 4)
  return high > SAFE_HIGH_MAX ? -1 : high * TWO_POW_32 + low
}

/**
 * Reads an unsigned 64-bit integer of a file, little-endian.
 *
 * @param file - path of the file, for the error.
 * @param fileOffset - offset of the field in that file, for the error.
 * @throws {@link LdbError} LDB_CORRUPTION when the integer exceeds 2^53 − 1.
 * @category Codecs
 */
export function readCheckedU64(bytes: Uint8Array, offset: number, file: string, fileOffset: number): number {
  const value = readU64(bytes, offset)
  if (value < 0) {
    throw corruption(file, fileOffset, '64-bit field is out of range', {
      expected: Number.MAX_SAFE_INTEGER,
    })
  }
  return value
}

/** Writes an unsigned 16-bit integer, little-endian. @category Codecs */
export function writeU16(target: Uint8Array, offset: number, value: number): void {
  assert(offset >= 0 && offset <= target.length - 2, OUT_OF_BOUNDS)
  assert(Number.isInteger(value) && value >= 0 && value <= 0xffff, 'value is not an unsigned 16-bit integer')
  target[offset] = value
  target[offset + 1] = value >>> 8
}

/** Writes an unsigned 32-bit integer, little-endian. @category Codecs */
export function writeU32(target: Uint8Array, offset: number, value: number): void {
  assert(offset >= 0 && offset <= target.length - 4, OUT_OF_BOUNDS)
  assert(
    Number.isInteger(value) && value >= 0 && value < TWO_POW_32,
    'value is not an unsigned 32-bit integer',
  )
  target[offset] = value
  target[offset + 1] = value >>> 8
  target[offset + 2] = value >>> 16
  target[offset + 3] = value >>> 24
}

/** Writes a safe integer as an unsigned 64-bit integer, little-endian. @category Codecs */
export function writeU64(target: Uint8Array, offset: number, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, 'value is not an unsigned safe integer')
  assert(offset >= 0 && offset <= target.length - 8, OUT_OF_BOUNDS)
  const high = Math.floor(value / TWO_POW_32)
  writeU32(target, offset, value - high * TWO_POW_32)
  writeU32(target, offset + 4, high)
}
