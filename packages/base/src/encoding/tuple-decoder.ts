import { decodeUtf8 } from '#utf8'
import { copyBytes } from '../bytes/bytes.js'
import { invalidArgument } from '../ldb-error.js'
import type { LdbError } from '../ldb-error.js'
import { decodeOrderedBigint, endOfOrderedBigint } from './ordered-bigint.js'
import { decodeOrderedDouble } from './ordered-double.js'
import type { TupleElement } from './tuple-encoder.js'
import { ORDERED_DOUBLE_BYTES, TUPLE_DEPTH_MAX, TUPLE_ESCAPE, TupleCode } from './tuple-format.js'

const DATE_MS_MAX = 8.64e15

/**
 * Decodes the elements of a tuple, strictly: only what the encoder writes is accepted, so that no two byte strings are
 * one tuple.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the bytes are not an encoded tuple: another encoding wrote them.
 */
export function decodeTuple(bytes: Uint8Array): TupleElement[] {
  return new TupleDecoder(bytes).decodeAll()
}

class TupleDecoder {
  private readonly bytes: Uint8Array
  private at: number

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.at = 0
  }

  decodeAll(): TupleElement[] {
    const root: TupleElement[] = []
    // The arrays around the one being filled.
    const outer: TupleElement[][] = []
    let elements = root
    while (this.at < this.bytes.length) {
      const code = this.bytes[this.at]!
      if (code === TupleCode.Array) {
        if (outer.length === TUPLE_DEPTH_MAX) throw this.fault('arrays nest too deep')
        const inner: TupleElement[] = []
        elements.push(inner)
        outer.push(elements)
        elements = inner
        this.at++
      } else if (code === TupleCode.End) {
        const around = outer.pop()
        if (around === undefined) throw this.fault('an array ends that never began')
        elements = around
        this.at++
      } else {
        elements.push(this.decodeScalar(code))
      }
    }
    if (outer.length > 0) throw this.fault('an array does not end')
    return root
  }

  private decodeScalar(code: number): TupleElement {
    switch (code) {
      case TupleCode.String:
        return this.decodeText()
      case TupleCode.Number:
        return this.decodeDouble()
      case TupleCode.Null:
        this.at++
        return null
      case TupleCode.False:
      case TupleCode.True:
        this.at++
        return code === TupleCode.True
      case TupleCode.BigintNegative:
      case TupleCode.BigintPositive:
        return this.decodeBigint()
      case TupleCode.Date:
        return this.decodeDate()
      case TupleCode.Bytes:
        return this.decodeEscaped()
      default:
        throw this.fault('unknown type of element')
    }
  }

  private decodeDouble(): number {
    if (this.bytes.length - this.at <= ORDERED_DOUBLE_BYTES) throw this.fault('a number is cut off')
    const value = decodeOrderedDouble(this.bytes, this.at + 1)
    if (value === undefined) throw this.fault('a number is not in its one form')
    this.at += 1 + ORDERED_DOUBLE_BYTES
    return value
  }

  private decodeDate(): Date {
    const start = this.at
    const milliseconds = this.decodeDouble()
    if (
      !Number.isInteger(milliseconds) ||
      Math.abs(milliseconds) > DATE_MS_MAX ||
      Object.is(milliseconds, -0)
    ) {
      this.at = start
      throw this.fault('a date is out of its range')
    }
    return new Date(milliseconds)
  }

  private decodeBigint(): bigint {
    const end = endOfOrderedBigint(this.bytes, this.at, this.bytes.length)
    if (end < 0) throw this.fault('a bigint is cut off or not in its one form')
    const value = decodeOrderedBigint(this.bytes, this.at, end)
    this.at = end
    return value
  }

  private decodeText(): string {
    const start = this.at + 1
    const escapeCount = this.skipEscaped()
    const end = this.at - 1
    if (escapeCount === 0) return decodeUtf8(this.bytes, start, end)
    return decodeUtf8(unescape(this.bytes, start, end, escapeCount))
  }

  private decodeEscaped(): Uint8Array {
    const start = this.at + 1
    const escapeCount = this.skipEscaped()
    const end = this.at - 1
    return escapeCount === 0
      ? copyBytes(this.bytes, start, end)
      : unescape(this.bytes, start, end, escapeCount)
  }

  // Moves behind the End of the string or bytes whose code stands here, and counts the escapes within.
  private skipEscaped(): number {
    const { bytes } = this
    let escapeCount = 0
    for (let at = this.at + 1; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (byte === TupleCode.End) {
        this.at = at + 1
        return escapeCount
      }
      if (byte === TUPLE_ESCAPE) {
        const escaped = bytes[++at]
        if (escaped !== 1 && escaped !== 2) throw this.fault('a byte is escaped that needs no escape')
        escapeCount++
      }
    }
    throw this.fault('a string does not end')
  }

  private fault(message: string): LdbError {
    return invalidArgument(
      `bytes are not a tuple, ${message} at offset ${this.at}: another encoding wrote them`,
      {
        offset: this.at,
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
