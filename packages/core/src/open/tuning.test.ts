import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Database } from '../database.js'

const tuned = { [Symbol.for('ldb.tuning')]: { pageBytes: 1024 } }

test('options may contain a tuning under a symbol', () => {
  using db = Database.open('data', { vfs: new MemoryVfs(), ...tuned })
  expect(db.stats().cache.pageBytes).toBe(1024)
  using memory = Database.memory(tuned)
  expect(memory.stats().cache.pageBytes).toBe(1024)
})

test('the adaptive hash index can be disabled', () => {
  using db = Database.memory({ [Symbol.for('ldb.tuning')]: { usesHashIndex: false } } as object)
  using plain = Database.memory()
  for (const each of [db, plain]) {
    const batch = each.batch()
    for (let index = 0; index < 2000; index++) batch.put(`k${index}`, 'v')
    batch.commit()
    for (let index = 0; index < 2000; index++) expect(each.get(`k${index}`)).toBe('v')
  }
  expect(db.stats().cache.hashIndexBytes).toBeLessThan(plain.stats().cache.hashIndexBytes)
})

test('an inherited tuning is ignored', () => {
  using memory = Database.memory(Object.create(tuned) as object)
  expect(memory.stats().cache.pageBytes).toBe(8192)
})
