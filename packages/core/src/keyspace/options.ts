import {
  invalidArgument,
  keyEncoding,
  kindOf,
  LdbError,
  ownOptions,
  utf8Bytes,
  valueEncoding,
} from '@ldb/base'
import type { KeyEncoding, KeyEncodingOption, ValueEncoding, ValueEncodingOption } from '@ldb/base'
import type { EngineName, KeyspaceDescriptor } from '../catalog/catalog.js'
import type { TypedKeys, TypedValues } from './encoded-types.js'
import { resolveTtl } from '../values/expiry.js'
import { resolveCompression, storedCompression } from '../health/compression.js'
import type { Compression } from '../health/compression.js'
import { resolveEngine } from '../health/options.js'
import { ENCODING_NAME_BYTES_MAX, KEYSPACE_NAME_BYTES_MAX } from '../format.js'

/**
 * Options of a keyspace other than its encodings. An omitted option is as stored, or the default for a new keyspace.
 *
 * @category Keyspaces
 */
export interface StoredOptions {
  /** Engine of a new keyspace. Default: the engine of the database. */
  readonly engine?: EngineName | undefined
  /**
   * Compression of a new keyspace. A codec of the application must be passed again after each open of the database, here or there. Default: the compression of the database.
   */
  readonly compression?: Compression | undefined
  /**
   * Encode values of 64 bytes to 16 KiB in the pages of a new keyspace with the engine `'btree'` with dictionaries of LZ4, which are trained from the values that are
   * written. For many similar values, as JSON records: their pages take half the space or less, for about a microsecond a put and half of one a get. Stored values
   * are encoded when they are written again, and by `compact()`. Default: the `dictionary` of the database.
   */
  readonly dictionary?: boolean | undefined
  /**
   * Default time to live of entries, in milliseconds; `Infinity` for no expiry. It is stored, and a new value applies to all later
   * writes. Ignored on a read-only database. Default: as stored, or `Infinity` for a new keyspace.
   */
  readonly ttlMs?: number | undefined
  /**
   * Create the keyspace if it does not exist; otherwise, it is `LDB_NOT_FOUND`.
   * @defaultValue true
   */
  readonly createIfMissing?: boolean | undefined
}

/**
 * Options to open or create a keyspace, with encodings of types `Keys` and `Values`: names, or custom encodings.
 *
 * @category Keyspaces
 */
export interface KeyspaceOptionsWith<Keys, Values> extends StoredOptions {
  /**
   * Encoding of its keys.
   * @defaultValue 'utf8'
   */
  readonly keys?: Keys | undefined
  /**
   * Encoding of its values.
   * @defaultValue 'utf8'
   */
  readonly values?: Values | undefined
}

/** Options to open or create a keyspace with keys of type `K` and values of type `V`. @category Keyspaces */
export interface KeyspaceOptions<K = never, V = never> extends KeyspaceOptionsWith<
  KeyEncodingOption<K>,
  ValueEncodingOption<V>
> {}

/**
 * The options argument of `keyspace<K, V>(name, options)`: required unless keys and values are strings, whose encoding is the default.
 *
 * @category Keyspaces
 */
export type TypedKeyspaceOptions<K, V> =
  Record<never, never> extends TypedKeys<K> & TypedValues<V>
    ? [options?: StoredOptions & TypedKeys<K> & TypedValues<V>]
    : [options: StoredOptions & TypedKeys<K> & TypedValues<V>]

/** Checked {@link KeyspaceOptions}; an omitted option is `undefined`. */
export interface ResolvedKeyspaceOptions<K, V> {
  readonly engine: EngineName | undefined
  readonly compression: Compression | undefined
  readonly dictionary: boolean | undefined
  readonly keys: KeyEncoding<K> | undefined
  readonly values: ValueEncoding<V> | undefined
  readonly ttlMs: number | undefined
  readonly createIfMissing?: boolean
}

const KNOWN = ['engine', 'keys', 'values', 'compression', 'dictionary', 'ttlMs', 'createIfMissing'] as const

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_UNSUPPORTED. */
export function resolveKeyspaceOptions<K, V>(
  options: KeyspaceOptions<K, V> | undefined,
): ResolvedKeyspaceOptions<K, V> {
  const given = ownOptions(options, KNOWN)
  const keys = given.keys as KeyEncodingOption<K> | undefined
  const values = given.values as ValueEncodingOption<V> | undefined
  const resolved = {
    engine: resolveEngine(given.engine),
    compression: resolveCompression(given.compression),
    dictionary: resolveFlag('dictionary', given.dictionary),
    createIfMissing: resolveFlag('createIfMissing', given.createIfMissing) ?? true,
    keys: keys === undefined ? undefined : keyEncoding(keys),
    values: values === undefined ? undefined : valueEncoding(values),
    ttlMs: resolveTtl(given.ttlMs),
  }
  for (const encoding of [resolved.keys, resolved.values]) {
    if (encoding !== undefined && utf8Bytes(encoding.name) > ENCODING_NAME_BYTES_MAX) {
      throw invalidArgument(`the name of an encoding may have ${ENCODING_NAME_BYTES_MAX} bytes`)
    }
  }
  return resolved
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
function resolveFlag(name: string, value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value
  throw invalidArgument(`${name} must be true or false, not ${kindOf(value)}`)
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT unless it is a string of 1 to 1,024 bytes. */
export function checkKeyspaceName(name: unknown): string {
  if (typeof name !== 'string')
    throw invalidArgument(`the name of a keyspace must be a string, not ${kindOf(name)}`)
  const nameBytes = utf8Bytes(name)
  if (nameBytes === 0 || nameBytes > KEYSPACE_NAME_BYTES_MAX) {
    throw invalidArgument(`the name of a keyspace must have 1 to ${KEYSPACE_NAME_BYTES_MAX} bytes`)
  }
  return name
}

/**
 * Compares the options of a call with the stored ones (K5).
 *
 * @throws {@link LdbError} LDB_EXISTS when one of them differs.
 */
export function checkAgainstStored<K, V>(
  descriptor: KeyspaceDescriptor,
  options: ResolvedKeyspaceOptions<K, V>,
): void {
  const { engine, compression, dictionary, keys, values } = options
  const pairs = [
    ['engine', engine, descriptor.engine],
    [
      'compression',
      compression === undefined ? undefined : storedCompression(compression),
      descriptor.compression,
    ],
    ['dictionary', dictionary, descriptor.dictionary === true],
    ['keys', keys?.name, descriptor.keys],
    ['values', values?.name, descriptor.values],
  ] as const
  for (const [option, wanted, stored] of pairs) {
    if (wanted === undefined || wanted === stored) continue
    throw new LdbError(
      'LDB_EXISTS',
      `keyspace ${JSON.stringify(descriptor.name)} has ${option} ${JSON.stringify(stored)}, not ${JSON.stringify(wanted)}`,
      { details: { expected: detailOf(wanted), actual: detailOf(stored) } },
    )
  }
}

function detailOf(value: string | number | boolean): string | number {
  return typeof value === 'boolean' ? String(value) : value
}

/**
 * Returns the encodings of an existing keyspace: those of the call, or the built-in ones with the stored names.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when a stored encoding is not built in, and the call has none.
 */
export function encodingsOf<K, V>(
  descriptor: KeyspaceDescriptor,
  options: ResolvedKeyspaceOptions<K, V>,
): { readonly keys: KeyEncoding<K>; readonly values: ValueEncoding<V> } {
  return {
    keys: options.keys ?? keyEncoding(descriptor.keys as KeyEncodingOption<K>),
    values: options.values ?? valueEncoding(descriptor.values as ValueEncodingOption<V>),
  }
}
