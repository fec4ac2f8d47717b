import { decodeUtf8, encodeUtf8, equalBytes, isLdbError } from '@ldb/base'
import type { Database } from './database.js'
import { expiryOf } from './blob/value-header.js'
import type { KeyspaceDescriptor } from './catalog/catalog.js'
import type { KeyspaceStore, StorePin } from './keyspace/store.js'
import { encodeBase64 } from './lines/base64.js'

/** Version of the lines. */
export const LINES_FORMAT = 1

/**
 * Returns the entries of a database as lines of JSON, each with its newline: the state at the first line, whatever is committed meanwhile.
 *
 * @remarks The first line is `{"ldb":1,"seq":…}`. A line for each keyspace has its options: `{"keyspace":…,"engine":…,"keys":…,"values":…}`. A
 * line for each entry has the fields `keyspace`, `key`, `value` and, when it expires, `expiresAt` in milliseconds since 1970. A value of encoding `json` is
 * JSON itself. Bytes that are no text, or that their JSON would not restore exactly, are in base64, in `key64` and `value64`. Reads as it is iterated, and
 * holds one entry in memory; end the iteration, or the pinned state stays.
 * @throws {@link LdbError} LDB_CLOSED, LDB_CORRUPTION, LDB_IO.
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
export function* exportLines(database: Database): Generator<string, void, void> {
  const stores = database
    .keyspaces()
    .map(({ name }) => database.keyspace<unknown, unknown>(name).source.keyspace)
  const { seq } = database
  const pins = stores.map((store) => store.pinRaw())
  try {
    yield line({ ldb: LINES_FORMAT, seq })
    for (const { descriptor } of stores) yield line(optionsOf(descriptor))
    for (const [index, store] of stores.entries()) yield* entriesOf(store, pins[index] as StorePin)
  } finally {
    for (const pin of pins) pin.release()
  }
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

function* entriesOf(store: KeyspaceStore, pin: StorePin): Generator<string, void, void> {
  const { name, keys, values } = store.descriptor
  const cursor = pin.openCursor({})
  try {
    for (let found = cursor.first(); found; found = cursor.next()) {
      const stored = cursor.value.slice()
      const value = store.decodeValue(stored)
      if (value === undefined) continue
      const expiresAt = store.expiry === undefined ? Infinity : expiryOf(stored, 0, stored.length)
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
