// Strategy: backups, increments and an archive of an encrypted database are searched for its text, restored with the key, with another one and
// without, and damaged.
// Invariants: nothing of the database is in them in clear; every restored commit is the state of then; without the key nothing is written.
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { AsyncDatabase, Database, isLdbError } from '@ldb/core'
import type { Encryption } from '@ldb/core'
import { filesBelow } from './backup-setup.js'

const ENCRYPTION: Encryption = { key: Uint8Array.from({ length: 32 }, (_, index) => index * 5) }
const CANARY = 'canary-of-the-backup-7c6b5a493827'
const LARGE = `${CANARY} `.repeat(2000)

function codeOf(run: () => unknown): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
}

function expectNoText(vfs: MemoryVfs, directory: string): void {
  const paths = filesBelow(vfs, directory)
  expect(paths.length).toBeGreaterThan(1)
  for (const path of paths) {
    const file = vfs.open(path, 'read')
    const bytes = new Uint8Array(file.length())
    file.read(bytes, 0, bytes.length, 0)
    file.close()
    expect(Buffer.from(bytes).includes(CANARY)).toBe(false)
  }
}

function entriesOf(vfs: MemoryVfs, directory: string): [string, string][] {
  const db = Database.open(directory, { vfs, encryption: ENCRYPTION, createIfMissing: false })
  try {
    expect(db.verify().findings).toEqual([])
    return db.entries().toArray()
  } finally {
    db.close()
  }
}

describe.each(['btree', 'lsm'] as const)('an encrypted database with engine %s', (engine) => {
  test('is backed up, archived and restored at every commit', () => {
    const vfs = new MemoryVfs()
    const options = { vfs, engine, workers: 0, memtableBytes: 65_536, archive: { to: 'archive' } }
    const db = Database.open('db', { ...options, encryption: ENCRYPTION })
    for (let index = 0; index < 300; index++) db.put(`key ${index}`, `${CANARY} ${index}`)
    db.put('large', LARGE)
    db.checkpoint()
    db.put('in the log', CANARY)
    db.backup('backups')
    const states = new Map<number, unknown>()
    for (let index = 0; index < 20; index++) {
      if (index % 5 === 0) db.put(`large ${index}`, `${LARGE}${index}`)
      else db.put(`key ${index * 7}`, `${CANARY} changed ${index}`)
      states.set(db.seq, db.entries().toArray())
      if (index === 10) db.backup('backups', { incremental: true })
    }
    db.close()
    expectNoText(vfs, 'backups')
    expectNoText(vfs, 'archive')
    for (const [until, entries] of states) {
      Database.restore('backups', 'restored', { vfs, archive: 'archive', until, encryption: ENCRYPTION })
      expect(entriesOf(vfs, 'restored')).toEqual(entries)
      Database.destroy('restored', { vfs })
    }
    for (const encryption of [undefined, { key: new Uint8Array(32) }]) {
      const restore = (): unknown => Database.restore('backups', 'restored', { vfs, encryption })
      expect(codeOf(restore)).toBe('LDB_KEY')
    }
    expect(vfs.status('restored')).toBe(undefined)
    expect(vfs.list('.').some((name) => name.includes('restoring'))).toBe(false)
  })

  test('is backed up and restored by promise', async () => {
    const vfs = new MemoryVfs()
    const db = await AsyncDatabase.open('db', { vfs, engine, encryption: ENCRYPTION, workers: 0 })
    for (let index = 0; index < 100; index++) await db.put(`key ${index}`, `${CANARY} ${index}`)
    await db.backup('backups')
    const entries = await db.entries().toArray()
    await db.close()
    const keyProvider = (): Promise<Uint8Array> => Promise.resolve((ENCRYPTION as { key: Uint8Array }).key)
    await AsyncDatabase.restore('backups', 'restored', { vfs, encryption: { keyProvider } })
    expect(entriesOf(vfs, 'restored')).toEqual(entries)
  })
})

test('a damaged commit of an archive does not authenticate', () => {
  const vfs = new MemoryVfs()
  const db = Database.open('db', { vfs, encryption: ENCRYPTION, archive: { to: 'archive' } })
  db.backup('backups')
  for (let index = 0; index < 10; index++) db.put(`key ${index}`, CANARY)
  db.close()
  const [path = ''] = filesBelow(vfs, 'archive').filter((each) => !each.endsWith('KEYS'))
  const file = vfs.open(path, 'write')
  const byte = new Uint8Array(1)
  file.read(byte, 0, 1, 400)
  file.write(Uint8Array.of((byte[0] as number) ^ 1), 0, 1, 400)
  file.close()
  const restore = (): unknown =>
    Database.restore('backups', 'restored', { vfs, archive: 'archive', encryption: ENCRYPTION })
  expect(codeOf(restore)).toBe('LDB_CORRUPTION')
  expect(vfs.status('restored')).toBe(undefined)
})

test('a plain backup refuses a key', () => {
  const vfs = new MemoryVfs()
  const db = Database.open('db', { vfs })
  db.put('a', 'b')
  db.backup('backups')
  db.close()
  expect(codeOf(() => Database.restore('backups', 'restored', { vfs, encryption: ENCRYPTION }))).toBe(
    'LDB_KEY',
  )
})
