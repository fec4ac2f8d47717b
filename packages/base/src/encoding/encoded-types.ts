import type { KeyEncoding, KeyEncodingOption } from './key-encoding.js'
import type { TupleElement } from './tuple-encoder.js'
import type { ValueEncoding, ValueEncodingOption } from './value-encoding.js'

/** Type of the keys of a keyspace with the key encoding `E`: a name, or a custom encoding. @category Keyspaces */
export type KeysOf<E> = [Extract<E, object>] extends [never]
  ? KeysOfName<E>
  : Extract<E, object> extends KeyEncoding<infer K>
    ? K
    : never

/** Type of the values of a keyspace with the value encoding `E`: a name, or a custom encoding. @category Keyspaces */
export type ValuesOf<E> = [Extract<E, object>] extends [never]
  ? ValuesOfName<E>
  : Extract<E, object> extends ValueEncoding<infer V>
    ? V
    : never

/** Type of the keys of a built-in encoding; of `'utf8'` without one. @category Keyspaces */
export type KeysOfName<E> = [E] extends [never]
  ? string
  : [E] extends ['binary']
    ? Uint8Array
    : [E] extends ['tuple']
      ? readonly TupleElement[]
      : string

/** Type of the values of a built-in encoding; of `'utf8'` without one. @category Keyspaces */
export type ValuesOfName<E> = [E] extends [never]
  ? string
  : [E] extends ['binary']
    ? Uint8Array
    : [E] extends ['json' | 'structured']
      ? unknown
      : string

/**
 * The option `keys` of a keyspace whose type of keys `K` is stated: an encoding that has such keys. It may be omitted for strings, and where
 * nothing is known of the keys.
 *
 * @category Keyspaces
 */
export type TypedKeys<K> = unknown extends K
  ? { readonly keys?: KeyEncodingOption<K> | undefined }
  : [K] extends [string]
    ? { readonly keys?: 'utf8' | KeyEncoding<K> | undefined }
    : {
        readonly keys: K extends Uint8Array
          ? 'binary' | KeyEncoding<K>
          : readonly TupleElement[] extends K
            ? 'tuple' | KeyEncoding<K>
            : K extends readonly TupleElement[]
              ? 'tuple' | KeyEncoding<K>
              : KeyEncoding<K>
      }

/**
 * The option `values` of a keyspace whose type of values `V` is stated: an encoding that may have such values. It may be omitted for strings,
 * and where nothing is known of the values.
 *
 * @category Keyspaces
 */
export type TypedValues<V> = unknown extends V
  ? { readonly values?: ValueEncodingOption<V> | undefined }
  : [V] extends [string]
    ? { readonly values?: 'utf8' | 'json' | 'structured' | ValueEncoding<V> | undefined }
    : {
        readonly values: [V] extends [Uint8Array]
          ? 'binary' | 'structured' | ValueEncoding<V>
          : 'json' | 'structured' | ValueEncoding<V>
      }
