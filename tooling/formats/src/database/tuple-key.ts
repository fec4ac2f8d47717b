// Tuple keys: FORMAT.md of packages/base, "Tuple keys".
import { ByteView, decodeText } from '../bytes/byte-view.js'
import { requireSound } from '../bytes/format-error.js'

/** An element of a tuple key. */
export type TupleElement = null | boolean | number | bigint | string | Date | Uint8Array | TupleElement[]

const END = 0x00
const DATE_MAX = 8.64e15

/** Decodes a tuple key. */
export function readTuple(key: Uint8Array): TupleElement[] {
  const reader = new TupleReader(key)
  const elements: TupleElement[] = []
  while (!reader.isAtEnd) elements.push(reader.element(0))
  return elements
}

class TupleReader {
  readonly #view: ByteView
  #offset = 0

  constructor(key: Uint8Array) {
    this.#view = new ByteView(key)
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#view.length
  }

  element(depth: number): TupleElement {
    const code = this.#byte()
    switch (code) {
      case 0x10:
        return null
      case 0x18:
        return false
      case 0x19:
        return true
      case 0x20:
        return this.#double()
      case 0x28:
        return this.#bigint(0xff)
      case 0x29:
        return this.#bigint(0)
      case 0x30:
        return decodeText(this.#escaped())
      case 0x38:
        return this.#date()
      case 0x40:
        return this.#escaped()
      case 0x48:
        return this.#array(depth + 1)
      default:
        requireSound(false, `unknown code ${code} in a tuple`)
    }
  }

  #array(depth: number): TupleElement[] {
    requireSound(depth <= 64, 'arrays of a tuple nest too deep')
    const elements: TupleElement[] = []
    while (this.#view.u8(this.#offset) !== END) elements.push(this.element(depth))
    this.#offset += 1
    return elements
  }

  #date(): Date {
    const time = this.#double()
    requireSound(Number.isInteger(time) && Math.abs(time) <= DATE_MAX, 'a date of a tuple')
    return new Date(time)
  }

  #double(): number {
    const bytes = Uint8Array.from(this.#view.slice(this.#offset, this.#offset + 8))
    this.#offset += 8
    const view = new DataView(bytes.buffer)
    const ordered = view.getBigUint64(0)
    const sign = 1n << 63n
    view.setBigUint64(0, (ordered & sign) === 0n ? ~ordered : ordered ^ sign)
    const value = view.getFloat64(0)
    requireSound(!Number.isNaN(value) || ordered === 0xfff8_0000_0000_0000n, 'a NaN of a tuple')
    return value
  }

  #bigint(mask: number): bigint {
    const isNegative = mask !== 0
    let byteCount = this.#byte() ^ mask
    if (byteCount === 0xff) {
      byteCount = (this.#byte() ^ mask) * 256 + (this.#byte() ^ mask)
      requireSound(byteCount > 254, 'a length of a bigint')
    }
    let magnitude = 0n
    for (let index = 0; index < byteCount; index += 1) {
      const byte = this.#byte() ^ mask
      requireSound(index > 0 || byte !== 0, 'a bigint with leading zeros')
      magnitude = magnitude * 256n + BigInt(byte)
    }
    requireSound(!isNegative || magnitude > 0n, 'a negative zero')
    return isNegative ? -magnitude : magnitude
  }

  #escaped(): Uint8Array {
    const bytes: number[] = []
    for (let byte = this.#byte(); byte !== END; byte = this.#byte()) {
      if (byte !== 0x01) {
        bytes.push(byte)
        continue
      }
      const escape = this.#byte()
      requireSound(escape === 0x01 || escape === 0x02, 'an escape of a tuple')
      bytes.push(escape - 1)
    }
    return Uint8Array.from(bytes)
  }

  #byte(): number {
    const byte = this.#view.u8(this.#offset)
    this.#offset += 1
    return byte
  }
}
