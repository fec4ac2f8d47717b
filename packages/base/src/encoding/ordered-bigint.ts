import { TUPLE_LENGTH_LONG, TupleCode } from './tuple-format.js'

// A longer magnitude would not fit a key.
const MAGNITUDE_BYTES_MAX = 0xffff
const SMALL_MAX = 0xffff_ffffn

/**
 * Writes a bigint, code included, and gives the offset behind it; −1 when it does not fit.
 *
 * @remarks After the code come the length of the magnitude and the magnitude, big-endian, without leading zeros: the
 * longer is the greater. For a negative number all those bytes are complemented, which turns their order round.
 */
export function encodeOrderedBigint(value: bigint, target: Uint8Array, offset: number): number {
  const negative = value < 0n
  const magnitude = negative ? -value : value
  const digits = magnitude === 0n ? '' : toHexDigits(magnitude)
  const count = (digits.length + 1) >>> 1
  const end = offset + (count < TUPLE_LENGTH_LONG ? 2 : 4) + count
  if (count > MAGNITUDE_BYTES_MAX || end > target.length) return -1
  let at = offset
  target[at++] = negative ? TupleCode.BigintNegative : TupleCode.BigintPositive
  if (count < TUPLE_LENGTH_LONG) {
    target[at++] = count
  } else {
    target[at++] = TUPLE_LENGTH_LONG
    target[at++] = count >>> 8
    target[at++] = count & 0xff
  }
  // An odd number of digits leaves one for the first byte.
  let digit = digits.length & 1
  if (digit === 1) target[at++] = Number.parseInt(digits[0]!, 16)
  for (; digit < digits.length; digit += 2) target[at++] = Number.parseInt(digits.slice(digit, digit + 2), 16)
  if (negative) for (let i = offset + 1; i < end; i++) target[i] = ~target[i]!
  return end
}

/**
 * Returns the offset behind the bigint whose code stands at `offset`; −1 when it is cut off, or written as it never is.
 */
export function endOfOrderedBigint(bytes: Uint8Array, offset: number, end: number): number {
  const negative = bytes[offset] === TupleCode.BigintNegative
  const mask = negative ? 0xff : 0
  let at = offset + 1
  if (at >= end) return -1
  let count = bytes[at++]! ^ mask
  if (count === TUPLE_LENGTH_LONG) {
    if (end - at < 2) return -1
    count = ((bytes[at]! ^ mask) << 8) | (bytes[at + 1]! ^ mask)
    at += 2
    if (count < TUPLE_LENGTH_LONG) return -1
  }
  if (count === 0) return negative ? -1 : at
  return end - at < count || bytes[at] === mask ? -1 : at + count
}

/** Reads the bigint whose code stands at `offset` and that {@link endOfOrderedBigint} found to end at `end`. */
export function decodeOrderedBigint(bytes: Uint8Array, offset: number, end: number): bigint {
  const negative = bytes[offset] === TupleCode.BigintNegative
  const mask = negative ? 0xff : 0
  const long = (bytes[offset + 1]! ^ mask) === TUPLE_LENGTH_LONG
  let digits = ''
  for (let at = offset + (long ? 4 : 2); at < end; at++) {
    digits += (bytes[at]! ^ mask).toString(16).padStart(2, '0')
  }
  const magnitude = digits === '' ? 0n : BigInt(`0x${digits}`)
  return negative ? -magnitude : magnitude
}

function toHexDigits(magnitude: bigint): string {
  return magnitude <= SMALL_MAX ? Number(magnitude).toString(16) : magnitude.toString(16)
}
