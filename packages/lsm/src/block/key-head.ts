/**
 * Returns the head of `key[start, end)`: its first four bytes, big-endian and padded with zeros, without the lowest bit, so that it is
 * a small integer of V8. Keys in ascending order have heads in ascending order; different keys may have the same head.
 */
export function keyHead(key: Uint8Array, start: number, end: number): number {
  if (start + 4 <= end) {
    return ((key[start]! << 24) | (key[start + 1]! << 16) | (key[start + 2]! << 8) | key[start + 3]!) >>> 1
  }
  let word = 0
  for (let index = start; index < start + 4; index++) word = (word << 8) | (index < end ? key[index]! : 0)
  return word >>> 1
}
