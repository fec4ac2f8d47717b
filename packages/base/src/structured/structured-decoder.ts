import { decodeUtf8 } from '#utf8'
import { decodeVarint, varintBytes } from '../bytes/varint.js'
import { invalidArgument } from '../ldb-error.js'
import {
  ItemCode,
  STRUCTURED_DEPTH_MAX,
  STRUCTURED_VERSION,
  toLittleEndian,
  VIEW_KINDS,
} from './structured-format.js'

/** Reads one value. */
class StructuredDecoder {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 1
  #depth = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  decode(): unknown {
    if (this.#bytes[0] !== STRUCTURED_VERSION) this.#fail(0)
    const value = this.#item()
    if (this.#at !== this.#bytes.length) this.#fail(this.#at)
    return value
  }

  #item(): unknown {
    const start = this.#at
    const code = this.#bytes[this.#take(1)]
    switch (code) {
      case ItemCode.Null:
        return null
      case ItemCode.Undefined:
        return undefined
      case ItemCode.False:
        return false
      case ItemCode.True:
        return true
      case ItemCode.Integer: {
        const number = this.#varint()
        return number % 2 === 0 ? number / 2 : -(number + 1) / 2
      }
      case ItemCode.Double:
        return this.#view.getFloat64(this.#take(8), true)
      case ItemCode.Bigint:
        return this.#bigint()
      case ItemCode.Date:
        return new Date(this.#view.getFloat64(this.#take(8), true))
      case ItemCode.Bytes:
        return this.#blob()
      case ItemCode.View:
        return this.#viewed()
      case ItemCode.String:
      case ItemCode.WideString:
        return this.#text(code)
      default:
        return this.#collection(code, start)
    }
  }

  #collection(code: number | undefined, start: number): unknown {
    if (++this.#depth > STRUCTURED_DEPTH_MAX) this.#fail(start)
    const result = this.#collected(code, start)
    this.#depth--
    return result
  }

  #collected(code: number | undefined, start: number): unknown {
    switch (code) {
      case ItemCode.Array:
        return this.#items()
      case ItemCode.Set:
        return new Set(this.#items())
      case ItemCode.Map: {
        const map = new Map<unknown, unknown>()
        for (let count = this.#varint(); count > 0; count--) {
          const key = this.#item()
          map.set(key, this.#item())
        }
        return map
      }
      case ItemCode.Object: {
        const object: Record<string, unknown> = {}
        for (let count = this.#varint(); count > 0; count--) {
          const name = this.#text(this.#bytes[this.#take(1)])
          // An assignment would set the prototype.
          if (name !== '__proto__') object[name] = this.#item()
          else
            Object.defineProperty(object, name, {
              value: this.#item(),
              writable: true,
              enumerable: true,
              configurable: true,
            })
        }
        return object
      }
      default:
        return this.#fail(start)
    }
  }

  #items(): unknown[] {
    const items: unknown[] = []
    // Grows with the bytes that were read, whatever the count is.
    for (let count = this.#varint(); count > 0; count--) items.push(this.#item())
    return items
  }

  #bigint(): bigint {
    const head = this.#varint()
    const length = Math.floor(head / 2)
    const start = this.#take(length)
    if (length === 0) return 0n
    let digits = '0x'
    for (let at = start + length - 1; at >= start; at--)
      digits += (this.#bytes[at] ?? 0).toString(16).padStart(2, '0')
    return head % 2 === 0 ? BigInt(digits) : -BigInt(digits)
  }

  #text(code: number | undefined): string {
    const at = this.#at
    if (code === ItemCode.String) {
      const length = this.#varint()
      const start = this.#take(length)
      return decodeUtf8(this.#bytes, start, start + length)
    }
    if (code !== ItemCode.WideString) this.#fail(at - 1)
    let text = ''
    for (let count = this.#varint(); count > 0; count--)
      text += String.fromCharCode(this.#view.getUint16(this.#take(2), true))
    return text
  }

  #viewed(): unknown {
    const start = this.#at
    const number = this.#bytes[this.#take(1)]
    const kind = VIEW_KINDS.find((known) => known.kind === number)
    const bytes = this.#blob()
    if (kind === undefined || bytes.length % kind.elementBytes !== 0) return this.#fail(start)
    toLittleEndian(bytes, kind.elementBytes)
    return kind.make(bytes.buffer)
  }

  /** Returns a copy, in a buffer of its own. */
  #blob(): Uint8Array<ArrayBuffer> {
    const length = this.#varint()
    const start = this.#take(length)
    return new Uint8Array(this.#bytes.subarray(start, start + length))
  }

  #varint(): number {
    const value = decodeVarint(this.#bytes, this.#at, this.#bytes.length)
    if (value < 0) this.#fail(this.#at)
    this.#at += varintBytes(value)
    return value
  }

  /** Returns the offset of the next bytes, which are there. */
  #take(byteCount: number): number {
    const start = this.#at
    if (byteCount > this.#bytes.length - start) this.#fail(start)
    this.#at = start + byteCount
    return start
  }

  #fail(offset: number): never {
    throw invalidArgument('value is not structured: another encoding or a newer version wrote it', { offset })
  }
}

/** Decodes a structured value. @throws {@link LdbError} LDB_INVALID_ARGUMENT for other bytes. */
export function decodeStructured(bytes: Uint8Array): unknown {
  return new StructuredDecoder(bytes).decode()
}
