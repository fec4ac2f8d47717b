import { copyBytes, invalidArgument, utf8Bytes, utf8Values } from '@ldb/base'
import type { KeyEncoding, ValueEncoding } from '@ldb/base'
import { checkKeyBytes, checkValueBytes } from '../calls/portable-limits.js'
import type { DriverLimits } from '../driver/driver.js'
import { StoredEncoder } from '../values/stored-encoder.js'

/** Encodes, checks and decodes the keys and values of one keyspace. */
export class KeyspaceCodec<K, V> {
  readonly keys: KeyEncoding<K>
  readonly values: ValueEncoding<V>
  readonly #limits: DriverLimits
  readonly #encoder: StoredEncoder = new StoredEncoder()
  /** Texts are encoded without an array between. */
  readonly #isText: boolean

  constructor(keys: KeyEncoding<K>, values: ValueEncoding<V>, limits: DriverLimits) {
    this.keys = keys
    this.values = values
    this.#limits = limits
    this.#isText = (values as unknown) === utf8Values
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
    checkValueBytes(this.#limits, bytes.length)
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

  /** Encodes a value with its header, in bytes that nothing changes. @param expiresAt - milliseconds since 1970; Infinity for never. */
  encodeStored(value: V, expiresAt: number): Uint8Array {
    if (this.#isText && typeof value === 'string') {
      const byteCount = utf8Bytes(value)
      checkValueBytes(this.#limits, byteCount)
      return this.#encoder.encodeText(value, byteCount, expiresAt)
    }
    return this.#encoder.encode(this.encodeValue(value), expiresAt)
  }
}

function present<T>(what: string, value: T): T {
  if (value !== undefined && value !== null) return value
  throw invalidArgument(`${what} must not be ${value === null ? 'null' : 'undefined'}`)
}
