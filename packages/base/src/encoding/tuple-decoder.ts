import { decodeUtf8 } from '#utf8'
import { copyBytes } from '../bytes/bytes.js'
import { invalidArgument } from '../ldb-error.js'
import type { LdbError } from '../ldb-error.js'
import { decodeOrderedBigint, orderedBigintEnd } from './ordered-bigint.js'
import { decodeOrderedDouble } from './ordered-double.js'
import type { TupleElement } from './tuple-encoder.js'
import { ORDERED_DOUBLE_BYTES, TUPLE_DEPTH_MAX, TUPLE_ESCAPE, TupleCode } from './tuple-format.js'

const DATE_MS_MAX = 8.64e15

/**
 * Decodes the elements of a tuple. Accepts canonical encodings only, so that every tuple has one encoding.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the bytes are not an encoded tuple, because another encoding wrote them.
 */
export function decodeTuple(bytes: Uint8Array): TupleElement[] {
  return new TupleDecoder(bytes).decodeAll()
}

class TupleDecoder {
  private readonly bytes: Uint8Array
  private position: number

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.position = 0
  }

  decodeAll(): TupleElement[] {
    const root: TupleElement[] = []
    // Stack of the enclosing arrays.
    const outer: TupleElement[][] = []
    let elements = root
    while (this.position < this.bytes.length) {
      const code = this.bytes[this.position]!
      if (code === TupleCode.Array) {
        if (outer.length === TUPLE_DEPTH_MAX) throw this.fault('arrays are nested too deep')
        const inner: TupleElement[] = []
        elements.push(inner)
        outer.push(elements)
        elements = inner
        this.position++
      } else if (code === TupleCode.End) {
        const enclosing = outer.pop()
        if (enclosing === undefined) throw this.fault('End without an array')
        elements = enclosing
        this.position++
      } else {
        elements.push(this.decodeScalar(code))
      }
    }
    if (outer.length > 0) throw this.fault('array without End')
    return root
  }

  private decodeScalar(code: number): TupleElement {
    switch (code) {
      case TupleCode.String:
        return this.decodeText()
      case TupleCode.Number:
        return this.decodeDouble()
      case TupleCode.Null:
        this.position++
        return null
      case TupleCode.False:
      case TupleCode.True:
        this.position++
        return code === TupleCode.True
      case TupleCode.BigintNegative:
      case TupleCode.BigintPositive:
        return this.decodeBigint()
      case TupleCode.Date:
        return this.decodeDate()
      case TupleCode.Bytes:
        return this.decodeEscaped()
      default:
        throw this.fault('unknown element code')
    }
  }

  private decodeDouble(): number {
    if (this.bytes.length - this.position <= ORDERED_DOUBLE_BYTES) throw this.fault('number is truncated')
    const value = decodeOrderedDouble(this.bytes, this.position + 1)
    if (value === undefined) throw this.fault('number is not canonical')
    this.position += 1 + ORDERED_DOUBLE_BYTES
    return value
  }

  private decodeDate(): Date {
    const start = this.position
    const milliseconds = this.decodeDouble()
    if (
      !Number.isInteger(milliseconds) ||
      Math.abs(milliseconds) > DATE_MS_MAX ||
      Object.is(milliseconds, -0)
    ) {
      this.position = start
      throw this.fault('date is out of range')
    }
    return new Date(milliseconds)
  }

  private decodeBigint(): bigint {
    const end = orderedBigintEnd(this.bytes, this.position, this.bytes.length)
    if (end < 0) throw this.fault('bigint is truncated or not canonical')
    const value = decodeOrderedBigint(this.bytes, this.position, end)
    this.position = end
    return value
  }

  private decodeText(): string {
    const start = this.position + 1
    const escapeCount = this.skipEscaped()
    const end = this.position - 1
    if (escapeCount === 0) return decodeUtf8(this.bytes, start, end)
    return decodeUtf8(unescape(this.bytes, start, end, escapeCount))
  }

  private decodeEscaped(): Uint8Array {
    const start = this.position + 1
    const escapeCount = this.skipEscaped()
    const end = this.position - 1
    return escapeCount === 0
      ? copyBytes(this.bytes, start, end)
      : unescape(this.bytes, start, end, escapeCount)
  }

  // Advances past the End of the string or bytes whose code is at the position. Returns the number of escapes.
  private skipEscaped(): number {
    const { bytes } = this
    let escapeCount = 0
    for (let at = this.position + 1; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (byte === TupleCode.End) {
        this.position = at + 1
        return escapeCount
      }
      if (byte === TUPLE_ESCAPE) {
        const escaped = bytes[++at]
        if (escaped !== 1 && escaped !== 2) throw this.fault('invalid escape')
        escapeCount++
      }
    }
    throw this.fault('string or bytes without End')
  }

  private fault(message: string): LdbError {
    return invalidArgument(
      `bytes are not a tuple: ${message} at offset ${this.position}; another encoding wrote them`,
      {
        offset: this.position,
        key: copyBytes(this.bytes),
      },
    )
  }
}

function unescape(bytes: Uint8Array, start: number, end: number, escapeCount: number): Uint8Array {
  const plain = new Uint8Array(end - start - escapeCount)
  for (let at = start, i = 0; at < end; at++, i++) {
    const byte = bytes[at]!
    plain[i] = byte === TUPLE_ESCAPE ? bytes[++at]! - 1 : byte
  }
  return plain
}
