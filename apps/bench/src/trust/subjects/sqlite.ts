import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { loadPeer } from '../../peers/packages.js'
import type { Entry, TrustStore, TrustSubject } from '../subject.js'

interface Statement {
  run(...values: unknown[]): unknown
  get(...values: unknown[]): { readonly value: string } | undefined
  all(): { readonly key: string; readonly value: string }[]
}

interface Sqlite {
  pragma(text: string): unknown
  prepare(text: string): Statement
  exec(text: string): unknown
  transaction(action: () => void): () => void
  backup(target: string): Promise<unknown>
  close(): void
}

const FILE = 'trust.db'
const PACKAGE = 'better-sqlite3-multiple-ciphers'

/** SQLite with SQLite3MultipleCiphers, its default cipher ChaCha20-Poly1305, in WAL mode with a full sync of each commit. */
export const sqlite: TrustSubject = {
  id: 'sqlite',
  title: 'SQLite3MultipleCiphers',
  packageName: PACKAGE,
  encrypts: true,
  open({ dir, key }) {
    const Class = loadPeer<new (path: string) => Sqlite>(PACKAGE)
    const db = new Class(join(dir, FILE))
    if (key !== undefined) db.pragma(`key="x'${Buffer.from(key).toString('hex')}'"`)
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    db.exec('CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID')
    return Promise.resolve(storeOf(db))
  },
  restore(backup, target) {
    cpSync(backup, target, { recursive: true })
    return Promise.resolve()
  },
}

function storeOf(db: Sqlite): TrustStore {
  const select = db.prepare('SELECT value FROM entries WHERE key = ?')
  const insert = db.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?)')
  const remove = db.prepare('DELETE FROM entries WHERE key = ?')
  const all = db.prepare('SELECT key, value FROM entries ORDER BY key')
  return {
    get: (key) => select.get(key)?.value,
    write(puts, deletes = []) {
      db.transaction(() => {
        for (const [key, value] of puts) insert.run(key, value)
        for (const key of deletes) remove.run(key)
      })()
    },
    entries: () => all.all().map(({ key, value }): Entry => [key, value]),
    async backup(target) {
      mkdirSync(target)
      await db.backup(join(target, FILE))
    },
    close: () => {
      db.close()
    },
  }
}
