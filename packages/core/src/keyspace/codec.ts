import {
  binaryValues,
  copyBytes,
  invalidArgument,
  jsonValues,
  KEY_BYTES_MAX,
  LdbError,
  PREVENTS_TRANSFER,
  sharedBytes,
  tupleKeys,
  utf8Keys,
  utf8Values,
  VALUE_BYTES_MAX,
} from '@ldb/base'
import type { KeyEncoding, StoreCursor, ValueEncoding } from '@ldb/base'

const SCRATCH_BYTES = 512

/**
 * Encodes, checks and decodes the keys and values of one keyspace.
 *
 * The key of a lookup is encoded into `scratch`, which the next lookup overwrites. Between the encoding and the use of the key, no user
 * code may run: encode the value first.
 */
export class KeyspaceCodec<K, V> {
  readonly keys: KeyEncoding<K>
  readonly values: ValueEncoding<V>
  /**
   * Values may be decoded from the page that holds them. True only for built-in encodings, which call no user code that could evict
   * or change the page.
   */
  readonly decodesInPlace: boolean
  /** Views of memory of the database may be passed to the decoding of values, when the caller requests to borrow them. */
  readonly borrowsValues: boolean
  readonly #decodesKeysInPlace: boolean
  /** The key that was encoded last. */
  scratch: Uint8Array = sharedBytes(SCRATCH_BYTES)

  constructor(keys: KeyEncoding<K>, values: ValueEncoding<V>) {
    this.keys = keys
    this.values = values
    this.decodesInPlace = isOneOf(values, [utf8Values, jsonValues])
    this.borrowsValues =
      PREVENTS_TRANSFER && (isOneOf(values, [binaryValues]) || values.decodesBorrowed === true)
    this.#decodesKeysInPlace = isOneOf(keys, [utf8Keys, tupleKeys])
  }

  /**
   * Encodes a key into `scratch`, and returns its length.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_TOO_LARGE.
   */
  encodeScratchKey(key: K): number {
    if (key === undefined || key === null) throw missing('key', key)
    const encoding = this.keys
    if (encoding.encodeInto !== undefined) {
      const keyBytes = encoding.encodeInto(key, this.scratch)
      if (keyBytes >= 0) return keyBytes
    }
    const bytes = checkKey(encoding.encode(key))
    if (bytes.length > this.scratch.length) {
      this.scratch = sharedBytes(Math.min(KEY_BYTES_MAX, Math.max(bytes.length, this.scratch.length * 2)))
    }
    this.scratch.set(bytes)
    return bytes.length
  }

  /** Encodes a key. A user encoding may retain the bytes, so the caller must copy them at once. */
  encodeKey(key: K): Uint8Array {
    if (key === undefined || key === null) throw missing('key', key)
    return checkKey(this.keys.encode(key))
  }

  /** Encodes a value. A user encoding may retain the bytes, so the caller must copy them at once. */
  encodeValue(value: V): Uint8Array {
    if (value === undefined || value === null) throw missing('value', value)
    const bytes = this.values.encode(value)
    if (bytes.length > VALUE_BYTES_MAX) {
      throw new LdbError('LDB_TOO_LARGE', `a value may have 1 GiB, this one has ${bytes.length} bytes`, {
        details: { expected: VALUE_BYTES_MAX, actual: bytes.length },
      })
    }
    return bytes
  }

  /** Decodes the key at the position of a cursor. */
  keyAt(cursor: StoreCursor): K {
    const encoding = this.keys
    return encoding.decode(encoding.decodesBorrowed === true ? cursor.key : cursor.takeKey())
  }

  /** Decodes the value at the position of a cursor. */
  valueAt(cursor: StoreCursor): V {
    const encoding = this.values
    return encoding.decode(encoding.decodesBorrowed === true ? cursor.value : cursor.takeValue())
  }

  /** Decodes the bytes of a key, which the caller retains: a user encoding gets a copy. */
  decodeKey(bytes: Uint8Array): K {
    return this.keys.decode(this.#decodesKeysInPlace ? bytes : copyBytes(bytes))
  }

  /** Decodes the bytes of a value, which the caller retains: a user encoding gets a copy. */
  decodeValue(bytes: Uint8Array): V {
    return this.values.decode(this.decodesInPlace ? bytes : copyBytes(bytes))
  }

  /** Decodes the bytes of a value without a copy: they are owned, or the user has requested to borrow them. */
  decodeOwnValue(bytes: Uint8Array): V {
    return this.values.decode(bytes)
  }

  /** Decodes the owned bytes of values; `undefined` stays `undefined`. */
  decodeOwnValues(values: readonly (Uint8Array | undefined)[]): (V | undefined)[] {
    return values.map((value) => (value === undefined ? undefined : this.values.decode(value)))
  }
}

function isOneOf(encoding: unknown, encodings: readonly unknown[]): boolean {
  return encodings.includes(encoding)
}

function checkKey(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= KEY_BYTES_MAX) return bytes
  throw new LdbError('LDB_TOO_LARGE', `a key may have ${KEY_BYTES_MAX} bytes, this one has ${bytes.length}`, {
    details: { expected: KEY_BYTES_MAX, actual: bytes.length },
  })
}

function missing(what: string, value: unknown): LdbError {
  return invalidArgument(`${what} must not be ${value === null ? 'null' : 'undefined'}`)
}
