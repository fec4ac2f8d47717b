// Strategy: a database on memory files that record the calls on them is opened after a clean close. Invariants (R1): a read-only use
// changes nothing; before the first write, the directory entries through which the database was found are synced.
import { expect, test } from 'vitest'
import { Database } from '../src/index.js'
import type { LdbError } from '@ldb/base'
import { deviceError, FaultyVfs } from './faulty-vfs.js'

const CHANGES = new Set([
  'write',
  'rename',
  'remove',
  'syncDirectory',
  'makeDirectory',
  'truncate',
  'preallocate',
])
const ENTRY_SYNCS = ['syncDirectory db', 'syncDirectory .']

/** Creates and closes a database with an entry. */
function closedDatabase(): FaultyVfs {
  const vfs = new FaultyVfs()
  const db = Database.open('db', { vfs, durability: 'full' })
  db.put('a', '1')
  db.close()
  return vfs
}

/** Records all later changes of files. */
function changesOf(vfs: FaultyVfs): string[] {
  const changes: string[] = []
  vfs.fault = (call, path): LdbError | undefined => {
    if (CHANGES.has(call)) changes.push(`${call} ${path}`)
    return undefined
  }
  return changes
}

test('open, read and close change nothing and sync nothing', () => {
  const vfs = closedDatabase()
  const changes = changesOf(vfs)
  const db = Database.open('db', { vfs })
  expect(db.get('a')).toBe('1')
  db.close()
  expect(changes).toEqual([])
})

test('the entries of a database that was never closed are synced at open', () => {
  const vfs = new FaultyVfs()
  vfs.fault = (call, path) =>
    call === 'syncDirectory' && path === '.' ? deviceError('LDB_IO', call, path) : undefined
  expect(() => Database.open('db', { vfs })).toThrow(expect.objectContaining({ code: 'LDB_IO' }))
  const changes = changesOf(vfs)
  Database.open('db', { vfs, createIfMissing: false }).close()
  expect(changes.slice(0, 2)).toEqual(ENTRY_SYNCS)
})

test('the entries are synced before the first commit, and once', () => {
  const vfs = closedDatabase()
  const changes = changesOf(vfs)
  const db = Database.open('db', { vfs, durability: 'full' })
  db.put('b', '2')
  expect(changes.slice(0, 2)).toEqual(ENTRY_SYNCS)
  db.put('c', '3')
  db.keyspace('other')
  expect(changes.filter((change) => change === 'syncDirectory .')).toHaveLength(1)
  db.close()
})

test('the entries are synced before the first commit of the asynchronous API', async () => {
  const vfs = closedDatabase()
  const changes = changesOf(vfs)
  const db = Database.open('db', { vfs, durability: 'full' })
  await db.promises.put('b', '2')
  const logged = changes.findIndex((change) => change.includes(' db/wal/'))
  expect(logged).toBeGreaterThan(0)
  expect(changes.slice(0, logged)).toEqual(expect.arrayContaining(ENTRY_SYNCS))
  await db.promises.close()
})

test('the entries are synced before a new catalog is renamed', () => {
  const vfs = closedDatabase()
  const db = Database.open('db', { vfs })
  const changes = changesOf(vfs)
  db.keyspace('other')
  const renamed = changes.findIndex((change) => change.startsWith('rename db/CATALOG'))
  expect(renamed).toBeGreaterThan(0)
  expect(changes.slice(0, renamed)).toEqual(expect.arrayContaining(ENTRY_SYNCS))
  db.close()
})

test('the entries are synced before files of dropped keyspaces are removed', () => {
  const vfs = closedDatabase()
  const db = Database.open('db', { vfs })
  db.keyspace('other').put('b', '2')
  db.checkpoint()
  vfs.fault = (call, path) =>
    call === 'remove' && path.includes('keyspaces') ? deviceError('LDB_IO', call, path) : undefined
  db.dropKeyspace('other')
  db.close()
  const changes = changesOf(vfs)
  Database.open('db', { vfs }).close()
  expect(changes.slice(0, 2)).toEqual(ENTRY_SYNCS)
  expect(changes.some((change) => change.startsWith('remove db/keyspaces'))).toBe(true)
})

test('the entries are synced before the new segment after an unclean end', () => {
  const vfs = closedDatabase()
  const killed = Database.open('db', { vfs, durability: 'full' })
  killed.put('b', '2')
  vfs.fault = (call, path) => (call === 'write' ? deviceError('LDB_IO', call, path) : undefined)
  expect(() => {
    killed.close()
  }).toThrow(expect.objectContaining({ code: 'LDB_IO' }))
  const changes = changesOf(vfs)
  const db = Database.open('db', { vfs })
  expect(changes.slice(0, 2)).toEqual(ENTRY_SYNCS)
  expect(changes.some((change) => change.startsWith('rename db/wal'))).toBe(true)
  expect(db.get('b')).toBe('2')
  db.close()
})

test('a commit is not acknowledged when the sync of the entries fails', () => {
  const vfs = closedDatabase()
  const db = Database.open('db', { vfs, durability: 'full' })
  vfs.fault = (call, path) =>
    call === 'syncDirectory' && path === '.' ? deviceError('LDB_IO', call, path) : undefined
  expect(() => db.put('b', '2')).toThrow(expect.objectContaining({ code: 'LDB_IO' }))
  expect(() => db.put('c', '3')).toThrow(expect.objectContaining({ code: 'LDB_POISONED' }))
  vfs.fault = (): undefined => undefined
  db.close()
  const again = Database.open('db', { vfs })
  expect(again.get('a')).toBe('1')
  again.close()
})
