/** Returns a 32-bit hash of `key[start..end)`. Every bit of the hash depends on all bytes of the key. @internal */
export function hashKey(key: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed ^ (end - start)
  let index = start
  for (; index <= end - 4; index += 4) {
    hash = Math.imul(hash ^ wordAt(key, index), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  for (; index < end; index += 1) hash = Math.imul(hash ^ (key[index] as number), 0x9e3779b1)
  // The finalizer of MurmurHash3.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/** Returns four bytes as a little-endian int32. @internal */
export function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  )
}
