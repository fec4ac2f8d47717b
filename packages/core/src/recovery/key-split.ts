import { keyBytesOf, keyStartOf } from './operation-location.js'

const HEAD_BITS = 32
/** Bits at the front of a head that say which part it is. */
const PART_BITS = 16
/** Bytes behind the shared ones that a head may be taken from. */
const PLACES_MAX = 8
/** Values of a byte. */
const BYTES = 256

/**
 * Divides all keys into parts, each a range of keys, ascending. It goes by heads: 32 bits of each key, behind what the keys of a
 * sample share and without the bits at the front of each byte in which no two of them differ, which is eight decimal digits. A key that
 * does not share what they share has the least head that it may have, or the greatest: of two keys, the greater one never has the
 * lesser head, seen as an unsigned number.
 */
export class KeySplit {
  readonly partCount: number
  readonly #shared: Uint8Array
  readonly #sharedView: DataView
  /** By place behind the shared bytes: how many of its bits differ, and what stands in front of those. */
  readonly #widths = new Uint8Array(PLACES_MAX)
  readonly #fronts = new Uint8Array(PLACES_MAX)
  /** Places up to the last one that a head has bits of. */
  #placeCount = 0
  /** By place and byte: the bits of a head that it gives. */
  readonly #bits = new Int32Array(PLACES_MAX * BYTES)
  /** Of the first four places, and of the next four: bits in which the keys of the sample do not differ, and what they are. */
  #mask = 0
  #expected = 0
  #nextMask = 0
  #nextExpected = 0
  readonly #parts = new Uint16Array(1 << PART_BITS)

  /**
   * @param sample - offsets in `bytes` at which operations begin, one at least; in any order.
   * @param partCount - parts that are wanted, less than 65,536; each has about as many keys of the sample.
   */
  constructor(bytes: Uint8Array, sample: Int32Array, partCount: number) {
    this.partCount = partCount
    this.#shared = sharedBytes(bytes, sample)
    this.#sharedView = new DataView(this.#shared.buffer)
    this.#findPlaces(bytes, sample)
    this.#fillBits()
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const counts = new Int32Array(1 << PART_BITS)
    for (const start of sample) {
      const keyStart = keyStartOf(bytes, start)
      const front =
        this.headOf(bytes, view, keyStart, keyStart + keyBytesOf(bytes, start)) >>> (HEAD_BITS - PART_BITS)
      counts[front] = (counts[front] as number) + 1
    }
    let before = 0
    for (let front = 0; front < counts.length; front++) {
      this.#parts[front] = Math.min(partCount - 1, Math.floor((before * partCount) / sample.length))
      before += counts[front] as number
    }
  }

  /** Returns the part that keys with this head lie in. */
  partOf(head: number): number {
    return this.#parts[head >>> (HEAD_BITS - PART_BITS)] as number
  }

  /**
   * Returns the head of a key.
   *
   * @param view - of `bytes`.
   */
  headOf(bytes: Uint8Array, view: DataView, keyStart: number, keyEnd: number): number {
    const at = keyStart + this.#shared.length
    const placeCount = this.#placeCount
    // Most keys are like those of the sample: they have all the places, and what is behind these does not matter.
    if (
      placeCount > keyEnd - at ||
      PLACES_MAX > bytes.length - at ||
      ((view.getInt32(at) ^ this.#expected) & this.#mask) !== 0 ||
      ((view.getInt32(at + 4) ^ this.#nextExpected) & this.#nextMask) !== 0 ||
      !this.#isShared(view, keyStart)
    ) {
      return this.#unusualHeadOf(bytes, keyStart, keyEnd)
    }
    const bits = this.#bits
    let head = 0
    for (let place = 0; place < placeCount; place++) {
      head |= bits[place * BYTES + (bytes[at + place] as number)] as number
    }
    return head
  }

  #isShared(view: DataView, keyStart: number): boolean {
    const shared = this.#sharedView
    const { byteLength } = shared
    let index = 0
    for (; index <= byteLength - 4; index += 4) {
      if (view.getInt32(keyStart + index) !== shared.getInt32(index)) return false
    }
    for (; index < byteLength; index++) {
      if (view.getUint8(keyStart + index) !== shared.getUint8(index)) return false
    }
    return true
  }

  #unusualHeadOf(bytes: Uint8Array, keyStart: number, keyEnd: number): number {
    const shared = this.#shared
    let at = keyStart
    for (let index = 0; index < shared.length; index++, at++) {
      const byte = at < keyEnd ? (bytes[at] as number) : -1
      if (byte !== shared[index]) return byte < (shared[index] as number) ? 0 : -1
    }
    let head = 0
    let bitsLeft = HEAD_BITS
    for (let place = 0; place < this.#placeCount; place++, at++) {
      // A byte that is missing counts as zero.
      const byte = at < keyEnd ? (bytes[at] as number) : 0
      const width = this.#widths[place] as number
      const front = byte >> width
      const expected = this.#fronts[place] as number
      if (front !== expected) return front < expected ? head : head | (-1 >>> (HEAD_BITS - bitsLeft))
      head |= this.#bits[place * BYTES + byte] as number
      bitsLeft -= Math.min(width, bitsLeft)
    }
    return head
  }

  #findPlaces(bytes: Uint8Array, sample: Int32Array): void {
    const first = sample[0] as number
    let bitCount = 0
    for (let place = 0; place < PLACES_MAX && bitCount < HEAD_BITS; place++) {
      const expected = byteAt(bytes, first, this.#shared.length + place)
      let varying = 0
      for (const start of sample) varying |= expected ^ byteAt(bytes, start, this.#shared.length + place)
      const width = 32 - Math.clz32(varying)
      this.#widths[place] = width
      this.#fronts[place] = expected >> width
      if (width > 0) this.#placeCount = place + 1
      bitCount += width
    }
  }

  #fillBits(): void {
    const masks = new DataView(new ArrayBuffer(PLACES_MAX))
    const fronts = new DataView(new ArrayBuffer(PLACES_MAX))
    let bitsLeft = HEAD_BITS
    for (let place = 0; place < this.#placeCount; place++) {
      const width = this.#widths[place] as number
      masks.setUint8(place, (BYTES - 1) << width)
      fronts.setUint8(place, (this.#fronts[place] as number) << width)
      const taken = Math.min(width, bitsLeft)
      bitsLeft -= taken
      if (taken === 0) continue
      for (let byte = 0; byte < BYTES; byte++) {
        this.#bits[place * BYTES + byte] = ((byte & ((1 << width) - 1)) >> (width - taken)) << bitsLeft
      }
    }
    this.#mask = masks.getInt32(0)
    this.#expected = fronts.getInt32(0)
    this.#nextMask = masks.getInt32(4)
    this.#nextExpected = fronts.getInt32(4)
  }
}

function byteAt(bytes: Uint8Array, start: number, index: number): number {
  return index < keyBytesOf(bytes, start) ? (bytes[keyStartOf(bytes, start) + index] as number) : 0
}

/** Returns the bytes that all keys have in common at their beginning. */
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
