import { keyEncoding, ownOptions, valueEncoding } from '@ldb/base'
import type { KeyEncoding, KeyEncodingOption, ValueEncoding, ValueEncodingOption } from '@ldb/base'
import { KeyspaceCodec } from './codec.js'
import type { KeyspaceOptions, KeysOf, ValuesOf } from './options.js'

/** Encodings of a view of a keyspace. @category Keyspaces */
export type ViewOptions = Pick<KeyspaceOptions<never, never>, 'keys' | 'values'>

/** Type of the keys of a view with these options, of a keyspace with keys of type `K`. @category Keyspaces */
export type ViewKeys<O, K> = O extends { readonly keys: unknown } ? KeysOf<O> : K

/** Type of the values of a view with these options, of a keyspace with values of type `V`. @category Keyspaces */
export type ViewValues<O, V> = O extends { readonly values: unknown } ? ValuesOf<O> : V

/** Returns the codec of a view. An omitted encoding is that of `codec`. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function viewCodec(
  codec: KeyspaceCodec<unknown, unknown>,
  options: ViewOptions,
): KeyspaceCodec<never, never> {
  const { keys, values } = ownOptions(options, ['keys', 'values'])
  return new KeyspaceCodec(
    (keys === undefined ? codec.keys : keyEncoding(keys as KeyEncodingOption<never>)) as KeyEncoding<never>,
    (values === undefined
      ? codec.values
      : valueEncoding(values as ValueEncodingOption<never>)) as ValueEncoding<never>,
  )
}
