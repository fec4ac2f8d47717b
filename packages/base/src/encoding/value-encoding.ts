/**
 * How values become bytes and again values.
 *
 * @category Encodings
 */
export interface ValueEncoding<V> {
  /** Is stored with the keyspace, which opens with an encoding of the same name only. */
  readonly name: string
  /** Returns the bytes of a value. They are copied at once. */
  encode(value: V): Uint8Array
  /** Returns the value of bytes that `encode` gave. */
  decode(bytes: Uint8Array): V
  /** True when `decode` neither keeps nor returns its argument, so that callers may lend bytes. Default false. */
  readonly decodesBorrowed?: boolean
}

/** Name of a built-in value encoding, or an encoding of one's own. @category Encodings */
export type ValueEncodingOption<V> = 'utf8' | 'binary' | 'json' | ValueEncoding<V>
