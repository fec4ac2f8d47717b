import { copyBytes, invalidArgument } from '@ldb/base'
import type { KeyEncoding, ValueEncoding } from '@ldb/base'
import { checkKeyBytes, checkValueBytes } from '../calls/portable-limits.js'
import type { DriverLimits } from '../driver/driver.js'
import { encodeStored } from '../values/stored-value.js'

/** Encodes, checks and decodes the keys and values of one keyspace. */
export class KeyspaceCodec<K, V> {
  readonly keys: KeyEncoding<K>
  readonly values: ValueEncoding<V>
  readonly #limits: DriverLimits

  constructor(keys: KeyEncoding<K>, values: ValueEncoding<V>, limits: DriverLimits) {
    this.keys = keys
    this.values = values
    this.#limits = limits
  }

  /** Encodes a key into a new array. @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_TOO_LARGE. */
  encodeKey(key: K): Uint8Array {
    const bytes = copyBytes(this.keys.encode(present('key', key)))
    checkKeyBytes(this.#limits, bytes)
    return bytes
  }

  /** Encodes a value. The caller copies it at once. @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_TOO_LARGE. */
  encodeValue(value: V): Uint8Array {
    const bytes = this.values.encode(present('value', value))
    checkValueBytes(this.#limits, bytes)
    return bytes
  }

  /** Decodes a key, which does not refer to the bytes afterwards: they may be a part of a page. */
  decodeKey(bytes: Uint8Array): K {
    return this.keys.decode(this.keys.decodesBorrowed === true ? bytes : copyBytes(bytes))
  }

  /** Decodes a value, which does not refer to the bytes afterwards. */
  decodeValue(bytes: Uint8Array): V {
    return this.values.decode(this.values.decodesBorrowed === true ? bytes : copyBytes(bytes))
  }

  /** Encodes a value with its header into a new array. @param expiresAt - milliseconds since 1970; Infinity for never. */
  encodeStored(value: V, expiresAt: number): Uint8Array {
    return encodeStored(this.encodeValue(value), expiresAt)
  }
}

function present<T>(what: string, value: T): T {
  if (value !== undefined && value !== null) return value
  throw invalidArgument(`${what} must not be ${value === null ? 'null' : 'undefined'}`)
}
