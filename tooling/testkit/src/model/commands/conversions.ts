import { tupleKeys, utf8Bytes } from '@ldb/base'
import type { TupleElement } from '@ldb/base'

/** Conversion between command strings and the keys of an encoding. */
export interface KeyConversion {
  /** Name of the encoding. */
  readonly name: 'utf8' | 'binary' | 'tuple'
  /** True when a prefix matches only the key that equals it. */
  readonly prefixIsWhole: boolean
  toKey(text: string): unknown
  fromKey(key: unknown): string
  /** Returns the length of the encoded key in bytes. */
  byteLength(text: string): number
  /** Returns the encoded key as a string with the same order. */
  encoded(text: string): string
  encodedPrefix(text: string): string
}

/** Conversion between command strings and the values of an encoding. */
export interface ValueConversion {
  readonly name: 'utf8' | 'binary' | 'json'
  toValue(text: string): unknown
  fromValue(value: unknown): string
}

/** Returns the bytes of a string with one character per byte. */
export function bytesOfText(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

/** Returns bytes as a string with one character per byte. */
export function textOfBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

const KEY_CONVERSIONS: Readonly<Record<KeyConversion['name'], KeyConversion>> = {
  utf8: {
    name: 'utf8',
    prefixIsWhole: false,
    toKey: (text) => text,
    fromKey: (key) => key as string,
    byteLength: (text) => utf8Bytes(text),
    encoded: (text) => text,
    encodedPrefix: (text) => text,
  },
  binary: {
    name: 'binary',
    prefixIsWhole: false,
    toKey: bytesOfText,
    fromKey: (key) => textOfBytes(key as Uint8Array),
    byteLength: (text) => text.length,
    encoded: (text) => text,
    encodedPrefix: (text) => text,
  },
  tuple: {
    name: 'tuple',
    prefixIsWhole: true,
    toKey: (text): TupleElement[] => [text],
    fromKey: (key) => (key as readonly TupleElement[])[0] as string,
    // A string element has one byte per byte, one more for each zero byte, and two delimiters. The encoding itself
    // rejects keys that are too long.
    byteLength: (text) => utf8Bytes(text) + text.split('\0').length - 1 + 2,
    encoded: (text) => textOfBytes(tupleKeys.encode([text])),
    encodedPrefix: (text) => textOfBytes(tupleKeys.encodePrefix?.([text]) ?? new Uint8Array(0)),
  },
}

const VALUE_CONVERSIONS: Readonly<Record<ValueConversion['name'], ValueConversion>> = {
  utf8: { name: 'utf8', toValue: (text) => text, fromValue: (value) => value as string },
  binary: { name: 'binary', toValue: bytesOfText, fromValue: (value) => textOfBytes(value as Uint8Array) },
  json: {
    name: 'json',
    toValue: (text) => ({ text }),
    fromValue: (value) => (value as { readonly text: string }).text,
  },
}

/** Returns the conversion of a key encoding, or `undefined` for an unknown name. */
export function keyConversion(name: string): KeyConversion | undefined {
  return Object.hasOwn(KEY_CONVERSIONS, name) ? KEY_CONVERSIONS[name as KeyConversion['name']] : undefined
}

/** Returns the conversion of a value encoding, or `undefined` for an unknown name. */
export function valueConversion(name: string): ValueConversion | undefined {
  return Object.hasOwn(VALUE_CONVERSIONS, name)
    ? VALUE_CONVERSIONS[name as ValueConversion['name']]
    : undefined
}
