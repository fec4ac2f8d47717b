import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Database } from './database.js'

const tuned = { [Symbol.for('ldb.tuning')]: { pageBytes: 1024 } }

test('options may carry a tuning under a symbol', () => {
  using db = Database.open('data', { vfs: new MemoryVfs(), ...tuned })
  expect(db.stats().cache.pageBytes).toBe(1024)
  using memory = Database.memory(tuned)
  expect(memory.stats().cache.pageBytes).toBe(1024)
})

test('an inherited tuning does not count', () => {
  using memory = Database.memory(Object.create(tuned) as object)
  expect(memory.stats().cache.pageBytes).toBe(8192)
})
