/** Greatest length of a long varint, in bytes. */
export const LONG_VARINT_BYTES_MAX = 8

/** Returns the encoded length of a safe integer from 0: 1 to 8 bytes. */
export function longVarintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++
  return bytes
}

/** Writes a safe integer from 0 as an unsigned LEB128 varint. Returns the offset of its end. */
export function encodeLongVarint(value: number, target: Uint8Array, offset: number): number {
  let end = offset
  if (value < 0x4000_0000) {
    let small = value
    for (; small >= 0x80; small >>>= 7) target[end++] = (small & 0x7f) | 0x80
    target[end++] = small
    return end
  }
  let rest = value
  while (rest >= 0x80) {
    target[end++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  target[end++] = rest
  return end
}

/** Reads the long varint at `offset`. Returns −1 when it is truncated, has a superfluous last byte, or exceeds 2^53 − 1. */
export function decodeLongVarint(bytes: Uint8Array, offset: number, end: number): number {
  if (offset >= end) return -1
  const first = bytes[offset]!
  if (first < 0x80) return first
  let value = first & 0x7f
  let scale = 0x80
  for (let at = offset + 1; at < end && at < offset + LONG_VARINT_BYTES_MAX; at++) {
    const byte = bytes[at]!
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return byte === 0 || value > Number.MAX_SAFE_INTEGER ? -1 : value
    scale *= 0x80
  }
  return -1
}
