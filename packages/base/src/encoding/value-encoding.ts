/**
 * Converts values to bytes and back.
 *
 * @category Encodings
 */
export interface ValueEncoding<V> {
  /** Name, 1 to 255 characters. It is stored with the keyspace, which can be opened only with an encoding of the same name. */
  readonly name: string
  /** Encodes a value. The caller copies the result at once. */
  encode(value: V): Uint8Array
  /** Decodes bytes that `encode` returned. The buffer of the bytes may hold more than them, and may not be transferable. */
  decode(bytes: Uint8Array): V
  /**
   * True when `decode` neither retains nor returns its argument, so that callers may pass borrowed bytes. Ignored on platforms
   * that cannot prevent the transfer of a buffer. @defaultValue false
   */
  readonly decodesBorrowed?: boolean
}

/** Name of a built-in value encoding, or a custom encoding. @category Encodings */
export type ValueEncodingOption<V> = 'utf8' | 'binary' | 'json' | 'structured' | ValueEncoding<V>
