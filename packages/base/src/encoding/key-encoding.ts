/**
 * How keys become bytes and again keys. Entries are ordered by these bytes, never by the keys.
 *
 * @example
 * ```ts
 * import { keyEncoding } from '@ldb/base'
 * import type { KeyEncoding } from '@ldb/base'
 *
 * const hex: KeyEncoding<string> = {
 *   name: 'hex',
 *   encode: (key) => Uint8Array.from(key.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16)),
 *   decode: (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''),
 * }
 * console.log(keyEncoding(hex).encode('cafe')) // Uint8Array(2) [ 202, 254 ]
 * ```
 * @category Encodings
 */
export interface KeyEncoding<K> {
  /** Is stored with the keyspace, which opens with an encoding of the same name only. */
  readonly name: string
  /** Returns the bytes of a key: always the same for one key, and never the same for two. They are copied at once. */
  encode(key: K): Uint8Array
  /** Returns the key of bytes that `encode` gave. */
  decode(bytes: Uint8Array): K
  /**
   * Writes the bytes of a key to the beginning of `target` and gives their number; −1 when they do not fit. Gives the
   * same bytes as `encode`, without allocating.
   */
  encodeInto?(key: K, target: Uint8Array): number
  /**
   * Returns the bytes with which exactly the keys begin that `prefix` is a prefix of. An encoding without it cannot be
   * asked for ranges by `prefix`.
   */
  encodePrefix?(prefix: K): Uint8Array
  /** True when `decode` neither keeps nor returns its argument, so that callers may lend bytes. Default false. */
  readonly decodesBorrowed?: boolean
}

/** Name of a built-in key encoding, or an encoding of one's own. @category Encodings */
export type KeyEncodingOption<K> = 'utf8' | 'binary' | 'tuple' | KeyEncoding<K>
