import { encodeUtf8Into, utf8Bytes } from '#utf8'
import { isBytes } from '../bytes/bytes.js'
import { encodeVarint, VARINT_BYTES_MAX } from '../bytes/varint.js'
import { tooLarge } from '../ldb-error.js'
import { VALUE_BYTES_MAX } from '../limits.js'
import {
  ItemCode,
  STRUCTURED_DEPTH_MAX,
  STRUCTURED_VERSION,
  toLittleEndian,
  VIEW_KINDS,
} from './structured-format.js'
import { isPlainObject, partKind, ValuePath } from './value-path.js'

const FIRST_BYTES = 256
const ENCODING = 'structured'
const KINDS = new Map(VIEW_KINDS.map((kind) => [kind.name, kind]))

/** Writes one value. */
class StructuredEncoder {
  readonly #path: ValuePath = new ValuePath()
  #bytes: Uint8Array = new Uint8Array(FIRST_BYTES)
  #view: DataView = new DataView(this.#bytes.buffer)
  #end = 0

  encode(value: unknown): Uint8Array {
    this.#byte(STRUCTURED_VERSION)
    this.#item(value)
    return this.#bytes.slice(0, this.#end)
  }

  #item(value: unknown): void {
    switch (typeof value) {
      case 'undefined':
        return this.#byte(ItemCode.Undefined)
      case 'boolean':
        return this.#byte(value ? ItemCode.True : ItemCode.False)
      case 'number':
        return this.#number(value)
      case 'bigint':
        return this.#bigint(value)
      case 'string':
        return this.#text(value)
      case 'object':
        return value === null ? this.#byte(ItemCode.Null) : this.#object(value)
      default:
        throw this.#path.refusal(ENCODING, partKind(value))
    }
  }

  #object(value: object): void {
    if (isBytes(value)) return this.#blob(ItemCode.Bytes, value)
    const tag = Object.prototype.toString.call(value).slice(8, -1)
    const kind = KINDS.get(tag)
    if (kind !== undefined && (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)) {
      const isView = ArrayBuffer.isView(value)
      const bytes = isView
        ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
        : new Uint8Array(value)
      this.#byte(ItemCode.View)
      return this.#blob(kind.kind, bytes, kind.elementBytes)
    }
    if (value instanceof Date) {
      this.#byte(ItemCode.Date)
      return this.#double(value.getTime())
    }
    if (this.#path.depth >= STRUCTURED_DEPTH_MAX)
      throw this.#path.refusal(ENCODING, `nested more than ${STRUCTURED_DEPTH_MAX} deep`)
    this.#path.enter(value, ENCODING)
    if (Array.isArray(value)) this.#array(value)
    else if (value instanceof Map) this.#map(value)
    else if (value instanceof Set) this.#items(ItemCode.Set, [...(value as Set<unknown>)])
    else if (isPlainObject(value)) this.#members(value as Readonly<Record<string, unknown>>)
    else {
      this.#path.leave()
      throw this.#path.refusal(ENCODING, partKind(value))
    }
    this.#path.leave()
  }

  #array(array: readonly unknown[]): void {
    for (let index = 0; index < array.length; index++) {
      if (Object.hasOwn(array, index)) continue
      this.#path.step(index)
      throw this.#path.refusal(ENCODING, 'a hole of an array')
    }
    this.#items(ItemCode.Array, array)
  }

  #items(code: number, items: readonly unknown[]): void {
    this.#head(code, items.length)
    for (let index = 0; index < items.length; index++) {
      this.#path.step(index)
      this.#item(items[index])
    }
  }

  #map(map: ReadonlyMap<unknown, unknown>): void {
    const entries = [...map]
    this.#head(ItemCode.Map, entries.length)
    for (const [index, [key, value]] of entries.entries()) {
      this.#path.step(index)
      this.#item(key)
      this.#item(value)
    }
  }

  #members(object: Readonly<Record<string, unknown>>): void {
    const names = Object.keys(object)
    this.#head(ItemCode.Object, names.length)
    for (const name of names) {
      this.#path.step(name)
      this.#text(name)
      this.#item(object[name])
    }
  }

  #number(value: number): void {
    if ((value | 0) === value && !Object.is(value, -0)) {
      return this.#head(ItemCode.Integer, value >= 0 ? value * 2 : value * -2 - 1)
    }
    this.#byte(ItemCode.Double)
    this.#double(value)
  }

  #bigint(value: bigint): void {
    const isNegative = value < 0n
    const digits = (isNegative ? -value : value).toString(16)
    const length = value === 0n ? 0 : Math.ceil(digits.length / 2)
    this.#head(ItemCode.Bigint, length * 2 + (isNegative ? 1 : 0))
    const start = this.#reserve(length)
    const padded = digits.padStart(length * 2, '0')
    for (let i = 0; i < length; i++) {
      const at = padded.length - 2 * i
      this.#bytes[start + i] = Number.parseInt(padded.slice(at - 2, at), 16)
    }
  }

  #text(text: string): void {
    if (text.isWellFormed()) {
      const length = utf8Bytes(text)
      this.#head(ItemCode.String, length)
      const start = this.#reserve(length)
      encodeUtf8Into(text, this.#bytes, start)
      return
    }
    this.#head(ItemCode.WideString, text.length)
    const start = this.#reserve(text.length * 2)
    for (let i = 0; i < text.length; i++) this.#view.setUint16(start + i * 2, text.charCodeAt(i), true)
  }

  #blob(code: number, bytes: Uint8Array, elementBytes: number = 1): void {
    this.#head(code, bytes.length)
    const start = this.#reserve(bytes.length)
    this.#bytes.set(bytes, start)
    toLittleEndian(this.#bytes.subarray(start, this.#end), elementBytes)
  }

  #double(value: number): void {
    // All NaN are written alike.
    const start = this.#reserve(8)
    this.#view.setFloat64(start, Number.isNaN(value) ? Number.NaN : value, true)
  }

  #head(code: number, count: number): void {
    this.#byte(code)
    const start = this.#reserve(VARINT_BYTES_MAX)
    this.#end = encodeVarint(count, this.#bytes, start)
  }

  #byte(value: number): void {
    const at = this.#reserve(1)
    this.#bytes[at] = value
  }

  /** Returns the offset of the next bytes. May replace the array: call it before the array is read. */
  #reserve(byteCount: number): number {
    const start = this.#end
    const end = start + byteCount
    if (end > this.#bytes.length) {
      if (end > VALUE_BYTES_MAX + VARINT_BYTES_MAX) throw tooLarge('a value', end, VALUE_BYTES_MAX)
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    this.#end = end
    return start
  }
}

/**
 * Encodes a structured value.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT, with the path of the part that cannot be written; LDB_TOO_LARGE.
 */
export function encodeStructured(value: unknown): Uint8Array {
  return new StructuredEncoder().encode(value)
}
