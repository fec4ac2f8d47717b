import { decodeUtf8, encodeUtf8, encodeUtf8Into } from '#utf8'
import { copyBytesInto, kindOf, toPlainBytes } from '../bytes/bytes.js'
import { checkedKeyEncoding, unknownEncoding } from './checked-encoding.js'
import type { KeyEncoding, KeyEncodingOption } from './key-encoding.js'
import { invalidArgument } from '../ldb-error.js'
import type { TupleElement } from './tuple-encoder.js'
import { tuple } from './tuple-encoding.js'

/** Longer keys of a subclass are copied by `set`, which has a fixed cost. */
const LOOP_BYTES_MAX = 64

/**
 * Encodes strings as UTF-8, which orders them by code point.
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
 * Keeps bytes unchanged. `encode` returns the key or a view of it, and `decode` returns its argument.
 *
 * @category Encodings
 */
export const binaryKeys: KeyEncoding<Uint8Array> = Object.freeze({
  name: 'binary',
  encode: (key: Uint8Array): Uint8Array => toPlainBytes(key, 'key'),
  decode: (bytes: Uint8Array): Uint8Array => bytes,
  encodeInto: (key: Uint8Array, target: Uint8Array): number => {
    if (isOfSubclass(key)) return copySubclass(key, target)
    const bytes = toPlainBytes(key, 'key')
    if (bytes.length > target.length) return -1
    copyBytesInto(target, 0, bytes, 0, bytes.length)
    return bytes.length
  },
  encodePrefix: (prefix: Uint8Array): Uint8Array => toPlainBytes(prefix, 'prefix'),
  decodesBorrowed: false,
})

/**
 * Encodes tuples: arrays of null, boolean, number, bigint, string, Date, Uint8Array and nested arrays. They are ordered element by
 * element: by type, in the order of this list, and then by value. A tuple that is a prefix of another is less. Different tuples have
 * different bytes.
 *
 * @remarks Numbers are ordered −Infinity … −0, 0 … Infinity, NaN: as in `Object.is`, −0 and 0 are different keys, and all NaN are one
 * key. 1 and 1n are different keys. A prefix is a number of whole elements: `['US']` is a prefix of `['US', 5]` and not of `['USA']`.
 * FORMAT.md defines the bytes.
 * @category Encodings
 */
export const tupleKeys: KeyEncoding<readonly TupleElement[]> = tuple

const BUILT_IN: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  [utf8Keys.name, utf8Keys],
  [binaryKeys.name, binaryKeys],
  [tupleKeys.name, tupleKeys],
])

/**
 * Returns the key encoding of an option: a built-in encoding by name, or a checked wrapper of a custom encoding. The wrapper throws
 * LDB_INVALID_ARGUMENT, with the `cause`, when the custom encoding throws or returns something other than bytes.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when no built-in encoding has the name, the object is not an encoding, or its name is
 * that of a built-in encoding.
 * @category Encodings
 */
export function keyEncoding(option: 'utf8'): KeyEncoding<string>
export function keyEncoding(option: 'binary'): KeyEncoding<Uint8Array>
export function keyEncoding(option: 'tuple'): KeyEncoding<readonly TupleElement[]>
export function keyEncoding<K>(option: KeyEncodingOption<K>): KeyEncoding<K>
export function keyEncoding<K>(option: KeyEncodingOption<K>): KeyEncoding<K> {
  if (typeof option === 'string') {
    const builtIn = BUILT_IN.get(option)
    if (builtIn === undefined) throw unknownEncoding('key', option, BUILT_IN)
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

/** Reports whether a key is an instance of a subclass of this realm's `Uint8Array`, such as `Buffer`, that is not empty. */
function isOfSubclass(key: unknown): key is Uint8Array {
  return (
    ArrayBuffer.isView(key) &&
    key.constructor !== Uint8Array &&
    key instanceof Uint8Array &&
    // The bytes of a transferred buffer are empty.
    key.length > 0
  )
}

/**
 * Copies a key of a subclass, and returns its length, or -1 when it does not fit. A plain view of it would cost a quarter of a
 * lookup. The loop is not shared with plain keys, so that their copy sees one object shape only.
 */
function copySubclass(key: Uint8Array, target: Uint8Array): number {
  const { length } = key
  if (length > target.length) return -1
  if (length > LOOP_BYTES_MAX) target.set(key)
  else for (let i = 0; i < length; i++) target[i] = key[i] as number
  return length
}
