// A page cache above 2 GiB is divided into arenas. The tests use arenas of some kilobytes.
import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Database } from '../src/database.js'
import { openDatabase } from '../src/open/opening.js'
import { copyAfterKill } from './directory-tree.js'

const TUNING = { pageBytes: 512, segmentBytes: 65_536, preallocateBytes: 0, arenaBytes: 65_536 }
const KEYS = 3000

function open(vfs: MemoryVfs): Database {
  return new Database(openDatabase('data', { vfs, cacheBytes: 1 << 20 }, TUNING))
}

/** Every hundredth value is stored in an overflow extent of several pages. */
function valueOf(key: number, round: number): string {
  return `${key}/${round}`.repeat(key % 100 === 0 ? 300 : 5)
}

function putAll(db: Database, round: number): void {
  for (let from = 0; from < KEYS; from += 100) {
    const batch = db.batch()
    for (let index = from; index < from + 100; index++) {
      const key = (index * 7919) % KEYS
      batch.put(`k${key}`, valueOf(key, round))
    }
    batch.commit()
  }
}

function expectAll(db: Database, round: number): void {
  // The third pass finds records through the hash index.
  for (let pass = 0; pass < 3; pass++) {
    for (let key = 0; key < KEYS; key++) expect(db.get(`k${key}`)).toBe(valueOf(key, round))
  }
  const keys = Array.from({ length: KEYS }, (_, key) => `k${key}`)
  expect(db.getMany(keys)).toEqual(keys.map((_, key) => valueOf(key, round)))
  expect([...db.entries()].length).toBe(KEYS)
  expect(db.verify().findings).toEqual([])
}

test('a database whose pages lie in several arenas has the entries that were put, also after a kill and an open', () => {
  const vfs = new MemoryVfs()
  using db = open(vfs)
  putAll(db, 1)
  // More frames than one arena has.
  expect(db.stats().cache.residentCount).toBeGreaterThan(2 * (TUNING.arenaBytes / TUNING.pageBytes))
  expectAll(db, 1)
  db.checkpoint()
  const snapshot = db.snapshot()
  putAll(db, 2)
  expectAll(db, 2)
  expect(snapshot.get('k17')).toBe(valueOf(17, 1))
  snapshot.release()
  using killed = open(copyAfterKill(vfs, 'data'))
  expectAll(killed, 2)
})

test('the cache has 64 GiB at most', () => {
  const vfs = new MemoryVfs()
  Database.open('data', { vfs, cacheBytes: 64 * 2 ** 30 }).close()
  const openLarger = (): Database => Database.open('data', { vfs, cacheBytes: 64 * 2 ** 30 + 1 })
  expect(openLarger).toThrow('cacheBytes')
  try {
    openLarger()
  } catch (error) {
    expect(isLdbError(error, 'LDB_INVALID_ARGUMENT')).toBe(true)
  }
})
