import { assert } from '../assert.js'
import { invalidArgument, LdbError } from '../ldb-error.js'

// Code units passed to one call of String.fromCharCode: engines limit the number of arguments.
const CHUNK_UNITS = 4096

/**
 * Returns the length of a text in UTF-8, in bytes.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the text contains a lone surrogate, which UTF-8 cannot express.
 */
export function utf8Bytes(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    if (unit < 0x800) count += 1
    else if (unit < 0xd800 || unit > 0xdfff) count += 2
    else {
      // A surrogate pair: four bytes for two code units.
      if (!isPairAt(text, i, unit)) throw loneSurrogate(i)
      count += 2
      i++
    }
  }
  return count
}

/**
 * Encodes a text as UTF-8 into a new array.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the text contains a lone surrogate.
 */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Bytes(text))
  encodeUtf8Into(text, bytes, 0)
  return bytes
}

/**
 * Encodes a text as UTF-8 into `target` at `offset`.
 *
 * @returns the offset of its end; −1 when it does not fit, and the bytes from `offset` are then undefined.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the text contains a lone surrogate and fits up to it.
 */
export function encodeUtf8Into(text: string, target: Uint8Array, offset: number): number {
  const units = text.length
  const limit = target.length
  let at = offset
  for (let i = 0; i < units; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) {
      if (at >= limit) return -1
      target[at++] = unit
    } else if (unit < 0x800) {
      if (at > limit - 2) return -1
      target[at++] = 0xc0 | (unit >> 6)
      target[at++] = 0x80 | (unit & 0x3f)
    } else if (unit < 0xd800 || unit > 0xdfff) {
      if (at > limit - 3) return -1
      target[at++] = 0xe0 | (unit >> 12)
      target[at++] = 0x80 | ((unit >> 6) & 0x3f)
      target[at++] = 0x80 | (unit & 0x3f)
    } else {
      if (at > limit - 4) return -1
      if (!isPairAt(text, i, unit)) throw loneSurrogate(i)
      const point = 0x1_0000 + ((unit - 0xd800) << 10) + (text.charCodeAt(++i) - 0xdc00)
      target[at++] = 0xf0 | (point >> 18)
      target[at++] = 0x80 | ((point >> 12) & 0x3f)
      target[at++] = 0x80 | ((point >> 6) & 0x3f)
      target[at++] = 0x80 | (point & 0x3f)
    }
  }
  return at
}

/**
 * Decodes `bytes[start, end)` as strict UTF-8: overlong forms, surrogates and code points above U+10FFFF are refused. A byte order
 * mark is decoded as a character.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the bytes are not UTF-8, because another encoding wrote them. LDB_TOO_LARGE when
 * the text exceeds the greatest length of a string.
 */
export function decodeUtf8(bytes: Uint8Array, start: number = 0, end: number = bytes.length): string {
  assert(start >= 0 && start <= end && end <= bytes.length, 'range of a text lies outside its bytes')
  const units: number[] = []
  let text = ''
  let at = start
  try {
    while (at < end) {
      const point = decodePoint(bytes, at, end)
      if (point < 0) throw notUtf8(at - start)
      if (point < 0x1_0000) units.push(point)
      else units.push(0xd7c0 + (point >> 10), 0xdc00 | (point & 0x3ff))
      at += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4
      if (units.length >= CHUNK_UNITS) {
        text += String.fromCharCode.apply(undefined, units)
        units.length = 0
      }
    }
    return text + String.fromCharCode.apply(undefined, units)
  } catch (error) {
    throw error instanceof RangeError ? textTooLong(end - start, error) : error
  }
}

/** Creates the error for a text with a lone surrogate. */
export function loneSurrogate(unitIndex: number): LdbError {
  return invalidArgument(`text contains a lone surrogate at index ${unitIndex}, which UTF-8 cannot express`, {
    offset: unitIndex,
  })
}

/** Creates the error for bytes that are not UTF-8; `offset` is that of the first invalid character. */
export function notUtf8(offset: number): LdbError {
  return invalidArgument(`bytes are not UTF-8 at offset ${offset}: another encoding wrote them`, {
    offset,
  })
}

/** Creates the error for a text that exceeds the greatest length of a string on this platform. */
export function textTooLong(bytes: number, cause: unknown): LdbError {
  return new LdbError('LDB_TOO_LARGE', `text of ${bytes} bytes exceeds the greatest length of a string`, {
    cause,
  })
}

function isPairAt(text: string, index: number, unit: number): boolean {
  if (unit > 0xdbff) return false
  const next = text.charCodeAt(index + 1)
  return next >= 0xdc00 && next <= 0xdfff
}

// Returns the code point at an offset, or −1 when it is invalid.
function decodePoint(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!
  if (first < 0x80) return first
  if (first < 0xc2 || first > 0xf4) return -1
  const more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3
  if (more > end - at - 1) return -1
  let point = first & (0x3f >> more)
  for (let i = 1; i <= more; i++) {
    const byte = bytes[at + i]!
    if ((byte & 0xc0) !== 0x80) return -1
    point = (point << 6) | (byte & 0x3f)
  }
  if (more === 2 && (point < 0x800 || (point >= 0xd800 && point <= 0xdfff))) return -1
  if (more === 3 && (point < 0x1_0000 || point > 0x10_ffff)) return -1
  return point
}
