// Makes the golden encrypted database, its backups and its archive in fixtures/v6, and the golden encrypted stream:
// `LDB_WRITE_FIXTURES=encrypted npx vitest run test/encrypted-fixtures.test.ts`. Never change them for the present format.
import { readFileSync } from 'node:fs'
import { ManualTime, MemoryVfs } from '@ldb/vfs'
import { Database } from '../src/index.js'
import type { Encryption } from '../src/index.js'
import { filesOf, FIXTURE_TIME, lastByteOf } from './fixture-files.js'
import type { Files } from './fixture-files.js'
import { streamOf } from './backup/stream-setup.js'

const DAY_MS = 86_400_000
const OPTIONS = { workers: 0, pageBytes: 4096, blobBytes: 6000 } as const

/** Names of the golden files, and what they contain. */
export const ENCRYPTED_DATABASE = 'v6/encrypted'
export const ENCRYPTED_BACKUPS = 'v6/encrypted-backup'
export const ENCRYPTED_ARCHIVE = 'v6/encrypted-archive'
export const ENCRYPTED_STREAM = 'v6/encrypted-stream'

/** The texts that no encrypted file may contain in clear. */
const CANARY = 'canary-7c6b5a49'

interface Secrets {
  /** 32 bytes in hexadecimal. */
  readonly key: string
  readonly passphrase: string
}

/** Returns what opens the golden files: the key first, and the passphrase after the rotation. */
export function readSecrets(): { readonly key: Encryption; readonly passphrase: Encryption } {
  const text = readFileSync(new URL('fixtures/v6/encrypted-secrets.json', import.meta.url), 'utf8')
  const { key, passphrase } = JSON.parse(text) as Secrets
  return { key: { key: Buffer.from(key, 'hex') }, passphrase: { passphrase, passphraseCost: 10 } }
}

/** Returns the golden encrypted files by name. */
export async function makeEncryptedFixtures(): Promise<Map<string, Files>> {
  return new Map([[ENCRYPTED_DATABASE, makeDatabase()], ...(await makeCopies())])
}

/** Returns the files of a database with two data keys that is left open. */
function makeDatabase(): Files {
  const vfs = makeVfs(13)
  const { key, passphrase } = readSecrets()
  const db = Database.open('data', { ...OPTIONS, vfs, encryption: key })
  fill(db)
  // Longer than a chunk of a blob file.
  db.put(`${CANARY}-chunks`, `${CANARY} `.repeat(66_000))
  db.checkpoint()
  db.delete(`${CANARY}-blob-1`)
  // Replaces the blob file by one without the deleted value.
  db.compact()
  // Everything above is under the first data key, and stays so.
  db.rotateKey(passphrase, { renew: false })
  change(db)
  db.checkpoint()
  finish(db)
  const files = filesOf(vfs, 'data')
  // Its bytes mean nothing.
  files.delete('RESERVE')
  db.close()
  for (const [path, bytes] of files) if (path.startsWith('wal/')) files.set(path, withoutZeros(bytes))
  return files
}

/** Returns a segment of the log without most of its preallocated zeros. */
function withoutZeros(bytes: Uint8Array): Uint8Array {
  return bytes.slice(0, Math.ceil((lastByteOf(bytes) + 512) / 8) * 8)
}

/** Returns backups of a database, its archive, and a stream of the last backup. */
async function makeCopies(): Promise<[string, Files][]> {
  const vfs = makeVfs(17)
  const { key, passphrase } = readSecrets()
  const db = Database.open('data', { ...OPTIONS, vfs, encryption: key, archive: { to: 'archive' } })
  fill(db)
  db.checkpoint()
  db.put(`${CANARY}-log`, `${CANARY} in the log of the full backup`)
  db.backup('backups')
  db.rotateKey(passphrase, { renew: false })
  change(db)
  db.checkpoint()
  db.backup('backups', { incremental: true })
  finish(db)
  db.backup('backups', { incremental: true })
  const { bytes } = await streamOf(db)
  db.close()
  return [
    [ENCRYPTED_BACKUPS, filesOf(vfs, 'backups')],
    [ENCRYPTED_ARCHIVE, filesOf(vfs, 'archive')],
    [ENCRYPTED_STREAM, new Map([['full.backup', bytes]])],
  ]
}

function makeVfs(seed: number): MemoryVfs {
  const time = new ManualTime(FIXTURE_TIME)
  return new MemoryVfs({ seed, clock: time, scheduler: time })
}

function fill(db: Database): void {
  const sessions = db.keyspace('sessions', { keys: 'tuple', values: 'json', ttlMs: DAY_MS })
  const cities = db.keyspace('cities', { dictionary: true })
  const sorted = db.keyspace(`${CANARY}-sorted`, { engine: 'lsm', compression: 'lz4' })
  for (let index = 0; index < 120; index += 1) {
    const name = `${CANARY}-${String(index).padStart(4, '0')}`
    db.put(name, `${CANARY} value ${index} `.repeat(1 + (index % 5)))
    cities.put(name, `{"identifier":${index * 7919},"kind":"${CANARY}","inhabitants":${index * 104_729}}`)
    sorted.put(name, `${CANARY} sorted ${index} `.repeat(3))
  }
  for (let index = 0; index < 20; index += 1) {
    sessions.put(['user', index, BigInt(index) ** 9n], { name: `${CANARY} ${index}` })
  }
  sessions.put(['short'], { name: CANARY }, { ttlMs: 1000 })
  for (let index = 0; index < 4; index += 1) {
    db.put(`${CANARY}-extent-${index}`, `${CANARY} ${index} `.repeat(100 + 40 * index))
    db.put(`${CANARY}-blob-${index}`, `${CANARY} ${index} `.repeat(500 + 40 * index))
  }
  db.put(`${`${CANARY} long key `.repeat(40)}`, 'a key in an extent')
  sorted.put(`${CANARY}-blob`, `${CANARY} `.repeat(600))
}

function change(db: Database): void {
  const sorted = db.keyspace(`${CANARY}-sorted`, { engine: 'lsm', compression: 'lz4' })
  const cities = db.keyspace('cities', { dictionary: true })
  for (let index = 100; index < 110; index += 1) {
    const name = `${CANARY}-${String(index).padStart(4, '0')}`
    db.put(name, `${CANARY} changed ${index}`)
    cities.put(name, `{"identifier":${index},"kind":"${CANARY}","inhabitants":${index * 271}}`)
    sorted.put(name, `${CANARY} changed ${index}`)
  }
  sorted.deleteRange({ gte: `${CANARY}-0050`, lt: `${CANARY}-0060` })
  db.put(`${CANARY}-blob-5`, `${CANARY} 5 `.repeat(500))
  db.put(`${CANARY}-extent-5`, `${CANARY} 5 `.repeat(120))
}

function finish(db: Database): void {
  db.batch()
    .put(`${CANARY}-0001`, `${CANARY} in a batch`)
    .delete(`${CANARY}-0002`)
    .in(db.keyspace('sessions', { keys: 'tuple', values: 'json', ttlMs: DAY_MS }))
    .put(['new'], { name: CANARY })
    .commit()
  db.put(`${CANARY}-blob-6`, `${CANARY} 6 `.repeat(500))
  db.deleteRange({ gte: `${CANARY}-0020`, lt: `${CANARY}-0030` })
  db.keyspace('young').put(`${CANARY}-young`, `${CANARY} in the log only`)
}
