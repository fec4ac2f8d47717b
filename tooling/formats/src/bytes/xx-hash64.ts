// xxHash64 as its public specification describes it, in BigInt: slow, and independent of the library of the engine.
const MASK = 0xffff_ffff_ffff_ffffn
const PRIME_1 = 0x9e37_79b1_85eb_ca87n
const PRIME_2 = 0xc2b2_ae3d_27d4_eb4fn
const PRIME_3 = 0x1656_67b1_9e37_79f9n
const PRIME_4 = 0x85eb_ca77_c2b2_ae63n
const PRIME_5 = 0x27d4_eb2f_1656_67c5n

function rotateLeft(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & MASK
}

function round(accumulator: bigint, input: bigint): bigint {
  return (rotateLeft((accumulator + input * PRIME_2) & MASK, 31n) * PRIME_1) & MASK
}

function merge(hash: bigint, accumulator: bigint): bigint {
  return ((hash ^ round(0n, accumulator)) * PRIME_1 + PRIME_4) & MASK
}

/** Returns the 64-bit xxHash of bytes. */
export function xxHash64(bytes: Uint8Array, seed: bigint): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let offset = 0
  let hash: bigint
  if (bytes.length >= 32) {
    let first = (seed + PRIME_1 + PRIME_2) & MASK
    let second = (seed + PRIME_2) & MASK
    let third = seed
    let fourth = (seed - PRIME_1) & MASK
    for (; offset + 32 <= bytes.length; offset += 32) {
      first = round(first, view.getBigUint64(offset, true))
      second = round(second, view.getBigUint64(offset + 8, true))
      third = round(third, view.getBigUint64(offset + 16, true))
      fourth = round(fourth, view.getBigUint64(offset + 24, true))
    }
    const sum =
      rotateLeft(first, 1n) + rotateLeft(second, 7n) + rotateLeft(third, 12n) + rotateLeft(fourth, 18n)
    hash = [first, second, third, fourth].reduce(merge, sum & MASK)
  } else {
    hash = (seed + PRIME_5) & MASK
  }
  hash = (hash + BigInt(bytes.length)) & MASK
  for (; offset + 8 <= bytes.length; offset += 8) {
    hash ^= round(0n, view.getBigUint64(offset, true))
    hash = (rotateLeft(hash, 27n) * PRIME_1 + PRIME_4) & MASK
  }
  if (offset + 4 <= bytes.length) {
    hash ^= (BigInt(view.getUint32(offset, true)) * PRIME_1) & MASK
    hash = (rotateLeft(hash, 23n) * PRIME_2 + PRIME_3) & MASK
    offset += 4
  }
  for (; offset < bytes.length; offset += 1) {
    hash ^= (BigInt(view.getUint8(offset)) * PRIME_5) & MASK
    hash = (rotateLeft(hash, 11n) * PRIME_1) & MASK
  }
  hash = ((hash ^ (hash >> 33n)) * PRIME_2) & MASK
  hash = ((hash ^ (hash >> 29n)) * PRIME_3) & MASK
  return hash ^ (hash >> 32n)
}
