/** Greatest length of a varint, in bytes. @category Codecs */
export const VARINT_BYTES_MAX = 5

/**
 * Returns the encoded length of a varint: 1 to 5 bytes.
 *
 * @param value - an integer from 0 to 2^32 − 1.
 * @category Codecs
 */
export function varintBytes(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  if (value < 0x20_0000) return 3
  return value < 0x1000_0000 ? 4 : 5
}

/**
 * Writes a number as an unsigned LEB128 varint.
 *
 * @param value - an integer from 0 to 2^32 − 1.
 * @returns the offset of the end of the varint.
 * @remarks Does not check that {@link varintBytes} bytes fit at `offset`.
 * @category Codecs
 */
export function encodeVarint(value: number, target: Uint8Array, offset: number): number {
  let rest = value
  let at = offset
  while (rest >= 0x80) {
    target[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  target[at++] = rest
  return at
}

/**
 * Reads the varint at `offset`, which must end before or at `end`. Every number has one encoding, so the varint ends at
 * `offset + varintBytes(value)`.
 *
 * @returns the number; −1 when the varint is truncated, has a superfluous last byte, or exceeds 2^32 − 1.
 *
 * @category Codecs
 */
export function decodeVarint(bytes: Uint8Array, offset: number, end: number): number {
  if (offset >= end) return -1
  const first = bytes[offset]!
  if (first < 0x80) return first
  let value = first & 0x7f
  for (let shift = 7, at = offset + 1; at < end; shift += 7, at++) {
    const byte = bytes[at]!
    // The fifth byte contains the upper four bits only.
    if (shift === 28 && byte > 0x0f) return -1
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return byte === 0 ? -1 : value >>> 0
  }
  return -1
}
