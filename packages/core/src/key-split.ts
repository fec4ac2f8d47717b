import { keyBytesOf, keyStartOf } from './operation-place.js'

const HEAD_BITS = 32
/** Bits at the front of a head that say which part it is. */
const PART_BITS = 16
/** Bytes behind the shared ones that a head may be taken from. */
const PLACES_MAX = 16

/**
 * Divides all keys into parts, each a range of keys, ascending. It goes by heads: 32 bits of each key, behind what the keys of a
 * sample share and without the bits at the front of each byte in which no two of them differ, which is eight decimal digits. A key that
 * does not share what they share has the least head that it may have, or the greatest: of two keys, the greater one never has the
 * lesser head, seen as an unsigned number.
 */
export class KeySplit {
  readonly partCount: number
  readonly #shared: Uint8Array
  /** By place behind the shared bytes: how many of its bits differ, and what stands in front of those. */
  readonly #widths = new Uint8Array(PLACES_MAX)
  readonly #fronts = new Uint8Array(PLACES_MAX)
  #placeCount = 0
  readonly #parts = new Uint16Array(1 << PART_BITS)

  /**
   * @param sample - offsets in `bytes` at which operations begin, one at least; in any order.
   * @param partCount - parts that are wanted, less than 65,536; each has about as many keys of the sample.
   */
  constructor(bytes: Uint8Array, sample: Int32Array, partCount: number) {
    this.partCount = partCount
    this.#shared = sharedBytes(bytes, sample)
    this.#findPlaces(bytes, sample)
    const counts = new Int32Array(1 << PART_BITS)
    for (const start of sample) {
      const front = this.headOf(bytes, start) >>> (HEAD_BITS - PART_BITS)
      counts[front] = (counts[front] as number) + 1
    }
    let before = 0
    for (const [front, count] of counts.entries()) {
      this.#parts[front] = Math.min(partCount - 1, Math.floor((before * partCount) / sample.length))
      before += count
    }
  }

  /** Gives the part that keys with this head lie in. */
  partOf(head: number): number {
    return this.#parts[head >>> (HEAD_BITS - PART_BITS)] as number
  }

  /** Gives the head of the key of the operation at `start`. */
  headOf(bytes: Uint8Array, start: number): number {
    const shared = this.#shared
    let at = keyStartOf(bytes, start)
    const end = at + keyBytesOf(bytes, start)
    for (let index = 0; index < shared.length; index++, at++) {
      const byte = at < end ? (bytes[at] as number) : -1
      if (byte !== shared[index]) return byte < (shared[index] as number) ? 0 : -1
    }
    const widths = this.#widths
    const fronts = this.#fronts
    let head = 0
    let bitsLeft = HEAD_BITS
    for (let place = 0; place < this.#placeCount; place++, at++) {
      // A byte that is missing counts as zero.
      const byte = at < end ? (bytes[at] as number) : 0
      const width = widths[place] as number
      const front = byte >> width
      if (front !== fronts[place]) {
        return front < (fronts[place] as number) ? head : head | (-1 >>> (HEAD_BITS - bitsLeft))
      }
      const taken = width < bitsLeft ? width : bitsLeft
      bitsLeft -= taken
      head |= ((byte & ((1 << width) - 1)) >> (width - taken)) << bitsLeft
    }
    return head
  }

  #findPlaces(bytes: Uint8Array, sample: Int32Array): void {
    const first = sample[0] as number
    let bits = 0
    for (let place = 0; place < PLACES_MAX && bits < HEAD_BITS; place++) {
      const expected = byteAt(bytes, first, this.#shared.length + place)
      let varying = 0
      for (const start of sample) varying |= expected ^ byteAt(bytes, start, this.#shared.length + place)
      const width = 32 - Math.clz32(varying)
      this.#widths[place] = width
      this.#fronts[place] = expected >> width
      this.#placeCount = place + 1
      bits += width
    }
  }
}

function byteAt(bytes: Uint8Array, start: number, index: number): number {
  return index < keyBytesOf(bytes, start) ? (bytes[keyStartOf(bytes, start) + index] as number) : 0
}

/** Gives the bytes that all keys have in common at their beginning. */
function sharedBytes(bytes: Uint8Array, sample: Int32Array): Uint8Array {
  const first = sample[0] as number
  const firstStart = keyStartOf(bytes, first)
  let shared = keyBytesOf(bytes, first)
  for (const start of sample) {
    const keyStart = keyStartOf(bytes, start)
    const limit = Math.min(shared, keyBytesOf(bytes, start))
    shared = 0
    while (shared < limit && bytes[firstStart + shared] === bytes[keyStart + shared]) shared++
  }
  return bytes.slice(firstStart, firstStart + shared)
}
