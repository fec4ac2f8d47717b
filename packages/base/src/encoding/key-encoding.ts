/**
 * Converts keys to bytes and back. Entries are ordered by these bytes.
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
  /** Name, 1 to 255 characters. It is stored with the keyspace, which can be opened only with an encoding of the same name. */
  readonly name: string
  /** Encodes a key. Equal keys must have equal bytes, and different keys different bytes. The caller copies the result at once. */
  encode(key: K): Uint8Array
  /** Decodes bytes that `encode` returned. The buffer of the bytes may hold more than them, and may not be transferable. */
  decode(bytes: Uint8Array): K
  /**
   * Encodes a key to the start of `target`, without allocating. Writes the same bytes as `encode`.
   *
   * @returns the number of bytes; −1 when they do not fit.
   */
  encodeInto?(key: K, target: Uint8Array): number
  /**
   * Encodes a prefix: a key has the prefix `prefix` exactly when its bytes start with the result. Ranges by `prefix` need this
   * method.
   */
  encodePrefix?(prefix: K): Uint8Array
  /**
   * True when `decode` neither retains nor returns its argument, so that callers may pass borrowed bytes. Ignored on platforms
   * that cannot prevent the transfer of a buffer. @defaultValue false
   */
  readonly decodesBorrowed?: boolean
}

/** Name of a built-in key encoding, or a custom encoding. @category Encodings */
export type KeyEncodingOption<K> = 'utf8' | 'binary' | 'tuple' | KeyEncoding<K>
