import { keyBytesOf, keyStartOf } from './operation-location.js'

/** Fewer operations are sorted by comparisons of whole keys. */
const HEADS_MIN = 24
/** Bytes after the common prefix that a head may contain bits of. */
const HEAD_BYTES = 8
const HEAD_BITS = 32
/** Digit sizes of the radix sort: a large count table does not pay for few operations. */
const WIDE_DIGIT_BITS = 11
const NARROW_DIGIT_BITS = 8
const WIDE_DIGITS_MIN = 4096

/** Nesting depth of sorts by heads. Deeper groups of equal heads are sorted by comparisons of whole keys. */
const LEVELS_MAX = 16

/**
 * Sorts operations by key, stably. It is a radix sort of heads: a head is the 32 bits after the common prefix of all keys, without the
 * leading bits of each byte that are equal in all keys. So 32 bits distinguish eight decimal digits. Operations with equal heads
 * are sorted again by the following bytes.
 *
 * @remarks The nesting is bounded. Keys may differ at thousands of depths, a few keys at each: a pass over all the others for each depth
 * would cost more than comparisons, and would overflow the call stack.
 */
export class KeyOrder {
  #heads = new Int32Array(0)
  #scratchHeads = new Int32Array(0)
  #scratchOrder = new Int32Array(0)
  readonly #counts = new Int32Array(1 << WIDE_DIGIT_BITS)
  readonly #varying = new Uint8Array(HEAD_BYTES)
  #bytes: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(new ArrayBuffer(0))

  /**
   * Sorts `order[from, to)`.
   *
   * @param order - start offsets of operations in `bytes`; operations on one key in commit order.
   */
  sort(bytes: Uint8Array, order: Int32Array, from: number, to: number): void {
    this.#begin(bytes, order)
    this.#sort(order, from, to, 0, 0)
  }

  /**
   * Sorts the first `count` operations of `order`, whose heads are known.
   *
   * @param heads - unsigned head of each operation; a greater key never has a lesser head.
   */
  sortWithHeads(bytes: Uint8Array, order: Int32Array, heads: Int32Array, count: number): void {
    if (count === 0) return
    this.#begin(bytes, order)
    this.#heads.set(count < heads.length ? heads.subarray(0, count) : heads)
    this.#sortByHeads(order, 0, count)
    const sorted = this.#heads
    let begin = 0
    for (let index = 1; index <= count; index++) {
      if (index < count && sorted[index] === sorted[begin]) continue
      if (index - begin > 1) this.#sort(order, begin, index, 0, 0)
      begin = index
    }
  }

  #begin(bytes: Uint8Array, order: Int32Array): void {
    if (this.#heads.length < order.length) {
      this.#heads = new Int32Array(order.length)
      this.#scratchHeads = new Int32Array(order.length)
      this.#scratchOrder = new Int32Array(order.length)
    }
    if (this.#bytes === bytes) return
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /**
   * @param depth - known length of the common prefix of these keys.
   * @param level - number of enclosing groups of equal heads.
   */
  #sort(order: Int32Array, from: number, to: number, depth: number, level: number): void {
    if (to - from < HEADS_MIN) {
      insertInOrder(this.#bytes, this.#view, order, from, to, depth)
      return
    }
    if (level === LEVELS_MAX) {
      order.subarray(from, to).sort((a, b) => compareKeys(this.#bytes, this.#view, a, b, depth))
      return
    }
    const shared = commonPrefixBytes(this.#bytes, this.#view, order, from, to, depth)
    const varies = this.#findVarying(order, from, to, shared)
    if (varies) this.#computeHeads(order, from, to, shared)
    else this.#computeLengths(order, from, to, shared)
    this.#sortByHeads(order, from, to)
    const heads = this.#heads
    let begin = from
    for (let index = from + 1; index <= to; index++) {
      const head = heads[begin] as number
      if (index < to && heads[index] === head) continue
      if (index - begin === 1) {
        begin = index
        continue
      }
      if (varies) this.#sort(order, begin, index, shared, level + 1)
      else if (head > HEAD_BYTES) this.#sort(order, begin, index, shared + HEAD_BYTES, level + 1)
      begin = index
    }
  }

  /** Finds the bits in which the keys differ after `shared` bytes. Returns false without any. A missing byte counts as zero. */
  #findVarying(order: Int32Array, from: number, to: number, shared: number): boolean {
    const bytes = this.#bytes
    const varying = this.#varying.fill(0)
    const first = order[from] as number
    const firstStart = keyStartOf(bytes, first) + shared
    const firstEnd = firstStart - shared + keyBytesOf(bytes, first)
    let any = 0
    for (let index = from + 1; index < to; index++) {
      const operation = order[index] as number
      const start = keyStartOf(bytes, operation) + shared
      const end = start - shared + keyBytesOf(bytes, operation)
      for (let offset = 0; offset < HEAD_BYTES; offset++) {
        const a = firstStart + offset < firstEnd ? (bytes[firstStart + offset] as number) : 0
        const b = start + offset < end ? (bytes[start + offset] as number) : 0
        varying[offset] = (varying[offset] as number) | (a ^ b)
        any |= a ^ b
      }
    }
    return any !== 0
  }

  #computeHeads(order: Int32Array, from: number, to: number, shared: number): void {
    const bytes = this.#bytes
    const heads = this.#heads
    const varying = this.#varying
    for (let index = from; index < to; index++) {
      const operation = order[index] as number
      const start = keyStartOf(bytes, operation) + shared
      const end = start - shared + keyBytesOf(bytes, operation)
      let head = 0
      let bitsLeft = HEAD_BITS
      for (let offset = 0; offset < HEAD_BYTES && bitsLeft > 0; offset++) {
        const width = 32 - Math.clz32(varying[offset] as number)
        const byte = start + offset < end ? (bytes[start + offset] as number) & ((1 << width) - 1) : 0
        const usedBits = width < bitsLeft ? width : bitsLeft
        bitsLeft -= usedBits
        head |= (byte >> (width - usedBits)) << bitsLeft
      }
      heads[index] = head
    }
  }

  /**
   * Computes heads for keys whose common prefix is followed only by zero bytes, or by nothing: the shorter key is less. Keys with equal
   * heads up to {@link HEAD_BYTES} are equal.
   */
  #computeLengths(order: Int32Array, from: number, to: number, shared: number): void {
    const heads = this.#heads
    for (let index = from; index < to; index++) {
      heads[index] = Math.min(keyBytesOf(this.#bytes, order[index] as number) - shared, HEAD_BYTES + 1)
    }
  }

  /** Sorts `order[from, to)` by heads: a stable radix sort, least significant digit first. */
  #sortByHeads(order: Int32Array, from: number, to: number): void {
    const bits = to - from < WIDE_DIGITS_MIN ? NARROW_DIGIT_BITS : WIDE_DIGIT_BITS
    const mask = (1 << bits) - 1
    const counts = this.#counts
    let heads: Int32Array = this.#heads
    let operations = order
    let nextHeads: Int32Array = this.#scratchHeads
    let nextOperations: Int32Array = this.#scratchOrder
    for (let shift = 0; shift < HEAD_BITS; shift += bits) {
      counts.fill(0, 0, mask + 1)
      for (let index = from; index < to; index++) {
        const digit = ((heads[index] as number) >>> shift) & mask
        counts[digit] = (counts[digit] as number) + 1
      }
      if (counts[((heads[from] as number) >>> shift) & mask] === to - from) continue
      let position = from
      for (let digit = 0; digit <= mask; digit++) {
        const count = counts[digit] as number
        counts[digit] = position
        position += count
      }
      for (let index = from; index < to; index++) {
        const head = heads[index] as number
        const digit = (head >>> shift) & mask
        const target = counts[digit] as number
        counts[digit] = target + 1
        nextHeads[target] = head
        nextOperations[target] = operations[index] as number
      }
      const previousHeads = heads
      const previousOperations = operations
      heads = nextHeads
      operations = nextOperations
      nextHeads = previousHeads
      nextOperations = previousOperations
    }
    if (operations === order) return
    order.set(operations.subarray(from, to), from)
    this.#heads.set(heads.subarray(from, to), from)
  }
}

/** Returns the length of the common prefix of all keys, of which `depth` bytes are known. */
function commonPrefixBytes(
  bytes: Uint8Array,
  view: DataView,
  order: Int32Array,
  from: number,
  to: number,
  depth: number,
): number {
  const first = order[from] as number
  const firstStart = keyStartOf(bytes, first)
  let shared = keyBytesOf(bytes, first)
  for (let index = from + 1; index < to; index++) {
    const operation = order[index] as number
    const start = keyStartOf(bytes, operation)
    const keyBytes = keyBytesOf(bytes, operation)
    if (keyBytes < shared) shared = keyBytes
    shared = firstDifference(bytes, view, firstStart, start, depth, shared)
  }
  return shared
}

/** Returns the first index in `[from, to)` at which the bytes at `a` and at `b` differ; `to` if they are equal. */
function firstDifference(
  bytes: Uint8Array,
  view: DataView,
  a: number,
  b: number,
  from: number,
  to: number,
): number {
  let index = from
  while (index <= to - 4 && view.getInt32(a + index) === view.getInt32(b + index)) index += 4
  while (index < to && bytes[a + index] === bytes[b + index]) index++
  return index
}

/** Compares the keys of two operations, whose first `depth` bytes are equal. */
function compareKeys(bytes: Uint8Array, view: DataView, a: number, b: number, depth: number): number {
  const aStart = keyStartOf(bytes, a)
  const bStart = keyStartOf(bytes, b)
  const aBytes = keyBytesOf(bytes, a)
  const bBytes = keyBytesOf(bytes, b)
  const both = aBytes < bBytes ? aBytes : bBytes
  const index = firstDifference(bytes, view, aStart, bStart, depth, both)
  if (index === both) return aBytes - bBytes
  return (bytes[aStart + index] as number) - (bytes[bStart + index] as number)
}

/** Sorts a few operations: a stable insertion sort. */
function insertInOrder(
  bytes: Uint8Array,
  view: DataView,
  order: Int32Array,
  from: number,
  to: number,
  depth: number,
): void {
  for (let index = from + 1; index < to; index++) {
    const operation = order[index] as number
    let position = index
    while (position > from && compareKeys(bytes, view, order[position - 1] as number, operation, depth) > 0) {
      order[position] = order[position - 1] as number
      position--
    }
    order[position] = operation
  }
}
