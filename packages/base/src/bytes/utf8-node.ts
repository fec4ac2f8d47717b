import { assert } from '../assert.js'
import {
  decodeUtf8 as decodePortably,
  encodeUtf8 as encodePortably,
  encodeUtf8Into as encodeIntoPortably,
  textTooLong,
  utf8Bytes as countPortably,
} from './utf8.js'

// The counterpart of utf8.ts for Node, with the same results and errors. Native code is faster from about twenty characters. Invalid
// input is passed to the portable version, which reports its position.

declare const Buffer: {
  readonly prototype: object
  byteLength(text: string): number
}
declare class TextEncoder {
  encode(text: string): Uint8Array
  encodeInto(text: string, target: Uint8Array): { read: number; written: number }
}
declare class TextDecoder {
  constructor(label: string, options: { fatal: boolean; ignoreBOM: boolean })
  decode(bytes: Uint8Array): string
}

const LOOP_UNITS_MAX = 20
const REPLACEMENT = '\ufffd'

const encoder = new TextEncoder()
const replacingDecoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

// Decodes a range without creating a view. Every Buffer of Node has this method; other runtimes may not.
const utf8Slice = (
  Buffer.prototype as { utf8Slice?: (this: Uint8Array, start: number, end: number) => string }
).utf8Slice

/** Returns the length of a text in UTF-8, in bytes; see utf8.ts. */
export function utf8Bytes(text: string): number {
  return text.length <= LOOP_UNITS_MAX || !text.isWellFormed() ? countPortably(text) : Buffer.byteLength(text)
}

/** Encodes a text as UTF-8 into a new array; see utf8.ts. */
export function encodeUtf8(text: string): Uint8Array {
  return text.length <= LOOP_UNITS_MAX || !text.isWellFormed() ? encodePortably(text) : encoder.encode(text)
}

/** Encodes a text as UTF-8 into `target` at `offset`; see utf8.ts. */
export function encodeUtf8Into(text: string, target: Uint8Array, offset: number): number {
  if (text.length <= LOOP_UNITS_MAX || !text.isWellFormed()) return encodeIntoPortably(text, target, offset)
  if (text.length > target.length - offset) return -1
  const { read, written } = encoder.encodeInto(text, offset === 0 ? target : target.subarray(offset))
  return read === text.length ? offset + written : -1
}

/** Decodes a range of bytes as UTF-8; see utf8.ts. */
export function decodeUtf8(bytes: Uint8Array, start: number = 0, end: number = bytes.length): string {
  assert(start >= 0 && start <= end && end <= bytes.length, 'range of a text lies outside its bytes')
  const text = decodeWithReplacement(bytes, start, end)
  // A replacement character is part of the text, or replaces invalid bytes; the strict decoder distinguishes the two.
  return text.includes(REPLACEMENT) ? decodePortably(bytes, start, end) : text
}

function decodeWithReplacement(bytes: Uint8Array, start: number, end: number): string {
  try {
    return utf8Slice === undefined
      ? replacingDecoder.decode(bytes.subarray(start, end))
      : utf8Slice.call(bytes, start, end)
  } catch (error) {
    throw textTooLong(end - start, error)
  }
}
