// The option `pageBytes` in every state of a database (D6).
import { isLdbError } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { AsyncDatabase } from '../src/async-database.js'
import { Database } from '../src/database.js'
import type { DatabaseOptions } from '../src/health/options.js'
import { CREATING_NAME } from '../src/catalog/directory-layout.js'
import { copyAfterKill, hashTree } from './directory-tree.js'

const SIZES = [4096, 8192, 16_384, 32_768]
const ENTRY_COUNT = 2000

function fill(db: Database): void {
  const batch = db.batch()
  for (let index = 0; index < ENTRY_COUNT; index++) batch.put(`k${index}`, `v${index}`)
  // One value is longer than every page; the other fits in a leaf only of large pages.
  batch.put('long', 'x'.repeat(50_000)).put('middling', 'y'.repeat(1500))
  batch.in(db.keyspace('more')).put('m', '1').commit()
}

function expectFilled(db: Database, pageBytes: number): void {
  expect(db.stats().cache.pageBytes).toBe(pageBytes)
  expect(db.count()).toBe(ENTRY_COUNT + 2)
  expect(db.get('k1234')).toBe('v1234')
  expect(db.get('long')?.length).toBe(50_000)
  expect(db.get('middling')).toBe('y'.repeat(1500))
  expect(db.keyspace('more').get('m')).toBe('1')
  expect(db.verify().ok).toBe(true)
}

/** Expects LDB_EXISTS with the sizes in its details, and that no byte has changed (D5). */
function expectRefused(vfs: MemoryVfs, options: DatabaseOptions, actual: number): void {
  const before = hashTree(vfs, '/')
  let refusal: unknown
  try {
    Database.open('/data', { vfs, ...options }).close()
  } catch (error) {
    refusal = error
  }
  expect(isLdbError(refusal, 'LDB_EXISTS')).toBe(true)
  expect((refusal as LdbError).details).toEqual({ file: '/data', expected: options.pageBytes, actual })
  expect(hashTree(vfs, '/')).toEqual(before)
}

describe.each(SIZES)('pages of %i bytes', (pageBytes) => {
  const other = pageBytes === 8192 ? 4096 : 8192

  it('are kept for the lifetime of the database', () => {
    const vfs = new MemoryVfs()
    let db = Database.open('/data', { vfs, pageBytes })
    fill(db)
    expectFilled(db, pageBytes)
    db.close()
    expect(vfs.open('/data/keyspaces/1/tree.ldb', 'read').length() % pageBytes).toBe(0)
    for (const options of [{}, { pageBytes }, { readOnly: true }, { readOnly: true, pageBytes }]) {
      db = Database.open('/data', { vfs, ...options })
      expectFilled(db, pageBytes)
      db.close()
    }
    expectRefused(vfs, { pageBytes: other }, pageBytes)
    expectRefused(vfs, { pageBytes: other, readOnly: true }, pageBytes)
    expectRefused(vfs, { pageBytes: other, createIfMissing: false }, pageBytes)
    db = Database.open('/data', { vfs })
    db.keyspace('created later').put('l', '1')
    db.dropKeyspace('more')
    db.keyspace('more').put('m', '1')
    db.compact()
    expectFilled(db, pageBytes)
    db.close()
  })

  it('are used by a memory-only database', () => {
    using db = Database.memory({ pageBytes })
    fill(db)
    expectFilled(db, pageBytes)
  })

  it('are kept when the log of a killed process is replayed', () => {
    const vfs = new MemoryVfs()
    fill(Database.open('/data', { vfs, pageBytes }))
    const killed = copyAfterKill(vfs, '/data')
    expectRefused(killed, { pageBytes: other }, pageBytes)
    const db = Database.open('/data', { vfs: killed })
    expectFilled(db, pageBytes)
    db.close()
  })

  it('are used in a directory with an interrupted creation', () => {
    const vfs = new MemoryVfs()
    vfs.makeDirectory('/data')
    vfs.open(`/data/${CREATING_NAME}`, 'create').close()
    const db = Database.open('/data', { vfs, pageBytes })
    expect(db.stats().cache.pageBytes).toBe(pageBytes)
    db.close()
    expectRefused(vfs, { pageBytes: other }, pageBytes)
  })
})

it('pageBytes is an option of the asynchronous API', async () => {
  const vfs = new MemoryVfs()
  const adb = await AsyncDatabase.open('/data', { vfs, pageBytes: 4096 })
  expect(adb.sync.stats().cache.pageBytes).toBe(4096)
  await adb.close()
  expectRefused(vfs, { pageBytes: 8192 }, 4096)
})

it('the default is 8,192 bytes, and is fixed like any other size', () => {
  const vfs = new MemoryVfs()
  Database.open('/data', { vfs, pageBytes: undefined } as object).close()
  expectRefused(vfs, { pageBytes: 4096 }, 8192)
  Database.open('/data', { vfs, pageBytes: 8192 }).close()
})

it('the cache has at least 32 pages', () => {
  using db = Database.memory({ pageBytes: 32_768, cacheBytes: 65_536 })
  fill(db)
  expectFilled(db, 32_768)
  expect(db.stats().cache.frameCount).toBe(32)
})

it.each([
  0,
  1,
  512,
  2048,
  4095,
  6144,
  65_536,
  2 ** 32 + 4096,
  -8192,
  8192.5,
  NaN,
  Infinity,
  '8192',
  4096n,
  null,
  {},
])('pageBytes cannot be %s', (pageBytes) => {
  const vfs = new MemoryVfs()
  const options = { pageBytes } as unknown as DatabaseOptions
  for (const open of [() => Database.open('/data', { vfs, ...options }), () => Database.memory(options)]) {
    expect(open).toThrowError(expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' }))
  }
  expect(vfs.status('/data')).toBeUndefined()
})
