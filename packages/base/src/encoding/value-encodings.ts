import { decodeUtf8, encodeUtf8 } from '#utf8'
import { kindOf, toPlainBytes } from '../bytes/bytes.js'
import { checkedValueEncoding } from './checked-encoding.js'
import { invalidArgument, LdbError } from '../ldb-error.js'
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
 * Encodes values as JSON in UTF-8. Values that `JSON.stringify` cannot write (undefined, a function, a symbol, a bigint, a cycle)
 * fail with LDB_INVALID_ARGUMENT.
 *
 * @category Encodings
 */
export const jsonValues: ValueEncoding<unknown> = Object.freeze({
  name: 'json',
  encode: encodeJson,
  decode: decodeJson,
  decodesBorrowed: true,
})

const BUILT_IN: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  [utf8Values.name, utf8Values],
  [binaryValues.name, binaryValues],
  [jsonValues.name, jsonValues],
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
    if (builtIn === undefined) throw invalidArgument(`no value encoding is named ${JSON.stringify(option)}`)
    return builtIn as ValueEncoding<V>
  }
  for (const builtIn of BUILT_IN.values()) {
    if (builtIn === option) return option
  }
  return checkedValueEncoding(option, BUILT_IN)
}

function encodeJson(value: unknown): Uint8Array {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw new LdbError('LDB_INVALID_ARGUMENT', 'value cannot be written as JSON', { cause: error })
  }
  if (text === undefined) throw invalidArgument(`value cannot be written as JSON: it is ${kindOf(value)}`)
  return encodeUtf8(text)
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
