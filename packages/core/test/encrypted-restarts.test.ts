// Strategy: an encrypted database whose process ends without a close, again and again, with and without checkpoints.
// Invariants: every open finds what was committed; the meta blocks that it writes again are those that it finds; an empty tree is the same before
// and after its file is created.
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Database } from '../src/index.js'
import type { Encryption } from '../src/index.js'
import { copyAfterKill } from './directory-tree.js'

const ENCRYPTION: Encryption = { key: new Uint8Array(32).fill(9) }

test.each(['btree', 'lsm'] as const)('a database with engine %s survives kills', (engine) => {
  let vfs = new MemoryVfs()
  const expected = new Map<string, string>()
  for (let round = 0; round < 12; round++) {
    const db = Database.open('data', { vfs, engine, workers: 0, encryption: ENCRYPTION })
    expect(new Map(db.entries())).toEqual(expected)
    for (let index = 0; index < 40; index++) {
      db.put(`key ${index}`, `round ${round}`)
      expected.set(`key ${index}`, `round ${round}`)
    }
    if (round % 3 === 1) db.checkpoint()
    db.put('last', `${round}`)
    expected.set('last', `${round}`)
    vfs = copyAfterKill(vfs, 'data')
  }
  expect(Database.verify('data', { vfs, encryption: ENCRYPTION }).findings).toEqual([])
})

test('a new keyspace is whole before its first checkpoint, and when its pages are read again', () => {
  const vfs = new MemoryVfs()
  const db = Database.open('data', { vfs, encryption: ENCRYPTION })
  const names = ['a', 'b', 'c']
  for (const name of names) db.keyspace(name)
  expect(db.verify().findings).toEqual([])
  for (const name of names) db.keyspace(name).put('key', name)
  expect(db.verify().findings).toEqual([])
  db.checkpoint()
  expect(db.verify().findings).toEqual([])
  db.close()
  expect(Database.verify('data', { vfs, encryption: ENCRYPTION }).findings).toEqual([])
})
