import { keyEncoding, ownOptions, valueEncoding } from '@ldb/base'
import type { KeyEncoding, KeyEncodingOption, ValueEncoding, ValueEncodingOption } from '@ldb/base'
import { KeyspaceCodec } from './codec.js'
import type { KeysOf, ValuesOf } from './encoded-types.js'

/** Encodings of a view of a keyspace: names, or custom encodings. @category Keyspaces */
export interface ViewOptions<Keys, Values> {
  /** Encoding of the keys. Default: that of the keyspace. */
  readonly keys?: Keys | undefined
  /** Encoding of the values. Default: that of the keyspace. */
  readonly values?: Values | undefined
}

/** Type of the keys of a view with the key encoding `E`, or without one, of a keyspace with keys of type `K`. @category Keyspaces */
export type ViewKeys<E, K> = [E] extends [undefined] ? K : KeysOf<E>

/** Type of the values of a view with the value encoding `E`, or without one, of a keyspace with values of type `V`. @category Keyspaces */
export type ViewValues<E, V> = [E] extends [undefined] ? V : ValuesOf<E>

/** Returns the codec of a view. An omitted encoding is that of `codec`. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function viewCodec(
  codec: KeyspaceCodec<unknown, unknown>,
  options: ViewOptions<unknown, unknown>,
): KeyspaceCodec<never, never> {
  const { keys, values } = ownOptions(options, ['keys', 'values'])
  return new KeyspaceCodec(
    (keys === undefined ? codec.keys : keyEncoding(keys as KeyEncodingOption<never>)) as KeyEncoding<never>,
    (values === undefined
      ? codec.values
      : valueEncoding(values as ValueEncodingOption<never>)) as ValueEncoding<never>,
  )
}
