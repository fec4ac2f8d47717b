import { isBytes, kindOf } from '../bytes/bytes.js'
import { invalidArgument } from '../ldb-error.js'
import { encodeOrderedBigint } from './ordered-bigint.js'
import { encodeOrderedDouble } from './ordered-double.js'
import { ORDERED_DOUBLE_BYTES, TUPLE_DEPTH_MAX, TUPLE_ESCAPE, TupleCode } from './tuple-format.js'
import { loneSurrogate } from '../bytes/utf8.js'

/**
 * An element of a tuple key.
 *
 * @category Tuples
 */
export type TupleElement =
  null | boolean | number | bigint | string | Date | Uint8Array | readonly TupleElement[]

/**
 * Writes the elements of a tuple to `target` at `offset`.
 *
 * @param depth - number of arrays that enclose the elements; the tuple itself does not count.
 * @returns the offset of the end of the elements; −1 when they do not fit.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when an element has a type that tuples do not support, is a text with a lone
 * surrogate, an invalid Date, or nested too deep.
 */
export function encodeTupleInto(
  elements: readonly TupleElement[],
  target: Uint8Array,
  offset: number,
  depth: number,
): number {
  if (depth > TUPLE_DEPTH_MAX) throw invalidArgument(`tuple nests more than ${TUPLE_DEPTH_MAX} arrays`)
  let at = offset
  for (let i = 0; i < elements.length && at >= 0; i++) {
    at = encodeElement(elements[i] as TupleElement, target, at, depth)
  }
  return at
}

function encodeElement(element: TupleElement, target: Uint8Array, offset: number, depth: number): number {
  if (offset >= target.length) return -1
  switch (typeof element) {
    case 'string':
      return encodeText(element, target, offset)
    case 'number':
      return encodeDouble(TupleCode.Number, element, target, offset)
    case 'boolean':
      target[offset] = element ? TupleCode.True : TupleCode.False
      return offset + 1
    case 'bigint':
      return encodeOrderedBigint(element, target, offset)
    case 'object':
      return encodeObject(element, target, offset, depth)
    default:
      throw invalidArgument(`tuple contains ${kindOf(element)}, which cannot be part of a key`)
  }
}

function encodeObject(
  element: null | Date | Uint8Array | readonly TupleElement[],
  target: Uint8Array,
  offset: number,
  depth: number,
): number {
  if (element === null) {
    target[offset] = TupleCode.Null
    return offset + 1
  }
  if (Array.isArray(element)) {
    target[offset] = TupleCode.Array
    const at = encodeTupleInto(element as readonly TupleElement[], target, offset + 1, depth + 1)
    return encodeEnd(target, at)
  }
  if (isBytes(element)) return encodeEscaped(element, target, offset)
  return encodeDouble(TupleCode.Date, millisecondsOf(element as Date), target, offset)
}

// Date.prototype.getTime throws for everything but a Date, which may be of another realm.
function millisecondsOf(date: Date): number {
  let milliseconds: number
  try {
    milliseconds = Date.prototype.getTime.call(date)
  } catch {
    throw invalidArgument(`tuple contains ${kindOf(date)}, which cannot be part of a key`)
  }
  if (milliseconds !== milliseconds) throw invalidArgument('tuple contains an invalid Date')
  return milliseconds
}

function encodeDouble(code: number, value: number, target: Uint8Array, offset: number): number {
  if (target.length - offset <= ORDERED_DOUBLE_BYTES) return -1
  target[offset] = code
  encodeOrderedDouble(value, target, offset + 1)
  return offset + 1 + ORDERED_DOUBLE_BYTES
}

function encodeEscaped(bytes: Uint8Array, target: Uint8Array, offset: number): number {
  if (bytes.length > target.length - offset) return -1
  target[offset] = TupleCode.Bytes
  let at = offset + 1
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (byte <= TUPLE_ESCAPE) {
      target[at++] = TUPLE_ESCAPE
      target[at++] = byte + 1
    } else {
      target[at++] = byte
    }
  }
  return encodeEnd(target, at)
}

// Escapes in the same loop, because nearly all texts in keys are short. Writes beyond the end of the target have no effect; encodeEnd
// detects them.
function encodeText(text: string, target: Uint8Array, offset: number): number {
  const limit = target.length
  if (text.length > limit - offset) return -1
  target[offset] = TupleCode.String
  let at = offset + 1
  for (let i = 0; i < text.length && at < limit; i++) {
    const unit = text.charCodeAt(i)
    if (unit <= TUPLE_ESCAPE) {
      target[at++] = TUPLE_ESCAPE
      target[at++] = unit + 1
    } else if (unit < 0x80) {
      target[at++] = unit
    } else if (unit < 0x800) {
      target[at++] = 0xc0 | (unit >> 6)
      target[at++] = 0x80 | (unit & 0x3f)
    } else if (unit < 0xd800 || unit > 0xdfff) {
      target[at++] = 0xe0 | (unit >> 12)
      target[at++] = 0x80 | ((unit >> 6) & 0x3f)
      target[at++] = 0x80 | (unit & 0x3f)
    } else {
      const next = unit < 0xdc00 ? text.charCodeAt(i + 1) : 0
      if (!(next >= 0xdc00 && next <= 0xdfff)) throw loneSurrogate(i)
      const point = 0x1_0000 + ((unit - 0xd800) << 10) + (next - 0xdc00)
      target[at++] = 0xf0 | (point >> 18)
      target[at++] = 0x80 | ((point >> 12) & 0x3f)
      target[at++] = 0x80 | ((point >> 6) & 0x3f)
      target[at++] = 0x80 | (point & 0x3f)
      i++
    }
  }
  return encodeEnd(target, at)
}

function encodeEnd(target: Uint8Array, at: number): number {
  if (at < 0 || at >= target.length) return -1
  target[at] = TupleCode.End
  return at + 1
}
