import {
  invalidArgument,
  keyEncoding,
  kindOf,
  LdbError,
  ownOptions,
  utf8Bytes,
  valueEncoding,
} from '@ldb/base'
import type {
  KeyEncoding,
  KeyEncodingOption,
  TupleElement,
  ValueEncoding,
  ValueEncodingOption,
} from '@ldb/base'
import type { EngineName, KeyspaceDescriptor } from '../catalog/catalog.js'
import { resolveTtl } from '../values/expiry.js'
import { resolveCompression, storedCompression } from '../health/compression.js'
import type { Compression } from '../health/compression.js'
import { resolveEngine } from '../health/options.js'
import { ENCODING_NAME_BYTES_MAX, KEYSPACE_NAME_BYTES_MAX } from '../format.js'

/**
 * Options to open or create a keyspace. An omitted option is as stored, or the default for a new keyspace.
 *
 * @category Keyspaces
 */
export interface KeyspaceOptions<K = never, V = never> {
  /** Engine of a new keyspace. Default: the engine of the database. */
  readonly engine?: EngineName
  /**
   * Encoding of its keys.
   * @defaultValue 'utf8'
   */
  readonly keys?: KeyEncodingOption<K>
  /**
   * Encoding of its values.
   * @defaultValue 'utf8'
   */
  readonly values?: ValueEncodingOption<V>
  /**
   * Compression of a new keyspace. A codec of the application must be passed again after each open of the database, here or there. Default: the compression of the database.
   */
  readonly compression?: Compression
  /**
   * Encode values of 64 bytes to 16 KiB in the pages of a new keyspace with the engine `'btree'` with dictionaries of LZ4, which are trained from the values that are
   * written. For many similar values, as JSON records: their pages take half the space or less, for about a microsecond a put and half of one a get. Stored values
   * are encoded when they are written again, and by `compact()`. Default: the `dictionary` of the database.
   */
  readonly dictionary?: boolean
  /**
   * Default time to live of entries, in milliseconds; `Infinity` for no expiry. It is stored, and a new value applies to all later
   * writes. Ignored on a read-only database. Default: as stored, or `Infinity` for a new keyspace.
   */
  readonly ttlMs?: number
}

/** Type of the keys of a keyspace with these options. @category Keyspaces */
export type KeysOf<O> = O extends { readonly keys: 'binary' }
  ? Uint8Array
  : O extends { readonly keys: 'tuple' }
    ? readonly TupleElement[]
    : O extends { readonly keys: KeyEncoding<infer K> }
      ? K
      : string

/** Type of the values of a keyspace with these options. @category Keyspaces */
export type ValuesOf<O> = O extends { readonly values: 'binary' }
  ? Uint8Array
  : O extends { readonly values: 'json' }
    ? unknown
    : O extends { readonly values: ValueEncoding<infer V> }
      ? V
      : string

/** Checked {@link KeyspaceOptions}; an omitted option is `undefined`. */
export interface ResolvedKeyspaceOptions<K, V> {
  readonly engine: EngineName | undefined
  readonly compression: Compression | undefined
  readonly dictionary: boolean | undefined
  readonly keys: KeyEncoding<K> | undefined
  readonly values: ValueEncoding<V> | undefined
  readonly ttlMs: number | undefined
}

const KNOWN = ['engine', 'keys', 'values', 'compression', 'dictionary', 'ttlMs'] as const

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
    dictionary: resolveDictionary(given.dictionary),
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
function resolveDictionary(value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value
  throw invalidArgument(`dictionary must be true or false, not ${kindOf(value)}`)
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
