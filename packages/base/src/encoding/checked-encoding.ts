import { utf8Bytes } from '#utf8'
import { kindOf, toPlainBytes } from '../bytes/bytes.js'
import { PREVENTS_TRANSFER } from '../bytes/shared-bytes.js'
import type { KeyEncoding } from './key-encoding.js'
import { invalidArgument, isLdbError, LdbError } from '../ldb-error.js'
import { optionalMember } from '../own-options.js'
import { refusePromise } from '../promise-like.js'
import type { ValueEncoding } from './value-encoding.js'

const NAME_UNITS_MAX = 255

/** Returns the error for the name of an encoding that is not built in. */
export function unknownEncoding(what: string, name: string, builtIn: ReadonlyMap<string, unknown>): LdbError {
  const known = [...builtIn.keys()].map((each) => `'${each}'`).join(', ')
  return invalidArgument(
    `no ${what} encoding is named ${JSON.stringify(name)}: there are ${known}, and encodings of your own`,
  )
}

/** Wraps a custom key encoding, so that it throws only `LdbError` and returns only plain `Uint8Array`. */
export function checkedKeyEncoding<K>(
  encoding: KeyEncoding<K>,
  reserved: ReadonlyMap<string, unknown>,
): KeyEncoding<K> {
  const name = checkShape(encoding, 'key', reserved)
  const encodeInto = optionalMember(encoding, 'encodeInto')
  const encodePrefix = optionalMember(encoding, 'encodePrefix')
  // Absent methods are own properties, too: `Object.prototype` must not supply them.
  const checked: CheckedKeyEncoding<K> = {
    name,
    decodesBorrowed: PREVENTS_TRANSFER && optionalMember(encoding, 'decodesBorrowed') === true,
    encode: (key) =>
      convertErrors(name, 'encode', () => encodedBytes(encoding.encode(key), 'an encoded key')),
    decode: (bytes) => convertErrors(name, 'decode', () => encoding.decode(bytes)),
    encodeInto: undefined,
    encodePrefix: undefined,
  }
  // User code gets memory of the database only where it cannot transfer it.
  if (PREVENTS_TRANSFER && typeof encodeInto === 'function') {
    checked.encodeInto = (key, target) =>
      convertErrors(name, 'encodeInto', () => checkCount(encodeInto.call(encoding, key, target), target))
  }
  if (typeof encodePrefix === 'function') {
    checked.encodePrefix = (prefix) =>
      convertErrors(name, 'encodePrefix', () =>
        encodedBytes(encodePrefix.call(encoding, prefix), 'an encoded prefix'),
      )
  }
  return Object.freeze(checked) as KeyEncoding<K>
}

/** A key encoding under construction, with every field. */
type CheckedKeyEncoding<K> = {
  -readonly [Field in keyof KeyEncoding<K>]-?: KeyEncoding<K>[Field] | undefined
}

/** Wraps a custom value encoding, so that it throws only `LdbError` and returns only plain `Uint8Array`. */
export function checkedValueEncoding<V>(
  encoding: ValueEncoding<V>,
  reserved: ReadonlyMap<string, unknown>,
): ValueEncoding<V> {
  const name = checkShape(encoding, 'value', reserved)
  return Object.freeze({
    name,
    decodesBorrowed: PREVENTS_TRANSFER && optionalMember(encoding, 'decodesBorrowed') === true,
    encode: (value: V): Uint8Array =>
      convertErrors(name, 'encode', () => encodedBytes(encoding.encode(value), 'an encoded value')),
    decode: (bytes: Uint8Array): V => convertErrors(name, 'decode', () => encoding.decode(bytes)),
  })
}

function checkShape<T>(
  encoding: KeyEncoding<T> | ValueEncoding<T> | undefined,
  what: string,
  reserved: ReadonlyMap<string, unknown>,
): string {
  if (typeof encoding !== 'object' || encoding === null) {
    throw invalidArgument(`${what} encoding must be a name or an object, not ${kindOf(encoding)}`)
  }
  const name = optionalMember(encoding, 'name')
  if (typeof name !== 'string' || name.length === 0 || name.length > NAME_UNITS_MAX) {
    throw invalidArgument(`${what} encoding needs a name of 1 to ${NAME_UNITS_MAX} characters`)
  }
  // The catalog stores the name as UTF-8; a lone surrogate is refused here.
  utf8Bytes(name)
  if (reserved.has(name)) {
    throw invalidArgument(`${what} encoding must not have the name ${name} of a built-in encoding`)
  }
  const methods = [optionalMember(encoding, 'encode'), optionalMember(encoding, 'decode')]
  if (methods.some((method) => typeof method !== 'function')) {
    throw invalidArgument(`${what} encoding ${name} needs encode and decode`)
  }
  return name
}

function encodedBytes(result: unknown, what: string): Uint8Array {
  // The check for a promise is left to results that are refused in any case.
  if (!ArrayBuffer.isView(result)) refusePromise(result, `the function that returns ${what}`)
  return toPlainBytes(result, what)
}

function checkCount(count: unknown, target: Uint8Array): number {
  if (typeof count === 'number' && Number.isInteger(count) && count >= -1 && count <= target.length)
    return count
  throw invalidArgument('encodeInto must return the number of bytes written, or -1')
}

function convertErrors<T>(name: string, operation: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    if (isLdbError(error)) throw error
    throw new LdbError('LDB_INVALID_ARGUMENT', `encoding ${name} failed to ${operation}`, { cause: error })
  }
}
