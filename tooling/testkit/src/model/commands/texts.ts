import { tupleKeys, utf8Bytes } from '@ldb/base'
import type { TupleElement } from '@ldb/base'

/** How the texts of the commands become the keys of a keyspace. */
export interface KeyTexts {
  /** Name of the encoding. */
  readonly name: 'utf8' | 'binary' | 'tuple'
  /** Only the very text has a text as its prefix. */
  readonly prefixIsWhole: boolean
  toKey(text: string): unknown
  fromKey(key: unknown): string
  /** Length of the encoded key. */
  byteLength(text: string): number
  /** The encoded key as a text that sorts in the same way. */
  encoded(text: string): string
  encodedPrefix(text: string): string
}

/** How the texts of the commands become the values of a keyspace. */
export interface ValueTexts {
  readonly name: 'utf8' | 'binary' | 'json'
  toValue(text: string): unknown
  fromValue(value: unknown): string
}

/** Returns the bytes of a text of one character a byte. */
export function bytesOfText(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

/** Returns the text of bytes, one character a byte. */
export function textOfBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

const KEY_TEXTS: Readonly<Record<KeyTexts['name'], KeyTexts>> = {
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
    // An element takes its bytes, one more for each zero byte, and two around it; the encoding itself refuses giants.
    byteLength: (text) => utf8Bytes(text) + text.split('\0').length - 1 + 2,
    encoded: (text) => textOfBytes(tupleKeys.encode([text])),
    encodedPrefix: (text) => textOfBytes(tupleKeys.encodePrefix?.([text]) ?? new Uint8Array(0)),
  },
}

const VALUE_TEXTS: Readonly<Record<ValueTexts['name'], ValueTexts>> = {
  utf8: { name: 'utf8', toValue: (text) => text, fromValue: (value) => value as string },
  binary: { name: 'binary', toValue: bytesOfText, fromValue: (value) => textOfBytes(value as Uint8Array) },
  json: {
    name: 'json',
    toValue: (text) => ({ text }),
    fromValue: (value) => (value as { readonly text: string }).text,
  },
}

/** Returns how keys of an encoding are made; `undefined` for a name that no encoding has. */
export function keyTexts(name: string): KeyTexts | undefined {
  return Object.hasOwn(KEY_TEXTS, name) ? KEY_TEXTS[name as KeyTexts['name']] : undefined
}

/** Returns how values of an encoding are made; `undefined` for a name that no encoding has. */
export function valueTexts(name: string): ValueTexts | undefined {
  return Object.hasOwn(VALUE_TEXTS, name) ? VALUE_TEXTS[name as ValueTexts['name']] : undefined
}
