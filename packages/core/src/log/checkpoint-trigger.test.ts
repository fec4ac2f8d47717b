import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { CheckpointTrigger, logBytesFor } from './checkpoint-trigger.js'
import { Database } from '../database.js'
import { openDatabase } from '../open/opening.js'

const MIB = 1_048_576

test('the trigger length is what the stores prefer, within bounds', () => {
  expect([0, 63, 100, 200, 1_000, 1e6].map((mib) => logBytesFor(mib * MIB) / MIB)).toEqual([
    64, 64, 100, 200, 256, 256,
  ])
})

test('the preferred length is computed once each time the log reaches the last one', () => {
  const data = { liveBytes: 125 * MIB, calls: 0 }
  const trigger = new CheckpointTrigger(undefined, () => {
    data.calls++
    return data.liveBytes
  })
  expect([trigger.isDue(63 * MIB), data.calls]).toEqual([false, 0])
  expect([trigger.isDue(64 * MIB), trigger.bytes / MIB, data.calls]).toEqual([false, 125, 1])
  expect([trigger.isDue(100 * MIB), data.calls]).toEqual([false, 1])
  expect([trigger.isDue(125 * MIB), trigger.isDue(126 * MIB), data.calls]).toEqual([true, true, 2])
  // The log was truncated, and most of the data was deleted.
  data.liveBytes = 10 * MIB
  expect([trigger.isDue(1), trigger.isDue(125 * MIB), trigger.bytes / MIB]).toEqual([false, true, 64])
})

test('a fixed length does not follow the stores', () => {
  const trigger = new CheckpointTrigger(2000, () => 1000 * MIB)
  expect([trigger.isDue(1999), trigger.isDue(2000), trigger.bytes]).toEqual([false, true, 2000])
  const db = new Database(openDatabase('data', { vfs: new MemoryVfs() }, { checkpointLogBytes: 2000 }))
  for (let number = 0; number < 30; number++) db.put(`key${number}`, 'x'.repeat(100))
  expect(db.stats().checkpoints.count).toBeGreaterThan(0)
  db.close()
})

test('a request makes a checkpoint due until one begins', () => {
  const trigger = new CheckpointTrigger(undefined, () => 0)
  expect(trigger.isDue(1)).toBe(false)
  trigger.request()
  expect([trigger.isDue(1), trigger.isDue(0)]).toEqual([true, true])
  trigger.clearRequest()
  expect(trigger.isDue(1)).toBe(false)
})
