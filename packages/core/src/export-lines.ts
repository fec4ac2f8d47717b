import {
  decodeUtf8,
  encodeUtf8,
  equalBytes,
  invalidArgument,
  isLdbError,
  LdbError,
  ownOptions,
} from '@ldb/base'
import type { Database } from './database.js'
import { expiryOf } from './blob/value-header.js'
import type { KeyspaceDescriptor } from './catalog/catalog.js'
import type { KeyspaceStore, StorePin } from './keyspace/store.js'
import { encodeBase64 } from './lines/base64.js'

/** Version of the lines. */
export const LINES_FORMAT = 1

/** The entry after which an export goes on. @category Backup */
export interface ExportPosition {
  /** Name of the keyspace. */
  readonly keyspace: string
  /** Its key, as it is stored: the entry itself is left out. */
  readonly key: Uint8Array
}

/** Options of {@link exportLines}. @category Backup */
export interface ExportOptions {
  /**
   * Goes on with an export that was cut: yields the lines of the entries behind a position, and no others. They continue the lines before
   * them when `seq` of the database is that of their first line.
   */
  readonly after?: ExportPosition | undefined
  /** Called before each line of an entry is yielded, with its position; synchronous. The key is borrowed until the next entry. */
  readonly onEntry?: ((position: ExportPosition) => void) | undefined
}

/**
 * Returns the entries of a database as lines of JSON, each with its newline: the state at the first line, whatever is committed meanwhile.
 *
 * @remarks The first line is `{"ldb":1,"seq":…}`. A line for each keyspace has its options: `{"keyspace":…,"engine":…,"keys":…,"values":…}`. A
 * line for each entry has the fields `keyspace`, `key`, `value` and, when it expires, `expiresAt` in milliseconds since 1970. A value of encoding `json` is
 * JSON itself. Bytes that are no text, or that their JSON would not restore exactly, are in base64, in `key64` and `value64`. Reads as it is iterated, and
 * holds one entry in memory; end the iteration, or the pinned state stays.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT; LDB_NOT_FOUND for a position in a keyspace that there is not; LDB_CLOSED, LDB_CORRUPTION, LDB_IO.
 * @example
 * ```ts
 * import { Database, exportLines, importLines } from '@ldb/core'
 *
 * using source = Database.memory()
 * source.put('a', '1')
 * using target = Database.memory()
 * await importLines(target, exportLines(source))
 * console.log(target.get('a')) // 1
 * ```
 * @category Backup
 */
export function* exportLines(database: Database, options?: ExportOptions): Generator<string, void, void> {
  const { after, onEntry } = resolveOptions(options)
  const all = database
    .keyspaces()
    .map(({ name }) => database.keyspace<unknown, unknown>(name).source.keyspace)
  const first =
    after === undefined ? 0 : all.findIndex(({ descriptor }) => descriptor.name === after.keyspace)
  if (first < 0) throw new LdbError('LDB_NOT_FOUND', `no keyspace is named ${after?.keyspace}`)
  const stores = all.slice(first)
  const { seq } = database
  const pins = stores.map((store) => store.pinRaw())
  try {
    if (after === undefined) {
      yield line({ ldb: LINES_FORMAT, seq })
      for (const { descriptor } of stores) yield line(optionsOf(descriptor))
    }
    for (const [index, store] of stores.entries())
      yield* entriesOf(store, pins[index] as StorePin, index === 0 ? after?.key : undefined, onEntry)
  } finally {
    for (const pin of pins) pin.release()
  }
}

function resolveOptions(options: ExportOptions | undefined): ExportOptions {
  const { after, onEntry } = ownOptions(options, ['after', 'onEntry'])
  if (onEntry !== undefined && typeof onEntry !== 'function')
    throw invalidArgument('onEntry must be a function')
  if (after === undefined) return { onEntry: onEntry as ExportOptions['onEntry'] }
  const { keyspace, key } = ownOptions(after, ['keyspace', 'key'])
  if (typeof keyspace !== 'string' || !(key instanceof Uint8Array))
    throw invalidArgument('after must have a keyspace and the bytes of a key')
  return { after: { keyspace, key }, onEntry: onEntry as ExportOptions['onEntry'] }
}

function optionsOf({
  name,
  engine,
  keys,
  values,
  compression,
  dictionary,
  ttlMs,
}: KeyspaceDescriptor): object {
  const optional = { ...(dictionary === true && { dictionary }), ...(ttlMs !== undefined && { ttlMs }) }
  return { keyspace: name, engine, keys, values, compression, ...optional }
}

function* entriesOf(
  store: KeyspaceStore,
  pin: StorePin,
  after: Uint8Array | undefined,
  onEntry: ExportOptions['onEntry'],
): Generator<string, void, void> {
  const { name, keys, values } = store.descriptor
  // The successor of a key in the order of bytes is the key with a zero behind it.
  const cursor = pin.openCursor(after === undefined ? {} : { lower: Uint8Array.from([...after, 0]) })
  try {
    for (let found = cursor.first(); found; found = cursor.next()) {
      const stored = cursor.value.slice()
      const value = store.decodeValue(stored)
      if (value === undefined) continue
      const expiresAt = store.expiry === undefined ? Infinity : expiryOf(stored, 0, stored.length)
      onEntry?.({ keyspace: name, key: cursor.key })
      yield line({
        keyspace: name,
        ...field('key', cursor.key, keys),
        ...field('value', value, values),
        ...(expiresAt !== Infinity && { expiresAt }),
      })
    }
  } finally {
    pin.closeCursor(cursor)
  }
}

function line(content: object): string {
  return `${JSON.stringify(content)}\n`
}

/** Returns bytes as a field that restores them exactly. */
function field(name: 'key' | 'value', bytes: Uint8Array, encoding: string): object {
  const text = encoding === 'utf8' || encoding === 'json' ? textOf(bytes) : undefined
  if (text !== undefined && encoding === 'utf8') return { [name]: text }
  const json = text === undefined ? undefined : jsonOf(text)
  return json === undefined ? { [`${name}64`]: encodeBase64(bytes) } : { [name]: json.value }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = decodeUtf8(bytes)
    return equalBytes(encodeUtf8(text), bytes) ? text : undefined
  } catch (error) {
    if (isLdbError(error)) return undefined
    throw error
  }
}

/** Returns the value of a JSON text if it has that text; `undefined` otherwise. */
function jsonOf(text: string): { readonly value: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return JSON.stringify(value) === text ? { value } : undefined
  } catch {
    return undefined
  }
}
