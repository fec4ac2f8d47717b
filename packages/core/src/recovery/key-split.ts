import { keyBytesOf, keyStartOf } from './operation-location.js'

const HEAD_BITS = 32
/** Leading bits of a head that determine its part. */
const PART_BITS = 16
/** Bytes after the common prefix that a head may contain bits of. */
const HEAD_SOURCE_BYTES = 8
/** Values of a byte. */
const BYTES = 256

/**
 * Splits the key space into parts, each a range of keys, in ascending order. The split uses heads: the 32 bits of a key after the common
 * prefix of a sample, without the leading bits of each byte that are equal in the whole sample. So 32 bits distinguish eight
 * decimal digits. A key without these common bits gets the least or the greatest possible head. A greater key never has a lesser
 * head, compared as unsigned numbers.
 */
export class KeySplit {
  readonly partCount: number
  readonly #prefix: Uint8Array
  readonly #prefixView: DataView
  /** By index after the prefix: number of low bits that vary in the sample, and the leading bits that do not. */
  readonly #widths = new Uint8Array(HEAD_SOURCE_BYTES)
  readonly #leadingBits = new Uint8Array(HEAD_SOURCE_BYTES)
  /** Bytes after the prefix up to the last one that contributes to heads. */
  #sourceBytes = 0
  /** By index after the prefix and byte value: the contributed bits of the head. */
  readonly #bits = new Int32Array(HEAD_SOURCE_BYTES * BYTES)
  /** For the first and the next four bytes after the prefix: mask of the bits that are equal in the sample, and their values. */
  #mask = 0
  #expected = 0
  #nextMask = 0
  #nextExpected = 0
  readonly #parts = new Uint16Array(1 << PART_BITS)

  /**
   * @param sample - start offsets of operations in `bytes`, at least one, in any order.
   * @param partCount - number of parts, less than 65,536; each contains about equally many keys of the sample.
   */
  constructor(bytes: Uint8Array, sample: Int32Array, partCount: number) {
    this.partCount = partCount
    this.#prefix = commonPrefix(bytes, sample)
    this.#prefixView = new DataView(this.#prefix.buffer)
    this.#findVaryingBits(bytes, sample)
    this.#fillBits()
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const counts = new Int32Array(1 << PART_BITS)
    for (const start of sample) {
      const keyStart = keyStartOf(bytes, start)
      const bucket =
        this.headOf(bytes, view, keyStart, keyStart + keyBytesOf(bytes, start)) >>> (HEAD_BITS - PART_BITS)
      counts[bucket] = (counts[bucket] as number) + 1
    }
    let before = 0
    for (let bucket = 0; bucket < counts.length; bucket++) {
      this.#parts[bucket] = Math.min(partCount - 1, Math.floor((before * partCount) / sample.length))
      before += counts[bucket] as number
    }
  }

  /** Returns the part of keys with a head. */
  partOf(head: number): number {
    return this.#parts[head >>> (HEAD_BITS - PART_BITS)] as number
  }

  /**
   * Returns the head of a key.
   *
   * @param view - view of `bytes`.
   */
  headOf(bytes: Uint8Array, view: DataView, keyStart: number, keyEnd: number): number {
    const at = keyStart + this.#prefix.length
    const sourceBytes = this.#sourceBytes
    // The fast path is for keys like those of the sample: long enough, with the same prefix and the same equal bits.
    if (
      sourceBytes > keyEnd - at ||
      HEAD_SOURCE_BYTES > bytes.length - at ||
      ((view.getInt32(at) ^ this.#expected) & this.#mask) !== 0 ||
      ((view.getInt32(at + 4) ^ this.#nextExpected) & this.#nextMask) !== 0 ||
      !this.#hasPrefix(view, keyStart)
    ) {
      return this.#unusualHeadOf(bytes, keyStart, keyEnd)
    }
    const bits = this.#bits
    let head = 0
    for (let index = 0; index < sourceBytes; index++) {
      head |= bits[index * BYTES + (bytes[at + index] as number)] as number
    }
    return head
  }

  #hasPrefix(view: DataView, keyStart: number): boolean {
    const prefix = this.#prefixView
    const { byteLength } = prefix
    let index = 0
    for (; index <= byteLength - 4; index += 4) {
      if (view.getInt32(keyStart + index) !== prefix.getInt32(index)) return false
    }
    for (; index < byteLength; index++) {
      if (view.getUint8(keyStart + index) !== prefix.getUint8(index)) return false
    }
    return true
  }

  #unusualHeadOf(bytes: Uint8Array, keyStart: number, keyEnd: number): number {
    const prefix = this.#prefix
    let at = keyStart
    for (let index = 0; index < prefix.length; index++, at++) {
      const byte = at < keyEnd ? (bytes[at] as number) : -1
      if (byte !== prefix[index]) return byte < (prefix[index] as number) ? 0 : -1
    }
    let head = 0
    let bitsLeft = HEAD_BITS
    for (let index = 0; index < this.#sourceBytes; index++, at++) {
      // A missing byte counts as zero.
      const byte = at < keyEnd ? (bytes[at] as number) : 0
      const width = this.#widths[index] as number
      const leading = byte >> width
      const expected = this.#leadingBits[index] as number
      if (leading !== expected) return leading < expected ? head : head | (-1 >>> (HEAD_BITS - bitsLeft))
      head |= this.#bits[index * BYTES + byte] as number
      bitsLeft -= Math.min(width, bitsLeft)
    }
    return head
  }

  #findVaryingBits(bytes: Uint8Array, sample: Int32Array): void {
    const first = sample[0] as number
    let bitCount = 0
    for (let index = 0; index < HEAD_SOURCE_BYTES && bitCount < HEAD_BITS; index++) {
      const expected = byteAt(bytes, first, this.#prefix.length + index)
      let varying = 0
      for (const start of sample) varying |= expected ^ byteAt(bytes, start, this.#prefix.length + index)
      const width = 32 - Math.clz32(varying)
      this.#widths[index] = width
      this.#leadingBits[index] = expected >> width
      if (width > 0) this.#sourceBytes = index + 1
      bitCount += width
    }
  }

  #fillBits(): void {
    const masks = new DataView(new ArrayBuffer(HEAD_SOURCE_BYTES))
    const values = new DataView(new ArrayBuffer(HEAD_SOURCE_BYTES))
    let bitsLeft = HEAD_BITS
    for (let index = 0; index < this.#sourceBytes; index++) {
      const width = this.#widths[index] as number
      masks.setUint8(index, (BYTES - 1) << width)
      values.setUint8(index, (this.#leadingBits[index] as number) << width)
      const usedBits = Math.min(width, bitsLeft)
      bitsLeft -= usedBits
      if (usedBits === 0) continue
      for (let byte = 0; byte < BYTES; byte++) {
        this.#bits[index * BYTES + byte] = ((byte & ((1 << width) - 1)) >> (width - usedBits)) << bitsLeft
      }
    }
    this.#mask = masks.getInt32(0)
    this.#expected = values.getInt32(0)
    this.#nextMask = masks.getInt32(4)
    this.#nextExpected = values.getInt32(4)
  }
}

function byteAt(bytes: Uint8Array, start: number, index: number): number {
  return index < keyBytesOf(bytes, start) ? (bytes[keyStartOf(bytes, start) + index] as number) : 0
}

/** Returns the common prefix of all keys. */
function commonPrefix(bytes: Uint8Array, sample: Int32Array): Uint8Array {
  const first = sample[0] as number
  const firstStart = keyStartOf(bytes, first)
  let prefixBytes = keyBytesOf(bytes, first)
  for (const start of sample) {
    const keyStart = keyStartOf(bytes, start)
    const limit = Math.min(prefixBytes, keyBytesOf(bytes, start))
    prefixBytes = 0
    while (prefixBytes < limit && bytes[firstStart + prefixBytes] === bytes[keyStart + prefixBytes])
      prefixBytes++
  }
  return bytes.slice(firstStart, firstStart + prefixBytes)
}
