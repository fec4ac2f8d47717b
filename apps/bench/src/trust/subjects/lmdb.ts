import { cpSync, mkdirSync } from 'node:fs'
import { loadPeer } from '../../peers/packages.js'
import type { Entry, TrustStore, TrustSubject } from '../subject.js'

interface Lmdb {
  get(key: string): string | undefined
  put(key: string, value: string): Promise<boolean>
  remove(key: string): Promise<boolean>
  transaction(action: () => void): Promise<void>
  readonly flushed: Promise<boolean>
  getRange(): Iterable<{ readonly key: string; readonly value: string }>
  backup(path: string, compact: boolean): Promise<void>
  close(): Promise<void>
}

const KEY_CHARS = 32

/** lmdb-js, with its own option for encryption. */
export const lmdb: TrustSubject = {
  id: 'lmdb',
  title: 'lmdb-js',
  packageName: 'lmdb',
  encrypts: true,
  open({ dir, key }) {
    const { open } = loadPeer<{ open(options: object): Lmdb }>('lmdb')
    // A key is 32 bytes: half of the given ones as a string of hexadecimal digits. A `Buffer` of 32 bytes, which its README allows, ends the process.
    const encryptionKey = key === undefined ? undefined : Buffer.from(key).toString('hex').slice(0, KEY_CHARS)
    const options = { path: dir, encoding: 'string', ...(encryptionKey !== undefined && { encryptionKey }) }
    return Promise.resolve(storeOf(open(options)))
  },
  // A backup is a folder of the same form.
  restore(backup, target) {
    cpSync(backup, target, { recursive: true })
    return Promise.resolve()
  },
}

function storeOf(db: Lmdb): TrustStore {
  return {
    get: (key) => db.get(key),
    async write(puts, deletes = []) {
      await db.transaction(() => {
        for (const [key, value] of puts) void db.put(key, value)
        for (const key of deletes) void db.remove(key)
      })
      await db.flushed
    },
    entries: () => [...db.getRange()].map(({ key, value }): Entry => [key, value]),
    async backup(target) {
      mkdirSync(target)
      await db.backup(target, false)
    },
    close: () => db.close(),
  }
}
