import { PLACE_WORDS } from './operation-table.js'
import type { OperationTable } from './operation-table.js'

/** Fewer operations are sorted by comparing whole keys. */
const HEADS_MIN = 24
/** Bytes behind the shared ones that a head may be taken from. */
const HEAD_BYTES = 8
const HEAD_BITS = 32
/** Digits of a radix sort: few operations do not pay for large tables of counts. */
const WIDE_DIGIT_BITS = 11
const NARROW_DIGIT_BITS = 8
const WIDE_DIGITS_MIN = 4096

/**
 * Brings operations into the order of their keys, those of one key in the order of their own. It sorts by heads: the bits behind
 * what all keys share, without those at the front of each byte in which no two of them differ. So 32 bits tell eight decimal
 * digits apart. Operations whose heads are equal are sorted again, by what follows.
 */
export class KeyOrder {
  #heads = new Int32Array(0)
  #otherHeads = new Int32Array(0)
  #otherOrder = new Int32Array(0)
  readonly #counts = new Int32Array(1 << WIDE_DIGIT_BITS)
  readonly #varying = new Uint8Array(HEAD_BYTES)

  /** Fills `order[from, to)` with the operations `from` to `to`, sorted. */
  sort(table: OperationTable, order: Int32Array, from: number, to: number): void {
    if (this.#heads.length < to) {
      this.#heads = new Int32Array(order.length)
      this.#otherHeads = new Int32Array(order.length)
      this.#otherOrder = new Int32Array(order.length)
    }
    for (let index = from; index < to; index++) order[index] = index
    this.#sort(table, order, from, to, 0)
  }

  /** @param depth - bytes that all these keys are known to share. */
  #sort(table: OperationTable, order: Int32Array, from: number, to: number, depth: number): void {
    if (to - from < HEADS_MIN) {
      insertInOrder(table, order, from, to, depth)
      return
    }
    const shared = sharedBytes(table, order, from, to, depth)
    if (!this.#findVarying(table, order, from, to, shared)) {
      // All alike, or zeros alone follow, more or fewer of them.
      const rest = order.subarray(from, to)
      rest.sort((a, b) => compareKeys(table, a, b, shared) || a - b)
      return
    }
    this.#takeHeads(table, order, from, to, shared)
    this.#sortByHeads(order, from, to)
    const heads = this.#heads
    let begin = from
    for (let index = from + 1; index <= to; index++) {
      if (index < to && heads[index] === heads[begin]) continue
      if (index - begin > 1) this.#sort(table, order, begin, index, shared)
      begin = index
    }
  }

  /** Finds the bits in which the keys differ behind `shared`; false when there are none. A byte that is missing counts as zero. */
  #findVarying(table: OperationTable, order: Int32Array, from: number, to: number, shared: number): boolean {
    const { bytes, places } = table
    const varying = this.#varying.fill(0)
    const first = order[from] as number
    const firstStart = (places[first * PLACE_WORDS + 1] as number) + shared
    const firstEnd = places[first * PLACE_WORDS + 2] as number
    let any = 0
    for (let index = from + 1; index < to; index++) {
      const operation = order[index] as number
      const start = (places[operation * PLACE_WORDS + 1] as number) + shared
      const end = places[operation * PLACE_WORDS + 2] as number
      for (let place = 0; place < HEAD_BYTES; place++) {
        const a = firstStart + place < firstEnd ? (bytes[firstStart + place] as number) : 0
        const b = start + place < end ? (bytes[start + place] as number) : 0
        varying[place] = (varying[place] as number) | (a ^ b)
        any |= a ^ b
      }
    }
    return any !== 0
  }

  #takeHeads(table: OperationTable, order: Int32Array, from: number, to: number, shared: number): void {
    const { bytes, places } = table
    const heads = this.#heads
    const varying = this.#varying
    for (let index = from; index < to; index++) {
      const operation = order[index] as number
      const start = (places[operation * PLACE_WORDS + 1] as number) + shared
      const end = places[operation * PLACE_WORDS + 2] as number
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
  table: OperationTable,
  order: Int32Array,
  from: number,
  to: number,
  depth: number,
): number {
  const { bytes, places } = table
  const first = order[from] as number
  const firstStart = places[first * PLACE_WORDS + 1] as number
  let shared = (places[first * PLACE_WORDS + 2] as number) - firstStart
  for (let index = from + 1; index < to; index++) {
    const operation = order[index] as number
    const start = places[operation * PLACE_WORDS + 1] as number
    const keyBytes = (places[operation * PLACE_WORDS + 2] as number) - start
    if (keyBytes < shared) shared = keyBytes
    let same = depth
    while (same < shared && bytes[firstStart + same] === bytes[start + same]) same++
    shared = same
  }
  return shared
}

/** Compares the keys of two operations, which share `depth` bytes. */
function compareKeys(table: OperationTable, a: number, b: number, depth: number): number {
  const { bytes, places } = table
  const aStart = places[a * PLACE_WORDS + 1] as number
  const bStart = places[b * PLACE_WORDS + 1] as number
  const aBytes = (places[a * PLACE_WORDS + 2] as number) - aStart
  const bBytes = (places[b * PLACE_WORDS + 2] as number) - bStart
  const both = aBytes < bBytes ? aBytes : bBytes
  for (let index = depth; index < both; index++) {
    const difference = (bytes[aStart + index] as number) - (bytes[bStart + index] as number)
    if (difference !== 0) return difference
  }
  return aBytes - bBytes
}

/** Sorts a few operations, each into those before it; it keeps the order of equal keys. */
function insertInOrder(
  table: OperationTable,
  order: Int32Array,
  from: number,
  to: number,
  depth: number,
): void {
  for (let index = from + 1; index < to; index++) {
    const operation = order[index] as number
    let place = index
    while (place > from && compareKeys(table, order[place - 1] as number, operation, depth) > 0) {
      order[place] = order[place - 1] as number
      place--
    }
    order[place] = operation
  }
}
