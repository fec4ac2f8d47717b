import { keyBytesOf, keyStartOf } from './operation-location.js'

/** Fewer operations are sorted by comparing whole keys. */
const HEADS_MIN = 24
/** Bytes behind the shared ones that a head may be taken from. */
const HEAD_BYTES = 8
const HEAD_BITS = 32
/** Digits of a radix sort: few operations do not pay for large tables of counts. */
const WIDE_DIGIT_BITS = 11
const NARROW_DIGIT_BITS = 8
const WIDE_DIGITS_MIN = 4096

/** Operations with equal heads are sorted by heads again so many times, one within the other; what is left is compared by whole keys. */
const LEVELS_MAX = 16

/**
 * Brings operations into the order of their keys, those of one key in the order of their own. It sorts by heads: the bits behind
 * what all keys share, without those at the front of each byte in which no two of them differ. So 32 bits tell eight decimal
 * digits apart. Operations whose heads are equal are sorted again, by what follows.
 *
 * @remarks Keys may tell themselves apart at thousands of places, a few of them at each: to look at all the others once for each place
 * would take longer than comparing them, and the stack of calls would not bear it.
 */
export class KeyOrder {
  #heads = new Int32Array(0)
  #otherHeads = new Int32Array(0)
  #otherOrder = new Int32Array(0)
  readonly #counts = new Int32Array(1 << WIDE_DIGIT_BITS)
  readonly #varying = new Uint8Array(HEAD_BYTES)
  #bytes: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(new ArrayBuffer(0))

  /**
   * Sorts `order[from, to)`, offsets in `bytes` at which operations begin.
   *
   * @param order - operations on one key must be in their order already.
   */
  sort(bytes: Uint8Array, order: Int32Array, from: number, to: number): void {
    this.#begin(bytes, order)
    this.#sort(order, from, to, 0, 0)
  }

  /**
   * Sorts the first operations of `order` that have heads already.
   *
   * @param heads - of each operation in `order`; a greater key never has a lesser one, as an unsigned number.
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
      this.#otherHeads = new Int32Array(order.length)
      this.#otherOrder = new Int32Array(order.length)
    }
    if (this.#bytes === bytes) return
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /**
   * @param depth - bytes that all these keys are known to share.
   * @param level - groups of equal heads that they lie in.
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
    const shared = sharedBytes(this.#bytes, this.#view, order, from, to, depth)
    const varies = this.#findVarying(order, from, to, shared)
    if (varies) this.#takeHeads(order, from, to, shared)
    else this.#takeLengths(order, from, to, shared)
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

  /** Finds the bits in which the keys differ behind `shared`; false when there are none. A byte that is missing counts as zero. */
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
      for (let place = 0; place < HEAD_BYTES; place++) {
        const a = firstStart + place < firstEnd ? (bytes[firstStart + place] as number) : 0
        const b = start + place < end ? (bytes[start + place] as number) : 0
        varying[place] = (varying[place] as number) | (a ^ b)
        any |= a ^ b
      }
    }
    return any !== 0
  }

  #takeHeads(order: Int32Array, from: number, to: number, shared: number): void {
    const bytes = this.#bytes
    const heads = this.#heads
    const varying = this.#varying
    for (let index = from; index < to; index++) {
      const operation = order[index] as number
      const start = keyStartOf(bytes, operation) + shared
      const end = start - shared + keyBytesOf(bytes, operation)
      let head = 0
      let bitsLeft = HEAD_BITS
      for (let place = 0; place < HEAD_BYTES && bitsLeft > 0; place++) {
        const width = 32 - Math.clz32(varying[place] as number)
        const byte = start + place < end ? (bytes[start + place] as number) & ((1 << width) - 1) : 0
        const taken = width < bitsLeft ? width : bitsLeft
        bitsLeft -= taken
        head |= (byte >> (width - taken)) << bitsLeft
      }
      heads[index] = head
    }
  }

  /**
   * Where zeros follow what all share, or nothing: the shorter key comes first. Keys whose head is at most {@link HEAD_BYTES} then
   * are one and the same.
   */
  #takeLengths(order: Int32Array, from: number, to: number, shared: number): void {
    const heads = this.#heads
    for (let index = from; index < to; index++) {
      heads[index] = Math.min(keyBytesOf(this.#bytes, order[index] as number) - shared, HEAD_BYTES + 1)
    }
  }

  /** A radix sort of `order[from, to)` by heads, from the last digit to the first; it keeps the order of equal ones. */
  #sortByHeads(order: Int32Array, from: number, to: number): void {
    const bits = to - from < WIDE_DIGITS_MIN ? NARROW_DIGIT_BITS : WIDE_DIGIT_BITS
    const mask = (1 << bits) - 1
    const counts = this.#counts
    let heads: Int32Array = this.#heads
    let places = order
    let nextHeads: Int32Array = this.#otherHeads
    let nextPlaces: Int32Array = this.#otherOrder
    for (let shift = 0; shift < HEAD_BITS; shift += bits) {
      counts.fill(0, 0, mask + 1)
      for (let index = from; index < to; index++) {
        const digit = ((heads[index] as number) >>> shift) & mask
        counts[digit] = (counts[digit] as number) + 1
      }
      if (counts[((heads[from] as number) >>> shift) & mask] === to - from) continue
      let place = from
      for (let digit = 0; digit <= mask; digit++) {
        const count = counts[digit] as number
        counts[digit] = place
        place += count
      }
      for (let index = from; index < to; index++) {
        const head = heads[index] as number
        const digit = (head >>> shift) & mask
        const target = counts[digit] as number
        counts[digit] = target + 1
        nextHeads[target] = head
        nextPlaces[target] = places[index] as number
      }
      const wereHeads = heads
      const werePlaces = places
      heads = nextHeads
      places = nextPlaces
      nextHeads = wereHeads
      nextPlaces = werePlaces
    }
    if (places === order) return
    order.set(places.subarray(from, to), from)
    this.#heads.set(heads.subarray(from, to), from)
  }
}

/** Bytes that all keys have in common at their beginning, of which `depth` are known. */
function sharedBytes(
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

/** First place from `from` on, and before `to`, where what stands at `a` and at `b` differs; `to` when there is none. */
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

/** Compares the keys of two operations, which share `depth` bytes. */
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

/** Sorts a few operations, each into those before it; it keeps the order of equal keys. */
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
    let place = index
    while (place > from && compareKeys(bytes, view, order[place - 1] as number, operation, depth) > 0) {
      order[place] = order[place - 1] as number
      place--
    }
    order[place] = operation
  }
}
