import { TUPLE_LENGTH_LONG, TupleCode } from './tuple-format.js'

// A longer magnitude does not fit in a key.
const MAGNITUDE_BYTES_MAX = 0xffff
const SMALL_MAX = 0xffff_ffffn

/**
 * Writes a bigint with its code.
 *
 * @returns the offset of its end; −1 when it does not fit.
 * @remarks The code is followed by the length of the magnitude and the magnitude, big-endian, without leading zeros: a longer
 * magnitude is greater. For a negative number these bytes are complemented, which reverses their order.
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
  // With an odd number of digits the first byte has one digit.
  let digit = digits.length & 1
  if (digit === 1) target[at++] = Number.parseInt(digits[0]!, 16)
  for (; digit < digits.length; digit += 2) target[at++] = Number.parseInt(digits.slice(digit, digit + 2), 16)
  if (negative) for (let i = offset + 1; i < end; i++) target[i] = ~target[i]!
  return end
}

/**
 * Returns the offset of the end of the bigint whose code is at `offset`; −1 when it is truncated or not canonical.
 */
export function orderedBigintEnd(bytes: Uint8Array, offset: number, end: number): number {
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

/** Reads the bigint whose code is at `offset`; `end` is the result of {@link orderedBigintEnd}. */
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
  if (magnitude <= SMALL_MAX) return Number(magnitude).toString(16)
  const digits = magnitude.toString(16)
  // QuickJS 2025-04-26 puts a zero before the digits of some numbers, such as 2 ** 64 - 1.
  return digits.startsWith('0') ? digits.slice(1) : digits
}
