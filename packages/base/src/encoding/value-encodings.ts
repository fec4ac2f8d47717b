import { decodeUtf8, encodeUtf8 } from '#utf8'
import { kindOf, toPlainBytes } from '../bytes/bytes.js'
import { checkedValueEncoding, unknownEncoding } from './checked-encoding.js'
import { invalidArgument, isLdbError, LdbError } from '../ldb-error.js'
import { decodeStructured } from '../structured/structured-decoder.js'
import { encodeStructured } from '../structured/structured-encoder.js'
import { checkJson } from './json-check.js'
import type { ValueEncoding, ValueEncodingOption } from './value-encoding.js'

/** Encodes strings as UTF-8. @category Encodings */
export const utf8Values: ValueEncoding<string> = Object.freeze({
  name: 'utf8',
  encode: (value: string): Uint8Array => {
    if (typeof value !== 'string') throw invalidArgument(`value must be a string, not ${kindOf(value)}`)
    return encodeUtf8(value)
  },
  decode: (bytes: Uint8Array): string => decodeUtf8(bytes),
  decodesBorrowed: true,
})

/**
 * Keeps bytes unchanged. `encode` returns the value or a view of it, and `decode` returns its argument.
 *
 * @category Encodings
 */
export const binaryValues: ValueEncoding<Uint8Array> = Object.freeze({
  name: 'binary',
  encode: (value: Uint8Array): Uint8Array => toPlainBytes(value, 'value'),
  decode: (bytes: Uint8Array): Uint8Array => bytes,
  decodesBorrowed: false,
})

/**
 * Encodes values as JSON in UTF-8. Values that JSON does not return (a Map, a Date, NaN, a bigint, an instance of a class, undefined in an
 * array, a cycle) fail with LDB_INVALID_ARGUMENT, which names the part: `value.users[3].born`. Members that are undefined are left out.
 *
 * @category Encodings
 */
export const jsonValues: ValueEncoding<unknown> = Object.freeze({
  name: 'json',
  encode: encodeJson,
  decode: decodeJson,
  decodesBorrowed: true,
})

/**
 * Encodes null, undefined, booleans, numbers, bigints, strings, Dates, arrays, plain objects, Maps, Sets, ArrayBuffers, DataViews and typed
 * arrays, nested in any way, and returns them as they are. Anything else fails with LDB_INVALID_ARGUMENT, which names the part, and so do
 * cycles. An object that occurs twice is returned as two. FORMAT.md defines the bytes, which are the same on all platforms.
 *
 * @category Encodings
 */
export const structuredValues: ValueEncoding<unknown> = Object.freeze({
  name: 'structured',
  encode: (value: unknown): Uint8Array => withoutOtherErrors(() => encodeStructured(value), 'structured'),
  decode: decodeStructured,
  decodesBorrowed: true,
})

const BUILT_IN: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  [utf8Values.name, utf8Values],
  [binaryValues.name, binaryValues],
  [jsonValues.name, jsonValues],
  [structuredValues.name, structuredValues],
])

/**
 * Returns the value encoding of an option: a built-in encoding by name, or a checked wrapper of a custom encoding. The wrapper throws
 * LDB_INVALID_ARGUMENT, with the `cause`, when the custom encoding throws or returns something other than bytes.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when no built-in encoding has the name, the object is not an encoding, or its name is
 * that of a built-in encoding.
 * @category Encodings
 */
export function valueEncoding(option: 'utf8'): ValueEncoding<string>
export function valueEncoding(option: 'binary'): ValueEncoding<Uint8Array>
export function valueEncoding<V>(option: ValueEncodingOption<V>): ValueEncoding<V>
export function valueEncoding<V>(option: ValueEncodingOption<V>): ValueEncoding<V> {
  if (typeof option === 'string') {
    const builtIn = BUILT_IN.get(option)
    if (builtIn === undefined) throw unknownEncoding('value', option, BUILT_IN)
    return builtIn as ValueEncoding<V>
  }
  for (const builtIn of BUILT_IN.values()) {
    if (builtIn === option) return option
  }
  return checkedValueEncoding(option, BUILT_IN)
}

function encodeJson(value: unknown): Uint8Array {
  return withoutOtherErrors(() => {
    checkJson(value)
    return encodeUtf8(JSON.stringify(value))
  }, 'JSON')
}

/** Converts errors of getters and proxies in a value, and of values that nest too deep. */
function withoutOtherErrors(encode: () => Uint8Array, encoding: string): Uint8Array {
  try {
    return encode()
  } catch (error) {
    if (isLdbError(error)) throw error
    throw new LdbError('LDB_INVALID_ARGUMENT', `value cannot be written as ${encoding}`, { cause: error })
  }
}

function decodeJson(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes)
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new LdbError('LDB_INVALID_ARGUMENT', 'value is not JSON: another encoding wrote it', {
      cause: error,
    })
  }
}
