// Structured values: FORMAT.md of packages/base, "Structured values".
import { ByteView, decodeText } from '../bytes/byte-view.js'
import { requireSound } from '../bytes/format-error.js'

const VERSION = 0x01
const DEPTH_MAX = 256

/** Names of the kinds of views, and the bytes of their elements. */
const VIEWS: ReadonlyMap<number, readonly [name: string, elementBytes: number]> = new Map([
  [0x01, ['ArrayBuffer', 1]],
  [0x02, ['DataView', 1]],
  [0x03, ['Int8Array', 1]],
  [0x04, ['Uint8ClampedArray', 1]],
  [0x05, ['Int16Array', 2]],
  [0x06, ['Uint16Array', 2]],
  [0x07, ['Int32Array', 4]],
  [0x08, ['Uint32Array', 4]],
  [0x09, ['Float32Array', 4]],
  [0x0a, ['Float64Array', 8]],
  [0x0b, ['BigInt64Array', 8]],
  [0x0c, ['BigUint64Array', 8]],
])

/** Returns a structured value as a text that differs for different values: `Map{"at"=>[-2,1n,undefined]}`. */
export function describeStructured(value: Uint8Array): string {
  return new ItemReader(value).whole()
}

class ItemReader {
  readonly #view: ByteView
  #offset = 0

  constructor(value: Uint8Array) {
    this.#view = new ByteView(value)
  }

  whole(): string {
    requireSound(this.#byte() === VERSION, 'the version of a structured value')
    const text = this.#item(0)
    requireSound(this.#offset === this.#view.length, 'bytes after a structured value')
    return text
  }

  #item(depth: number): string {
    requireSound(depth <= DEPTH_MAX, 'structured values nest too deep')
    const code = this.#byte()
    switch (code) {
      case 0x01:
        return 'null'
      case 0x02:
        return 'undefined'
      case 0x03:
        return 'false'
      case 0x04:
        return 'true'
      case 0x05:
        return String(this.#integer())
      case 0x06:
        return this.#number()
      case 0x07:
        return `${this.#bigint()}n`
      case 0x08:
      case 0x09:
        return JSON.stringify(this.#text(code))
      case 0x0a:
        return `Date(${this.#double()})`
      case 0x0b:
        return `[${this.#items(depth, () => this.#item(depth + 1))}]`
      case 0x0c:
        return `{${this.#items(depth, () => `${JSON.stringify(this.#text(this.#byte()))}:${this.#item(depth + 1)}`)}}`
      case 0x0d:
        return `Map{${this.#items(depth, () => `${this.#item(depth + 1)}=>${this.#item(depth + 1)}`)}}`
      case 0x0e:
        return `Set{${this.#items(depth, () => this.#item(depth + 1))}}`
      case 0x0f:
        return `Uint8Array<${this.#hex(this.#varint())}>`
      case 0x10:
        return this.#typedView()
      default:
        requireSound(false, `unknown code ${code} in a structured value`)
    }
  }

  #items(depth: number, read: () => string): string {
    const texts: string[] = []
    for (let left = this.#varint(); left > 0; left -= 1) texts.push(read())
    requireSound(texts.length === 0 || depth < DEPTH_MAX, 'structured values nest too deep')
    return texts.join(',')
  }

  #integer(): number {
    const value = this.#varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  #number(): string {
    const start = this.#offset
    const value = this.#double()
    if (Number.isNaN(value)) {
      requireSound(this.#view.hex(start, start + 8) === '000000000000f87f', 'a NaN of a structured value')
    }
    const isInteger = Number.isInteger(value) && Math.abs(value) <= 2 ** 31 && value !== 2 ** 31
    requireSound(!isInteger || Object.is(value, -0), 'a small number is not an Integer')
    return Object.is(value, -0) ? '-0' : String(value)
  }

  #double(): number {
    const bytes = Uint8Array.from(this.#take(8))
    return new DataView(bytes.buffer).getFloat64(0, true)
  }

  #bigint(): bigint {
    const head = this.#varint()
    const bytes = this.#take(Math.floor(head / 2))
    requireSound(bytes.at(-1) !== 0, 'a magnitude ends with a zero')
    const magnitude = bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n)
    requireSound(head % 2 === 0 || magnitude > 0n, 'a negative zero')
    return head % 2 === 0 ? magnitude : -magnitude
  }

  #text(code: number): string {
    if (code === 0x08) return decodeText(this.#take(this.#varint()))
    requireSound(code === 0x09, 'a key is a text')
    let text = ''
    for (let left = this.#varint(); left > 0; left -= 1) {
      const [low = 0, high = 0] = this.#take(2)
      text += String.fromCharCode(low + 256 * high)
    }
    requireSound(!text.isWellFormed(), 'a WideString without a lone surrogate')
    return text
  }

  #typedView(): string {
    const view = VIEWS.get(this.#byte())
    requireSound(view !== undefined, 'the kind of a view')
    const [name, elementBytes] = view
    const byteCount = this.#varint()
    requireSound(byteCount % elementBytes === 0, 'the length of a view')
    return `${name}<${this.#hex(byteCount)}>`
  }

  #hex(byteCount: number): string {
    return Array.from(this.#take(byteCount), (byte) => byte.toString(16).padStart(2, '0')).join('')
  }

  /** Returns an unsigned LEB128 number of at most 32 bits and of minimal length. */
  #varint(): number {
    let value = 0
    for (let index = 0; index < 5; index += 1) {
      const byte = this.#byte()
      value += (byte & 0x7f) * 2 ** (7 * index)
      if (byte >= 0x80) continue
      requireSound(value < 2 ** 32 && (byte !== 0 || index === 0), 'a varint is not canonical')
      return value
    }
    requireSound(false, 'a varint is too long')
  }

  #take(byteCount: number): Uint8Array {
    this.#offset += byteCount
    return this.#view.slice(this.#offset - byteCount, this.#offset)
  }

  #byte(): number {
    this.#offset += 1
    return this.#view.u8(this.#offset - 1)
  }
}
