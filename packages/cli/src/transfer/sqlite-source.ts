import { Buffer } from 'node:buffer'
import { statSync } from 'node:fs'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'
import type { EntryBytes } from './copied-entries.js'
import { loadUserPackage } from './user-package.js'

/** Which rows of a database of SQLite are read. */
export interface SqliteTable {
  readonly table: string
  readonly keyColumn: string
  readonly valueColumn: string
}

/** A row of two columns, as each of the packages returns it. */
interface Row {
  readonly key: unknown
  readonly value: unknown
}

/** The used part of the packages. */
interface SqliteReader {
  prepare(sql: string): SqliteStatement
  close(): void
}

interface SqliteStatement {
  iterate(): Iterable<Row>
  /** Of node-sqlite3-wasm: frees the memory of the statement. */
  finalize?(): void
}

type SqliteClass = new (path: string, options: object) => SqliteReader

/** Packages that read SQLite, in the order of their speed. */
const PACKAGES = ['better-sqlite3', 'node:sqlite', 'node-sqlite3-wasm']
const CHUNK_ENTRIES = 1000

/**
 * Yields two columns of a table in the order of the first one: blobs byte for byte, texts in UTF-8, numbers as their text.
 *
 * @throws {@link CommandExit} for a key that is NULL, and for a file, a table or a column that does not exist.
 */
export function* entriesOfSqlite(
  path: string,
  { table, keyColumn, valueColumn }: SqliteTable,
): Generator<readonly EntryBytes[], void, void> {
  if (statSync(path, { throwIfNoEntry: false }) === undefined)
    throw new CommandExit(ExitCode.notFound, `there is no ${path}`)
  const database = openSqlite(path)
  let statement: SqliteStatement | undefined
  try {
    const [key, value, name] = [keyColumn, valueColumn, table].map(quoted)
    statement = database.prepare(`SELECT ${key} AS key, ${value} AS value FROM ${name} ORDER BY ${key}`)
    let entries: EntryBytes[] = []
    for (const row of statement.iterate()) {
      if (row.key === null) throw new Error(`a row has NULL in ${keyColumn}`)
      entries.push([bytesOf(row.key), bytesOf(row.value)])
      if (entries.length < CHUNK_ENTRIES) continue
      yield entries
      entries = []
    }
    yield entries
  } catch (error) {
    if (error instanceof CommandExit) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandExit(ExitCode.error, `SQLite: ${reason}`)
  } finally {
    statement?.finalize?.()
    database.close()
  }
}

function openSqlite(path: string): SqliteReader {
  const { name, content } = loadUserPackage('--from-sqlite', PACKAGES)
  const exported = content as { readonly DatabaseSync: SqliteClass; readonly Database: SqliteClass }
  if (name === 'node:sqlite') return new exported.DatabaseSync(path, { readOnly: true })
  if (name === 'node-sqlite3-wasm')
    return new exported.Database(path, { readOnly: true, fileMustExist: true })
  return new (content as SqliteClass)(path, { readonly: true, fileMustExist: true })
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** NULL is no value: its entry is empty. */
function bytesOf(cell: unknown): Uint8Array {
  if (cell instanceof Uint8Array) return Uint8Array.from(cell)
  if (cell === null) return new Uint8Array()
  if (typeof cell === 'string' || typeof cell === 'number' || typeof cell === 'bigint')
    return Uint8Array.from(Buffer.from(String(cell)))
  throw new TypeError(`a cell has the type ${typeof cell}`)
}
