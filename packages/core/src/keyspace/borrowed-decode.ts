import { copyBytes } from '@ldb/base'

/** Decodes the bytes of a key borrowed from a cursor: memory that user code cannot transfer. */
export function decodeBorrowedKey<K>({ keys }: { readonly keys: Decoder<K> }, bytes: Uint8Array): K {
  return keys.decode(keys.decodesBorrowed === true ? bytes : copyBytes(bytes))
}

/** Decodes the bytes of a value borrowed from a cursor: memory that user code cannot transfer. */
export function decodeBorrowedValue<V>({ values }: { readonly values: Decoder<V> }, bytes: Uint8Array): V {
  return values.decode(values.decodesBorrowed === true ? bytes : copyBytes(bytes))
}

/** The decoding half of an encoding. */
interface Decoder<T> {
  readonly decodesBorrowed?: boolean
  decode(bytes: Uint8Array): T
}
