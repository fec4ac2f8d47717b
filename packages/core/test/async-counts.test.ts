// Strategy: counts over files in memory, with a cache much smaller than the data and so few entries per page that one time
// slice of a count misses more pages than an operation that makes no progress may miss.
// Invariants: the asynchronous API reads no file synchronously; a long count yields the thread between time slices; the
// result equals that of the synchronous API.
import { ManualTime, MemoryVfs } from '@ldb/vfs'
import { expect, it } from 'vitest'
import type { AsyncDatabase } from '../src/async-database.js'
import { Database } from '../src/database.js'
import { openDatabase } from '../src/open/opening.js'
import { open, rejection, TUNING, watchReads } from './async-setup.js'
import { FaultyVfs } from './faulty-vfs.js'

const ENTRY_COUNT = 2500

function keyOf(index: number): string {
  return `${String(index).padStart(6, '0')}${'k'.repeat(100)}`
}

/** Opens a database of about three entries per page, none of them in the cache. */
async function filledWithLongKeys(vfs: FaultyVfs): Promise<AsyncDatabase> {
  const db = open(vfs)
  const batch = db.batch()
  for (let index = 0; index < ENTRY_COUNT; index++) batch.put(keyOf(index), 'value')
  await batch.commit()
  await db.close()
  return open(vfs)
}

it('loads every missing page off the thread, however many pages a range has', async () => {
  const vfs = new FaultyVfs()
  const db = await filledWithLongKeys(vfs)
  const reads = watchReads(vfs)
  expect(await db.count({ gte: '0' })).toBe(ENTRY_COUNT)
  expect(await db.count()).toBe(ENTRY_COUNT)
  expect(reads.async).toBeGreaterThan(500)
  expect(reads.sync).toBe(0)
  await db.close()
})

it('loads them off the thread in snapshots and in transactions with writes of their own', async () => {
  const vfs = new FaultyVfs()
  const db = await filledWithLongKeys(vfs)
  const reads = watchReads(vfs)
  const snapshot = db.snapshot()
  expect(await snapshot.count({ gte: '0' })).toBe(ENTRY_COUNT)
  await snapshot.release()
  const transaction = db.begin()
  expect(await transaction.count({ gte: '0' })).toBe(ENTRY_COUNT)
  await transaction.put('a', '1')
  expect(await transaction.count()).toBe(ENTRY_COUNT + 1)
  await transaction.rollback()
  expect(reads.sync).toBe(0)
  await db.close()
})

it('loads them off the thread in a keyspace whose entries expire', async () => {
  const vfs = new FaultyVfs()
  const db = await filledWithLongKeys(vfs)
  await db.put('last', 'soon gone', { ttlMs: 1_000_000 })
  const reads = watchReads(vfs)
  expect(await db.count()).toBe(ENTRY_COUNT + 1)
  expect(reads.sync).toBe(0)
  await db.close()
})

it('loads the pages of skipped entries off the thread', async () => {
  const vfs = new FaultyVfs()
  const db = await filledWithLongKeys(vfs)
  const reads = watchReads(vfs)
  expect(await db.keys({ offset: ENTRY_COUNT - 1 }).toArray()).toEqual([keyOf(ENTRY_COUNT - 1)])
  const transaction = db.begin()
  await transaction.deleteRange({ gte: '0', offset: ENTRY_COUNT - 1, limit: 1 })
  expect(reads.sync).toBe(0)
  expect(await transaction.count()).toBe(ENTRY_COUNT - 1)
  await transaction.rollback()
  await db.close()
})

it('yields the thread between time slices, without a missing page', async () => {
  const time = new ManualTime()
  let isReading = false
  const clock = {
    now: () => time.now(),
    // Each read of the clock during the count ends a time slice.
    monotonic: () => (isReading ? (time.advance(10), time.monotonic()) : time.monotonic()),
  }
  let yieldCount = 0
  const scheduler = {
    after: (delayMs: number, task: () => void) => time.after(delayMs, task),
    immediate: (task: () => void): void => {
      yieldCount++
      queueMicrotask(task)
    },
  }
  const db = new Database(openDatabase('data', { vfs: new MemoryVfs({ clock, scheduler }) }, TUNING)).promises
  const batch = db.batch()
  for (let index = 0; index < ENTRY_COUNT; index++) batch.put(keyOf(index), 'value')
  await batch.commit()
  yieldCount = 0
  isReading = true
  expect(await db.count({ gte: '0' })).toBe(ENTRY_COUNT)
  isReading = false
  expect(yieldCount).toBeGreaterThanOrEqual(2)
  await db.close()
})

it('stops at the next time slice when its signal is aborted', async () => {
  const vfs = new FaultyVfs()
  const db = await filledWithLongKeys(vfs)
  const reads = watchReads(vfs)
  const controller = new AbortController()
  const counted = db.count({ gte: '0', signal: controller.signal })
  await Promise.resolve()
  controller.abort()
  await expect(counted).rejects.toEqual(rejection('LDB_ABORTED'))
  expect(reads.async).toBeLessThan(20)
  await db.close()
})
