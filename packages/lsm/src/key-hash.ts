import type { RandomSource } from '@ldb/vfs'

/** Returns a random seed for {@link hashKey}: keys cannot be chosen so that their hashes are the same. */
export function newSeed(random: RandomSource): number {
  const bytes = random.fill(new Uint8Array(4))
  return new DataView(bytes.buffer).getInt32(0, true)
}

/** Returns a 32-bit hash of `key[start, end)`. Every bit of the hash depends on all bytes of the key and on the seed. */
export function hashKey(key: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed ^ (end - start)
  let index = start
  for (; index <= end - 4; index += 4) {
    const word = key[index]! | (key[index + 1]! << 8) | (key[index + 2]! << 16) | (key[index + 3]! << 24)
    hash = Math.imul(hash ^ word, 0x9e3779b1)
    hash ^= hash >>> 15
  }
  for (; index < end; index++) hash = Math.imul(hash ^ key[index]!, 0x9e3779b1)
  // The finalizer of MurmurHash3 (Austin Appleby, public domain).
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
