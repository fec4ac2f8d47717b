import { decodeUtf8, encodeUtf8, encodeUtf8Into } from '#utf8'
import { copyBytesInto, kindOf, toPlainBytes } from '../bytes/bytes.js'
import { checkedKeyEncoding } from './checked-encoding.js'
import type { KeyEncoding, KeyEncodingOption } from './key-encoding.js'
import { invalidArgument } from '../ldb-error.js'
import type { TupleElement } from './tuple-encoder.js'
import { tuple } from './tuple-encoding.js'

/**
 * Strings, in the order of their code points; the bytes are the plain string.
 *
 * @category Encodings
 */
export const utf8Keys: KeyEncoding<string> = Object.freeze({
  name: 'utf8',
  encode: (key: string): Uint8Array => encodeUtf8(toText(key)),
  decode: (bytes: Uint8Array): string => decodeUtf8(bytes),
  encodeInto: (key: string, target: Uint8Array): number => encodeUtf8Into(toText(key), target, 0),
  encodePrefix: (prefix: string): Uint8Array => encodeUtf8(toText(prefix)),
  decodesBorrowed: true,
})

/**
 * Bytes as they are. What `encode` gives shares memory with the key, and what `decode` gives is its argument.
 *
 * @category Encodings
 */
export const binaryKeys: KeyEncoding<Uint8Array> = Object.freeze({
  name: 'binary',
  encode: (key: Uint8Array): Uint8Array => toPlainBytes(key, 'key'),
  decode: (bytes: Uint8Array): Uint8Array => bytes,
  encodeInto: (key: Uint8Array, target: Uint8Array): number => {
    const bytes = toPlainBytes(key, 'key')
    if (bytes.length > target.length) return -1
    copyBytesInto(target, 0, bytes, 0, bytes.length)
    return bytes.length
  },
  encodePrefix: (prefix: Uint8Array): Uint8Array => toPlainBytes(prefix, 'prefix'),
  decodesBorrowed: false,
})

/**
 * Arrays of null, boolean, number, bigint, string, Date, Uint8Array and nested arrays, ordered element by element:
 * by type, in the order of this list, and then by value; where one array is the beginning of another, the shorter comes
 * first. Two tuples have the same bytes only if they are the same.
 *
 * @remarks Numbers are in the order −Infinity … −0, 0 … Infinity, NaN: −0 and 0 are two keys, as `Object.is` has it, and
 * all NaN are one. 1 and 1n are two keys. A prefix is a tuple whose elements come first: `['US']` has `['US', 5]` and not
 * `['USA']`. FORMAT.md draws the bytes.
 * @category Encodings
 */
export const tupleKeys: KeyEncoding<readonly TupleElement[]> = tuple

const BUILT_IN: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  [utf8Keys.name, utf8Keys],
  [binaryKeys.name, binaryKeys],
  [tupleKeys.name, tupleKeys],
])

/**
 * Returns the key encoding for an option: a built-in one by its name, or one's own with every call checked: what it throws
 * becomes LDB_INVALID_ARGUMENT with the `cause`, and so does a result that is not bytes.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when there is no such name, the object is no encoding, or its name is that
 * of a built-in one.
 * @category Encodings
 */
export function keyEncoding(option: 'utf8'): KeyEncoding<string>
export function keyEncoding(option: 'binary'): KeyEncoding<Uint8Array>
export function keyEncoding(option: 'tuple'): KeyEncoding<readonly TupleElement[]>
export function keyEncoding<K>(option: KeyEncodingOption<K>): KeyEncoding<K>
export function keyEncoding<K>(option: KeyEncodingOption<K>): KeyEncoding<K> {
  if (typeof option === 'string') {
    const builtIn = BUILT_IN.get(option)
    if (builtIn === undefined)
      throw invalidArgument(`there is no key encoding named ${JSON.stringify(option)}`)
    return builtIn as KeyEncoding<K>
  }
  for (const builtIn of BUILT_IN.values()) {
    if (builtIn === option) return option
  }
  return checkedKeyEncoding(option, BUILT_IN)
}

function toText(key: unknown): string {
  if (typeof key !== 'string') throw invalidArgument(`key must be a string, not ${kindOf(key)}`)
  return key
}
