import { expect, test } from 'vitest'
import { ResumableTask } from '@ldb/base'
import { LsmHarness, SMALL, sorted, verified } from './lsm-harness.js'

const keyOf = (index: number): string => `key${String(index).padStart(5, '0')}`

/** A store with many small blocks in many durable tables. */
function filled(valueOf: (index: number) => string): LsmHarness {
  const harness = new LsmHarness()
  for (let index = 0; index < 1500; index++) {
    const number = (index * 7919) % 1500
    harness.put(keyOf(number), valueOf(number))
  }
  harness.store.checkpoint()
  return harness
}

test('a block of the output contains values of more input than a merge reads at once', () => {
  const { vfs, entries, store } = filled((index) => `${index}:${'v'.repeat(index % 90)}`)
  store.close()
  const harness = new LsmHarness({ ...SMALL, blockBytes: 16_384, tableBytes: 65_536 }, vfs)
  harness.store.compact()
  expect(harness.content()).toEqual(sorted(entries))
  expect(verified(harness.store).findings).toEqual([])
})

test('a merge reads and writes blocks that are larger than its buffers, between small ones', () => {
  const harness = filled((index) => `${index}:${'v'.repeat(index % 100 === 0 ? 6000 : index % 30)}`)
  harness.store.compact()
  expect(harness.content()).toEqual(sorted(harness.entries))
  expect(verified(harness.store).findings).toEqual([])
})

test('a merge of keys that continue each other, and of keys with equal heads, keeps their order', () => {
  const harness = new LsmHarness()
  for (let index = 0; index < 600; index++) {
    const number = (index * 7919) % 600
    harness.put(`${'a'.repeat(number % 20)}${'\0'.repeat(number % 7)}`, String(index))
    harness.put(`the same first bytes of many keys/${number % 300}`, String(index))
  }
  harness.store.compact()
  expect(harness.content()).toEqual(sorted(harness.entries))
  const { findings, entries } = verified(harness.store)
  expect(findings).toEqual([])
  expect(entries).toBe(harness.entries.size)
})

test('a checkpoint in slices deletes one replaced table in each', () => {
  const harness = filled(() => 'value')
  const counts: number[] = []
  const countTables = (): void => {
    counts.push(harness.tableNames().length)
  }
  const timeSlice = { sync: countTables, syncAsync: () => Promise.resolve(countTables()) }
  const task = harness.store.beginCompaction({ effort: 'full', timeSlice })
  expect(task).toBeInstanceOf(ResumableTask)
  task?.sync()
  countTables()
  const deleted = counts.slice(1).map((count, index) => (counts[index] ?? 0) - count)
  expect(deleted.filter((count) => count > 0).length).toBeGreaterThan(5)
  expect(Math.max(...deleted)).toBe(1)
  expect(verified(harness.store).files).toBe(harness.tableNames().length + 1)
})
