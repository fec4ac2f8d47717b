import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Database } from '../src/index.js'

const CACHE_BYTES = 1 << 20
const COUNT = 6000
const keyOf = (number: number): string => `key${String(number).padStart(6, '0')}`

/** A database with more entries in each of two keyspaces than the caches hold. */
function filled(): Database {
  const db = Database.open('data', {
    vfs: new MemoryVfs(),
    cacheBytes: CACHE_BYTES,
    memtableBytes: 1 << 16,
    compression: 'none',
    workers: 0,
  })
  for (const engine of ['btree', 'lsm'] as const) {
    const keyspace = db.keyspace(engine, { engine })
    for (let number = 0; number < COUNT; number++) keyspace.put(keyOf(number), 'v'.repeat(400))
  }
  db.checkpoint()
  return db
}

function readAll(db: Database, engine: 'btree' | 'lsm'): void {
  const keyspace = db.keyspace(engine)
  for (let number = 0; number < COUNT; number++) {
    expect(keyspace.get(keyOf((number * 7919) % COUNT))?.length).toBe(400)
  }
}

test('pages and blocks share the cache by demand, and the statistics show how', () => {
  using db = filled()
  for (let round = 0; round < 4; round++) readAll(db, 'lsm')
  const blocks = db.stats()
  expect(blocks.cacheBudget.blockBytes).toBeGreaterThan(0.5 * CACHE_BYTES)
  expect(blocks.cacheBudget.blockBytes).toBe(blocks.blockCache.bytes)
  for (let round = 0; round < 4; round++) readAll(db, 'btree')
  const pages = db.stats().cacheBudget
  expect(pages.pageBytes).toBeGreaterThan(0.5 * CACHE_BYTES)
  expect(pages.pageBytes + pages.blockBytes).toBeLessThanOrEqual(CACHE_BYTES)
  expect(pages.bytes).toBe(CACHE_BYTES)
  expect(db.verify()).toMatchObject({ ok: true })
})
