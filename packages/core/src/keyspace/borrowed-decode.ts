import { copyBytes } from '@ldb/base'

/** Decodes the bytes of a key that are borrowed. */
export function decodeBorrowedKey<K>({ keys }: { readonly keys: Decoder<K> }, bytes: Uint8Array): K {
  return keys.decode(keys.decodesBorrowed === true ? bytes : copyBytes(bytes))
}

/** Decodes the bytes of a value that are borrowed. */
export function decodeBorrowedValue<V>({ values }: { readonly values: Decoder<V> }, bytes: Uint8Array): V {
  return values.decode(values.decodesBorrowed === true ? bytes : copyBytes(bytes))
}

/** What is needed of an encoding. */
interface Decoder<T> {
  readonly decodesBorrowed?: boolean
  decode(bytes: Uint8Array): T
}
