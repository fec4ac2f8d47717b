/**
 * Returns the first six bytes of `key[start, end)`, big-endian and padded with zeros. Keys in ascending order have heads in ascending order;
 * different keys may have the same head.
 */
export function keyHead48(key: Uint8Array, start: number, end: number): number {
  if (start + 6 <= end) {
    const high = (key[start]! << 16) | (key[start + 1]! << 8) | key[start + 2]!
    const low = (key[start + 3]! << 16) | (key[start + 4]! << 8) | key[start + 5]!
    return high * 2 ** 24 + low
  }
  let head = 0
  for (let index = start; index < start + 6; index++) head = head * 256 + (index < end ? key[index]! : 0)
  return head
}
