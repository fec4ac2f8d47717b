import { incremented } from '../data/counter.js'
import type { KeyShape } from '../data/keys.js'
import type { Store, StoreOptions } from '../model/store.js'

/** Key shapes that a BLOB key column supports. */
export const BYTE_KEYS: readonly KeyShape[] = ['decimal', 'binary', 'url']

/** The common part of the APIs of better-sqlite3 and node:sqlite. */
export interface SqliteDatabase {
  exec(sql: string): unknown
  prepare(sql: string): SqliteStatement
  close(): void
}

interface SqliteStatement {
  get(...parameters: unknown[]): unknown
  run(...parameters: unknown[]): unknown
  iterate(...parameters: unknown[]): Iterable<unknown>
}

interface Row {
  readonly k: Uint8Array
  readonly v: Uint8Array
}

const KIBIBYTE = 1024

/**
 * Creates a store on a table WITHOUT ROWID, in WAL mode. Durable means `synchronous = FULL`, which syncs the log at
 * each commit; otherwise nothing is synced.
 */
export function sqliteStore(db: SqliteDatabase, options: StoreOptions): Store {
  db.exec('PRAGMA journal_mode = WAL')
  db.exec(`PRAGMA synchronous = ${options.durability === 'device' ? 'FULL' : 'OFF'}`)
  db.exec(`PRAGMA cache_size = -${Math.floor(options.cacheBytes / KIBIBYTE)}`)
  db.exec('CREATE TABLE IF NOT EXISTS entries (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID')
  const select = db.prepare('SELECT v FROM entries WHERE k = ?')
  const all = db.prepare('SELECT k, v FROM entries ORDER BY k')
  const some = db.prepare('SELECT k, v FROM entries WHERE k >= ? ORDER BY k LIMIT ?')
  const insert = db.prepare(
    'INSERT INTO entries (k, v) VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v',
  )
  const remove = db.prepare('DELETE FROM entries WHERE k = ?')
  const removeFirst = db.prepare('DELETE FROM entries WHERE k = (SELECT min(k) FROM entries)')
  const count = (rows: Iterable<unknown>): number => {
    let entryCount = 0
    for (const row of rows) if ((row as Row).k.length > 0 && (row as Row).v.length > 0) entryCount++
    return entryCount
  }
  return {
    get: (key) => (select.get(key) as Row | undefined)?.v,
    getMany: (keys) => keys.map((key) => (select.get(key) as Row | undefined)?.v),
    scan: () => count(all.iterate()),
    entries: () => count(all.iterate()),
    range: (key, limit) => count(some.iterate(key, limit)),
    put: (key, value) => void insert.run(key, value),
    increment(key) {
      db.exec('BEGIN IMMEDIATE')
      insert.run(key, incremented((select.get(key) as Row | undefined)?.v))
      db.exec('COMMIT')
    },
    putBatch(fill) {
      db.exec('BEGIN')
      fill((key, value) => insert.run(key, value))
      db.exec('COMMIT')
    },
    deleteBatch(fill) {
      db.exec('BEGIN')
      fill((key) => remove.run(key))
      db.exec('COMMIT')
    },
    deleteFirst: () => void removeFirst.run(),
    compact: () => void db.exec('PRAGMA wal_checkpoint(TRUNCATE)'),
    close: () => db.close(),
  }
}
