import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { LogLimit, logBytesFor } from './limit.js'
import { Database } from '../database.js'
import { openDatabase } from '../open/open-database.js'

const MIB = 1_048_576

test('the log may become as long as the data, within bounds', () => {
  expect([0, 63, 100, 200, 1_000, 1e6].map((mib) => logBytesFor(mib * MIB) / MIB)).toEqual([
    64, 64, 100, 200, 256, 256,
  ])
})

test('the data is looked at when the log gets to the limit, and once', () => {
  const data = { liveBytes: 125 * MIB, asked: 0 }
  const limit = new LogLimit(undefined, () => {
    data.asked++
    return data.liveBytes
  })
  expect([limit.isReached(63 * MIB), data.asked]).toEqual([false, 0])
  expect([limit.isReached(64 * MIB), limit.bytes / MIB, data.asked]).toEqual([false, 125, 1])
  expect([limit.isReached(100 * MIB), data.asked]).toEqual([false, 1])
  expect([limit.isReached(125 * MIB), limit.isReached(126 * MIB), data.asked]).toEqual([true, true, 2])
  // The log was cut, and most of the data is gone.
  data.liveBytes = 10 * MIB
  expect([limit.isReached(1), limit.isReached(125 * MIB), limit.bytes / MIB]).toEqual([false, true, 64])
})

test('a limit that is given stays', () => {
  const limit = new LogLimit(2000, () => 1000 * MIB)
  expect([limit.isReached(1999), limit.isReached(2000), limit.bytes]).toEqual([false, true, 2000])
  const db = new Database(openDatabase('data', { vfs: new MemoryVfs() }, { checkpointLogBytes: 2000 }))
  for (let number = 0; number < 30; number++) db.put(`key${number}`, 'x'.repeat(100))
  expect(db.stats().checkpoints.count).toBeGreaterThan(0)
  db.close()
})
