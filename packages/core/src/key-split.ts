import { keyBytesOf, keyStartOf } from './operation-place.js'

/** Bits of a head, by which keys are told apart. */
const HEAD_BITS = 16
const HEADS = 1 << HEAD_BITS
/** Bytes behind the shared ones that a head may be taken from. */
const PLACES_MAX = 16

/**
 * Divides all keys into parts, each a range of keys, ascending. It goes by 16 bits of each key, behind what the keys of a sample
 * share and without the bits at the front of each byte in which no two of them differ: of eight decimal digits, four. A key that
 * does not share what they share lies before all of them or behind.
 */
export class KeySplit {
  readonly partCount: number
  readonly #shared: Uint8Array
  /** By place behind the shared bytes: how many of its bits differ, and what stands in front of those. */
  readonly #widths = new Uint8Array(PLACES_MAX)
  readonly #fronts = new Uint8Array(PLACES_MAX)
  #placeCount = 0
  readonly #parts = new Uint16Array(HEADS)

  /**
   * @param sample - offsets in `bytes` at which operations begin, one at least; in any order.
   * @param partCount - parts that are wanted, less than 65,536; each has about as many keys of the sample.
   */
  constructor(bytes: Uint8Array, sample: Int32Array, partCount: number) {
    this.partCount = partCount
    this.#shared = sharedBytes(bytes, sample)
    this.#findPlaces(bytes, sample)
    const counts = new Int32Array(HEADS)
    for (const start of sample) {
      const head = this.#headOf(bytes, start)
      counts[head] = (counts[head] as number) + 1
    }
    let before = 0
    for (let head = 0; head < HEADS; head++) {
      this.#parts[head] = Math.min(partCount - 1, Math.floor((before * partCount) / sample.length))
      before += counts[head] as number
    }
  }

  /** Gives the part that the key of the operation at `start` lies in. Of two keys, the greater one never lies in a part before. */
  partOf(bytes: Uint8Array, start: number): number {
    return this.#parts[this.#headOf(bytes, start)] as number
  }

  #headOf(bytes: Uint8Array, start: number): number {
    const shared = this.#shared
    let at = keyStartOf(bytes, start)
    const end = at + keyBytesOf(bytes, start)
    for (let index = 0; index < shared.length; index++, at++) {
      const byte = at < end ? (bytes[at] as number) : -1
      if (byte !== shared[index]) return byte < (shared[index] as number) ? 0 : HEADS - 1
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
      if (front !== fronts[place]) return front < (fronts[place] as number) ? head : head | ((1 << bitsLeft) - 1)
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
