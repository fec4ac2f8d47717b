import { invalidArgument, keyEncoding, kindOf, ownOptions, utf8Bytes, valueEncoding } from '@ldb/base'
import type {
  KeyEncoding,
  KeyEncodingOption,
  TypedKeys,
  TypedValues,
  ValueEncoding,
  ValueEncodingOption,
} from '@ldb/base'
import { KEYSPACE_NAME_BYTES_MAX, RESERVED_PREFIX } from '../format.js'
import { checkTtl } from '../values/stored-value.js'

/** Options of a keyspace other than its encodings. @category Keyspaces */
export interface ClusterStoredOptions {
  /** Default time to live of entries, in milliseconds; `Infinity` for no expiry. It is stored, and a new value applies to later writes of clients that open the keyspace. Default: as stored, or `Infinity` for a new keyspace. */
  readonly ttlMs?: number | undefined
  /** Create the keyspace if it does not exist; otherwise, it is `LDB_NOT_FOUND`. @defaultValue true */
  readonly createIfMissing?: boolean | undefined
}

/** Options to open or create a keyspace, with encodings of types `Keys` and `Values`: names, or custom encodings. @category Keyspaces */
export interface ClusterKeyspaceOptionsWith<Keys, Values> extends ClusterStoredOptions {
  /** Encoding of its keys. Default: as stored, or `'utf8'`. */
  readonly keys?: Keys | undefined
  /** Encoding of its values. Default: as stored, or `'utf8'`. */
  readonly values?: Values | undefined
}

/** Options to open or create a keyspace with keys of type `K` and values of type `V`. @category Keyspaces */
export interface ClusterKeyspaceOptions<K = never, V = never> extends ClusterKeyspaceOptionsWith<
  KeyEncodingOption<K>,
  ValueEncodingOption<V>
> {}

/** The options argument of `keyspace<K, V>(name, options)`: required unless keys and values are strings. @category Keyspaces */
export type TypedClusterKeyspaceOptions<K, V> =
  Record<never, never> extends TypedKeys<K> & TypedValues<V>
    ? [options?: ClusterStoredOptions & TypedKeys<K> & TypedValues<V>]
    : [options: ClusterStoredOptions & TypedKeys<K> & TypedValues<V>]

/** Checked {@link ClusterKeyspaceOptions}; an omitted option is `undefined`. */
export interface ResolvedKeyspaceOptions {
  readonly keys: KeyEncoding<unknown> | undefined
  readonly values: ValueEncoding<unknown> | undefined
  readonly ttlMs: number | undefined
  readonly createIfMissing: boolean
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveKeyspaceOptions(
  options: ClusterKeyspaceOptions<never, never> | undefined,
): ResolvedKeyspaceOptions {
  const given = ownOptions(options, ['keys', 'values', 'ttlMs', 'createIfMissing'] as const)
  const { createIfMissing = true } = given
  if (typeof createIfMissing !== 'boolean') throw invalidArgument('createIfMissing must be true or false')
  return {
    keys: given.keys === undefined ? undefined : keyEncoding(given.keys as KeyEncodingOption<unknown>),
    values:
      given.values === undefined ? undefined : valueEncoding(given.values as ValueEncodingOption<unknown>),
    ttlMs: checkTtl(given.ttlMs),
    createIfMissing,
  }
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT unless it is a string of 1 to 128 bytes that is not reserved. */
export function checkKeyspaceName(name: unknown): string {
  if (typeof name !== 'string')
    throw invalidArgument(`the name of a keyspace must be a string, not ${kindOf(name)}`)
  const nameBytes = utf8Bytes(name)
  if (nameBytes === 0 || nameBytes > KEYSPACE_NAME_BYTES_MAX || name.includes('\0'))
    throw invalidArgument(
      `the name of a keyspace must have 1 to ${KEYSPACE_NAME_BYTES_MAX} bytes, without NUL`,
    )
  if (name.startsWith(RESERVED_PREFIX))
    throw invalidArgument(`names of keyspaces that begin with ${RESERVED_PREFIX} are reserved`)
  return name
}
