// Strategy: the key file of a database, of its archive, or of both, is damaged or replaced around a backup, an archived commit and a restore.
// Invariants: backups and archives get a whole key file, whatever became of the one of the database; a restore uses the slots that are left;
// the archive opens with the secret that the database has, after any number of changes.
import { MemoryVfs } from '@ldb/vfs'
import { beforeEach, describe, expect, test } from 'vitest'
import { Database, isLdbError } from '@ldb/core'
import type { Encryption } from '@ldb/core'
import { DATA_KEYS_MAX, KEYS_SLOT_BYTES } from '../../src/format.js'
import { readFile, writeFile } from '../directory-tree.js'

const keyOf = (number: number): Encryption => ({ key: new Uint8Array(32).fill(number) })
const PATH = 'data/KEYS'
const archiveKeys = (vfs: MemoryVfs): string => `archive/${String(vfs.list('archive')[0])}/KEYS`

let vfs: MemoryVfs
let db: Database

beforeEach(() => {
  vfs = new MemoryVfs()
  db = Database.open('data', { vfs, encryption: keyOf(1), workers: 0, archive: { to: 'archive' } })
  db.put('a', '1')
})

function damage(path: string, slots: readonly number[]): void {
  const bytes = readFile(vfs, path)
  for (const slot of slots) bytes[slot * KEYS_SLOT_BYTES + 200]! ^= 4
  writeFile(vfs, path, bytes)
}

function restored(options: { readonly archive?: string; readonly encryption: Encryption }): unknown {
  try {
    Database.restore('backups', 'restored', { vfs, ...options })
  } catch (error) {
    return isLdbError(error) ? error.code : error
  }
  const found = Database.open('restored', { vfs, encryption: options.encryption, createIfMissing: false })
  const content = found.entries().toArray()
  expect(found.verify().findings).toEqual([])
  found.close()
  Database.destroy('restored', { vfs })
  return content
}

describe('a damaged key file', () => {
  test.each([[[0]], [[1]], [[0, 1]]])('with slots %j is not copied to a backup or an archive', (slots) => {
    db.checkpoint()
    damage(PATH, slots)
    db.backup('backups')
    db.put('b', '2')
    db.close()
    expect(restored({ encryption: keyOf(1) })).toEqual([['a', '1']])
    expect(restored({ encryption: keyOf(1), archive: 'archive' })).toEqual([
      ['a', '1'],
      ['b', '2'],
    ])
  })

  test('of an archive is replaced by its other slot, or by that of the backup', () => {
    db.backup('backups')
    db.put('b', '2')
    db.close()
    const whole = readFile(vfs, archiveKeys(vfs))
    for (const slots of [[0], [1], [0, 1]]) {
      damage(archiveKeys(vfs), slots)
      expect(restored({ encryption: keyOf(1), archive: 'archive' })).toEqual([
        ['a', '1'],
        ['b', '2'],
      ])
      writeFile(vfs, archiveKeys(vfs), whole)
    }
  })
})

test('an archive opens with the present secret, and with no older one, also when no more data keys fit', () => {
  db.backup('backups')
  for (let number = 2; number <= DATA_KEYS_MAX + 2; number++) db.rotateKey(keyOf(number))
  db.put('b', '2')
  db.checkpoint()
  const last = keyOf(DATA_KEYS_MAX + 3)
  db.rotateKey(last)
  db.put('c', '3')
  db.close()
  expect(restored({ encryption: keyOf(DATA_KEYS_MAX + 2), archive: 'archive' })).toBe('LDB_KEY')
  expect(restored({ encryption: last, archive: 'archive' })).toEqual([
    ['a', '1'],
    ['b', '2'],
    ['c', '3'],
  ])
})

describe.each(['btree', 'lsm'] as const)('an increment with engine %s', (engine) => {
  test('has every data key of what it inherits, after the removal of one', () => {
    db.close()
    Database.destroy('data', { vfs })
    const options = { vfs, engine, workers: 0 } as const
    const before = Database.open('data', { ...options, encryption: keyOf(1) })
    for (let index = 0; index < 500; index++) before.put(`key ${index}`, `value ${index}`)
    before.checkpoint()
    before.rotateKey(keyOf(2), { renew: false })
    before.close()
    db = Database.open('data', { ...options, encryption: keyOf(2) })
    db.put('b', '2')
    const increment = (): string => db.backup('backups', { incremental: true }).content
    expect(increment()).toBe('blocks')
    db.put('c', '3')
    expect(increment()).toBe('commits')
    // The pinned log has no unit under the first data key, but the checkpoint in the first backup has.
    db.renewKeys()
    expect(db.stats().encryption?.dataKeyCount).toBe(1)
    db.put('d', '4')
    expect(increment()).toBe('blocks')
    db.put('e', '5')
    expect(increment()).toBe('commits')
    const entries = db.entries().toArray()
    db.close()
    expect(restored({ encryption: keyOf(2) })).toEqual(entries)
  })
})
