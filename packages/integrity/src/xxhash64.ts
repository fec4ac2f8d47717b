import type { Seed64 } from './seed64.js'

// The five primes of xxHash64 as halves. A prime that multiplies also has its low half unsigned, for `highOf`.
const P1L = 0x85ebca87 | 0
const P1H = 0x9e3779b1 | 0
const P1U = 0x85ebca87
const P2L = 0x27d4eb4f
const P2H = 0xc2b2ae3d | 0
const P3L = 0x9e3779f9 | 0
const P3H = 0x165667b1
const P3U = 0x9e3779f9
const P4L = 0xc2b2ae63 | 0
const P4H = 0x85ebca77 | 0
const P5L = 0x165667c5
const P5H = 0x27d4eb2f

const STRIPE_BYTES = 32
const PER_2_32 = 2 ** -32

// Working registers shared by the functions below: a {low, high} pair for each of the four accumulators, then the hash
// in the first pair. Their content is meaningless between calls of xxHash64.
const registers = new Int32Array(8)

// Words are read through a DataView. Long arrays tend to live long and to be hashed repeatedly: their views are cached in
// a WeakMap, which keeps no array alive. Short arrays tend to be used once: a view and its map entry cost microseconds,
// a copy costs half a nanosecond per byte.
const views = new WeakMap<Uint8Array, DataView>()
const CACHED_VIEW_BYTES_MIN = 4096
const scratch = new Uint8Array(CACHED_VIEW_BYTES_MIN)
const scratchView = new DataView(scratch.buffer)

/**
 * Hashes `bytes[start, end)` with xxHash64. Stores the low half of the hash in `target[0]` and the high half in `target[1]`.
 *
 * @remarks TypeScript arithmetic on 32-bit halves. Allocates nothing except one DataView at the first call for an array
 * of 4 KiB or more.
 * @param start - offset of the first byte; 0 ≤ start ≤ end ≤ bytes.length, not checked.
 * @param target - at least two elements.
 * @see https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 * @category Checksums
 */
export function xxHash64(
  bytes: Uint8Array,
  start: number,
  end: number,
  seed: Seed64,
  target: Int32Array,
): void {
  if (bytes.length >= CACHED_VIEW_BYTES_MIN) {
    hashView(viewOf(bytes), start, end, seed, target)
    return
  }
  const byteCount = end - start
  for (let index = 0; index < byteCount; index++) scratch[index] = bytes[start + index] as number
  hashView(scratchView, 0, byteCount, seed, target)
}

function viewOf(bytes: Uint8Array): DataView {
  let view = views.get(bytes)
  if (view === undefined) {
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    views.set(bytes, view)
  }
  return view
}

function hashView(view: DataView, start: number, end: number, seed: Seed64, target: Int32Array): void {
  let tail = start
  if (end - start >= STRIPE_BYTES) {
    tail = hashStripes(view, start, end, seed)
    mergeAccumulators()
  } else {
    const low = (seed.low + P5L) | 0
    registers[0] = low
    registers[1] = seed.high + P5H + carryOf(seed.low, P5L, low)
  }
  hashTail(view, tail, end, end - start, target)
}

/** Returns the carry of the 32-bit addition `a + b = sum`. Branch-free: a branch would be mispredicted half of the time. */
function carryOf(a: number, b: number, sum: number): number {
  return ((a & b) | ((a | b) & ~sum)) >>> 31
}

/**
 * Returns the high word of `a * prime + addend`, where `low` is its low word. All are 32-bit, `prime` is unsigned.
 *
 * Computed in doubles: the exact sum minus its low word is a multiple of 2^32. Rounding errors stay below 2^13, so the
 * nearest multiple is exact. Faster than four 16-bit products, and the carry is included.
 */
function highOfSum(a: number, prime: number, addend: number, low: number): number {
  return (((a >>> 0) * prime + (addend >>> 0) - (low >>> 0)) * PER_2_32 + 0.5) | 0
}

/** Returns the high word of `a * prime`, where `low` is its low word. */
function highOf(a: number, prime: number, low: number): number {
  return (((a >>> 0) * prime - (low >>> 0)) * PER_2_32 + 0.5) | 0
}

/**
 * Processes all whole stripes and returns the offset after the last one. The code of the four accumulators is unrolled: in
 * a function per accumulator they would be kept in memory instead of registers.
 */
function hashStripes(view: DataView, start: number, end: number, seed: Seed64): number {
  const { low, high } = seed
  // Accumulators start as: 0: seed + P1 + P2, 1: seed + P2, 2: seed, 3: seed - P1.
  let l1 = (low + P2L) | 0
  let h1 = (high + P2H + carryOf(low, P2L, l1)) | 0
  let l0 = (l1 + P1L) | 0
  let h0 = (h1 + P1H + carryOf(l1, P1L, l0)) | 0
  let l2 = low
  let h2 = high
  let l3 = (low - P1L) | 0
  let h3 = (high - P1H - carryOf(l3, P1L, low)) | 0
  const last = end - STRIPE_BYTES
  let at = start
  do {
    // accumulator = rotateLeft(accumulator + word * P2, 31) * P1
    let a = view.getInt32(at, true)
    let b = view.getInt32(at + 4, true)
    let l = (Math.imul(a, P2L) + l0) | 0
    let h = (highOfSum(a, P2L, l0, l) + Math.imul(a, P2H) + Math.imul(b, P2L) + h0) | 0
    a = (l << 31) | (h >>> 1)
    b = (h << 31) | (l >>> 1)
    l0 = Math.imul(a, P1L)
    h0 = (highOf(a, P1U, l0) + Math.imul(a, P1H) + Math.imul(b, P1L)) | 0

    a = view.getInt32(at + 8, true)
    b = view.getInt32(at + 12, true)
    l = (Math.imul(a, P2L) + l1) | 0
    h = (highOfSum(a, P2L, l1, l) + Math.imul(a, P2H) + Math.imul(b, P2L) + h1) | 0
    a = (l << 31) | (h >>> 1)
    b = (h << 31) | (l >>> 1)
    l1 = Math.imul(a, P1L)
    h1 = (highOf(a, P1U, l1) + Math.imul(a, P1H) + Math.imul(b, P1L)) | 0

    a = view.getInt32(at + 16, true)
    b = view.getInt32(at + 20, true)
    l = (Math.imul(a, P2L) + l2) | 0
    h = (highOfSum(a, P2L, l2, l) + Math.imul(a, P2H) + Math.imul(b, P2L) + h2) | 0
    a = (l << 31) | (h >>> 1)
    b = (h << 31) | (l >>> 1)
    l2 = Math.imul(a, P1L)
    h2 = (highOf(a, P1U, l2) + Math.imul(a, P1H) + Math.imul(b, P1L)) | 0

    a = view.getInt32(at + 24, true)
    b = view.getInt32(at + 28, true)
    l = (Math.imul(a, P2L) + l3) | 0
    h = (highOfSum(a, P2L, l3, l) + Math.imul(a, P2H) + Math.imul(b, P2L) + h3) | 0
    a = (l << 31) | (h >>> 1)
    b = (h << 31) | (l >>> 1)
    l3 = Math.imul(a, P1L)
    h3 = (highOf(a, P1U, l3) + Math.imul(a, P1H) + Math.imul(b, P1L)) | 0
    at += STRIPE_BYTES
  } while (at <= last)
  registers[0] = l0
  registers[1] = h0
  registers[2] = l1
  registers[3] = h1
  registers[4] = l2
  registers[5] = h2
  registers[6] = l3
  registers[7] = h3
  return at
}

/** Merges the four accumulators into the hash. */
function mergeAccumulators(): void {
  let low = 0
  let high = 0
  for (let index = 0; index < 8; index += 2) {
    // hash += rotateLeft(accumulator, bits), with 1, 7, 12 and 18 bits
    const bits = index === 0 ? 1 : index === 2 ? 7 : index === 4 ? 12 : 18
    const l = registers[index] as number
    const h = registers[index + 1] as number
    const rotatedLow = (l << bits) | (h >>> (32 - bits))
    const sum = (low + rotatedLow) | 0
    high = (high + ((h << bits) | (l >>> (32 - bits))) + carryOf(low, rotatedLow, sum)) | 0
    low = sum
  }
  for (let index = 0; index < 8; index += 2) {
    // hash = (hash ^ rotateLeft(accumulator * P2, 31) * P1) * P1 + P4
    let a = registers[index] as number
    let b = registers[index + 1] as number
    let l = Math.imul(a, P2L)
    let h = (highOf(a, P2L, l) + Math.imul(a, P2H) + Math.imul(b, P2L)) | 0
    a = (l << 31) | (h >>> 1)
    b = (h << 31) | (l >>> 1)
    l = Math.imul(a, P1L)
    h = highOf(a, P1U, l) + Math.imul(a, P1H) + Math.imul(b, P1L)
    l ^= low
    h ^= high
    low = (Math.imul(l, P1L) + P4L) | 0
    high = (highOfSum(l, P1U, P4L, low) + Math.imul(l, P1H) + Math.imul(h, P1L) + P4H) | 0
  }
  registers[0] = low
  registers[1] = high
}

/** Adds the length and the bytes after the last whole stripe to the hash, applies the avalanche and stores the hash. */
function hashTail(view: DataView, start: number, end: number, byteCount: number, target: Int32Array): void {
  const lengthLow = byteCount | 0
  let low = ((registers[0] as number) + lengthLow) | 0
  let high =
    ((registers[1] as number) +
      Math.floor(byteCount * PER_2_32) +
      carryOf(registers[0] as number, lengthLow, low)) |
    0
  let at = start
  for (; end - at >= 8; at += 8) {
    // hash = rotateLeft(hash ^ rotateLeft(word * P2, 31) * P1, 27) * P1 + P4
    let a = view.getInt32(at, true)
    let b = view.getInt32(at + 4, true)
    let l = Math.imul(a, P2L)
    let h = (highOf(a, P2L, l) + Math.imul(a, P2H) + Math.imul(b, P2L)) | 0
    a = (l << 31) | (h >>> 1)
    b = (h << 31) | (l >>> 1)
    l = Math.imul(a, P1L)
    h = highOf(a, P1U, l) + Math.imul(a, P1H) + Math.imul(b, P1L)
    l ^= low
    h ^= high
    a = (l << 27) | (h >>> 5)
    b = (h << 27) | (l >>> 5)
    low = (Math.imul(a, P1L) + P4L) | 0
    high = (highOfSum(a, P1U, P4L, low) + Math.imul(a, P1H) + Math.imul(b, P1L) + P4H) | 0
  }
  if (end - at >= 4) {
    // hash = rotateLeft(hash ^ word * P1, 23) * P2 + P3
    const word = view.getInt32(at, true)
    const wordLow = Math.imul(word, P1L)
    const l = low ^ wordLow
    const h = high ^ (highOf(word, P1U, wordLow) + Math.imul(word, P1H))
    const a = (l << 23) | (h >>> 9)
    const b = (h << 23) | (l >>> 9)
    low = (Math.imul(a, P2L) + P3L) | 0
    high = (highOfSum(a, P2L, P3L, low) + Math.imul(a, P2H) + Math.imul(b, P2L) + P3H) | 0
    at += 4
  }
  for (; at < end; at++) {
    // hash = rotateLeft(hash ^ byte * P5, 11) * P1
    const byte = view.getUint8(at)
    const byteLow = Math.imul(byte, P5L)
    const l = low ^ byteLow
    const h = high ^ (highOf(byte, P5L, byteLow) + Math.imul(byte, P5H))
    const a = (l << 11) | (h >>> 21)
    const b = (h << 11) | (l >>> 21)
    low = Math.imul(a, P1L)
    high = (highOf(a, P1U, low) + Math.imul(a, P1H) + Math.imul(b, P1L)) | 0
  }
  storeAvalanched(low, high, target)
}

/** hash ^= hash >> 33; hash *= P2; hash ^= hash >> 29; hash *= P3; hash ^= hash >> 32 */
function storeAvalanched(low: number, high: number, target: Int32Array): void {
  const a = low ^ (high >>> 1)
  let l = Math.imul(a, P2L)
  let h = (highOf(a, P2L, l) + Math.imul(a, P2H) + Math.imul(high, P2L)) | 0
  const b = l ^ ((h << 3) | (l >>> 29))
  h ^= h >>> 29
  l = Math.imul(b, P3L)
  h = (highOf(b, P3U, l) + Math.imul(b, P3H) + Math.imul(h, P3L)) | 0
  target[0] = l ^ h
  target[1] = h
}
