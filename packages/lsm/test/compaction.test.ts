import { expect, test } from 'vitest'
import type { BackgroundWork } from '@ldb/base'
import { contentOf, LsmHarness, SMALL, sorted, verified } from './lsm-harness.js'

function fill(harness: LsmHarness, count: number, round = 0): void {
  for (let index = 0; index < count; index++) {
    harness.put(`key${String((index * 7919) % count).padStart(5, '0')}`, `${round}:${'v'.repeat(index % 60)}`)
  }
}

test('a caller that never makes a checkpoint keeps few tables and memtables', () => {
  const completed: BackgroundWork[] = []
  const stalls: string[] = []
  const observer = {
    wantsCheckpoint: () => undefined,
    stalled: (reason: string) => stalls.push(reason),
    completed: (work: BackgroundWork) => completed.push(work),
    failed: () => undefined,
    healed: () => undefined,
  }
  const harness = new LsmHarness({ ...SMALL, observer })
  fill(harness, 2000)
  expect(harness.content()).toEqual(sorted(harness.entries))
  expect(harness.store.stats().dirtyBytes).toBeLessThan(4 * 4096)
  expect(completed.filter(({ kind }) => kind === 'compaction').length).toBeGreaterThan(20)
  expect(stalls.length).toBeLessThan(20)
  expect(verified(harness.store).findings).toEqual([])
})

test('a full compaction leaves one level, one version of each key, and the files of one version', () => {
  const harness = new LsmHarness()
  for (let round = 0; round < 3; round++) fill(harness, 400, round)
  for (let index = 0; index < 400; index += 2) harness.delete(`key${String(index).padStart(5, '0')}`)
  harness.store.compact()
  const { findings, entries, files } = verified(harness.store)
  expect(findings).toEqual([])
  expect(entries).toBe(harness.entries.size)
  expect(harness.store.stats().depth).toBe(1)
  expect(harness.tableNames().length).toBe(files - 1)
  expect(harness.content()).toEqual(sorted(harness.entries))
})

test('a compaction keeps what a snapshot sees, and drops it after the release', () => {
  const harness = new LsmHarness()
  fill(harness, 300)
  const before = sorted(harness.entries)
  const snapshot = harness.store.snapshot()
  fill(harness, 300, 1)
  harness.deleteRange('key00100', 'key00200')
  harness.store.compact()
  expect(contentOf(snapshot)).toEqual(before)
  expect(verified(harness.store).entries).toBe(300 + harness.entries.size)
  snapshot.release()
  harness.store.compact()
  expect(verified(harness.store).entries).toBe(harness.entries.size)
  expect(harness.content()).toEqual(sorted(harness.entries))
})

test('a range tombstone is dropped at the last level, and takes the space of the entries with it', () => {
  const harness = new LsmHarness()
  fill(harness, 500)
  harness.store.checkpoint()
  harness.deleteRange('')
  harness.store.compact()
  expect(harness.tableNames()).toEqual([])
  expect(harness.store.stats()).toMatchObject({ entryCount: 0, fileBytes: 0, depth: 0 })
})

test('a compaction of a range leaves other tables as they are', () => {
  const harness = new LsmHarness()
  fill(harness, 600)
  harness.store.compact()
  const before = harness.tableNames()
  for (let index = 0; index < 30; index++) harness.put(`key00${100 + index}`, 'new')
  harness.store.compact({
    lower: new TextEncoder().encode('key00100'),
    upper: new TextEncoder().encode('key00130'),
  })
  const kept = harness.tableNames().filter((name) => before.includes(name))
  expect(kept.length).toBeGreaterThan(before.length / 2)
  expect(kept.length).toBeLessThan(before.length)
  expect(harness.content()).toEqual(sorted(harness.entries))
})

test('the files of tables that a snapshot needs are deleted when it is released', () => {
  const harness = new LsmHarness()
  fill(harness, 300)
  harness.store.checkpoint()
  const snapshot = harness.store.snapshot()
  const before = sorted(harness.entries)
  harness.deleteRange('')
  harness.store.compact()
  // The delete is younger than the snapshot: the tables stay.
  expect(harness.tableNames().length).toBeGreaterThan(0)
  expect(contentOf(snapshot)).toEqual(before)
  snapshot.release()
  harness.store.compact()
  expect(harness.tableNames()).toEqual([])
})

test('the versions of one key are never divided between two tables of a level', () => {
  const harness = new LsmHarness()
  const snapshots = []
  for (let version = 0; version < 200; version++) {
    harness.put('the same key', `version ${version} ${'x'.repeat(40)}`)
    snapshots.push(harness.store.snapshot())
  }
  harness.store.compact()
  // The manifest, and one table; the others are those of the snapshots.
  expect(verified(harness.store).files).toBe(2)
  for (const [version, snapshot] of snapshots.entries()) {
    expect(contentOf(snapshot).get('the same key')).toContain(`version ${version} `)
    snapshot.release()
  }
  harness.store.close()
})

test('a checkpoint in steps contains what was frozen, and no more', () => {
  const harness = new LsmHarness()
  fill(harness, 50)
  const timeSlice = { sync: () => undefined, syncAsync: () => Promise.resolve() }
  const task = harness.store.beginCheckpoint(undefined, timeSlice)
  const frozen = sorted(harness.entries)
  harness.put('later', 'x')
  task.sync()
  expect(harness.store.durableSeq).toBe(50)
  harness.reopen()
  expect(harness.content()).toEqual(frozen)
})

test('a delete stays while a deeper level has its key', () => {
  const harness = new LsmHarness({ ...SMALL, levelBaseBytes: 2048 })
  fill(harness, 1500)
  harness.store.compact()
  // The last level is so large that flushed tables are merged into a level above it.
  for (let index = 0; index < 1500; index += 3) harness.delete(`key${String(index).padStart(5, '0')}`)
  for (let index = 0; index < 300; index++) harness.put(`other${index}`, 'x'.repeat(40))
  const { depth, levels = [], liveBytes } = harness.store.stats()
  expect(depth).toBeGreaterThan(1)
  expect(levels.filter(({ tableCount }) => tableCount > 0)).toHaveLength(depth)
  expect(levels.reduce((sum, { fileBytes }) => sum + fileBytes, 0)).toBe(liveBytes)
  expect(harness.content()).toEqual(sorted(harness.entries))
})

test('deletes that a snapshot has kept in the last level go with it', () => {
  const harness = new LsmHarness()
  fill(harness, 400)
  const snapshot = harness.store.snapshot()
  for (let index = 0; index < 400; index++) harness.delete(`key${String(index).padStart(5, '0')}`)
  harness.store.compact()
  expect(verified(harness.store).entries).toBe(800)
  snapshot.release()
  harness.store.beginCompaction({ effort: 'automatic' })?.sync()
  expect(harness.tableNames()).toEqual([])
})

test('an idle store returns the space of deleted and overwritten entries, and then rests', () => {
  const harness = new LsmHarness({ ...SMALL, memtableBytes: 32_768, levelBaseBytes: 32_768 })
  for (let index = 0; index < 600; index++)
    harness.put(`key${String(index).padStart(5, '0')}`, 'v'.repeat(100))
  harness.store.compact()
  const { fileBytes } = harness.store.stats()
  expect(harness.store.isIdleWorkDue()).toBe(false)
  for (let index = 0; index < 300; index++) harness.delete(`key${String(index).padStart(5, '0')}`)
  expect(harness.store.stats().fileBytes).toBeGreaterThanOrEqual(fileBytes)
  expect(harness.store.isIdleWorkDue()).toBe(true)
  harness.store.beginCompaction({ effort: 'idle' })?.sync()
  expect(harness.store.stats().fileBytes).toBeLessThan(0.6 * fileBytes)
  expect(harness.store.isIdleWorkDue()).toBe(false)
  expect(harness.store.beginCompaction({ effort: 'idle' })).toBeUndefined()
  harness.deleteRange('key00300')
  expect(harness.store.isIdleWorkDue()).toBe(true)
  harness.store.beginCompaction({ effort: 'idle' })?.sync()
  expect(harness.tableNames()).toEqual([])
  expect(harness.content()).toEqual(sorted(harness.entries))
})

test('an idle compaction ends early when it is interrupted', () => {
  const harness = new LsmHarness()
  fill(harness, 1200)
  for (let index = 0; index < 1200; index++) harness.delete(`key${String(index).padStart(5, '0')}`)
  let calls = 0
  harness.store.beginCompaction({ effort: 'idle', isInterrupted: () => ++calls > 3 })?.sync()
  expect(calls).toBe(4)
  expect(harness.store.isIdleWorkDue()).toBe(true)
  expect(harness.content()).toEqual(sorted(harness.entries))
})

test('a range tombstone stays while a deeper level has keys in its range', () => {
  const harness = new LsmHarness({ ...SMALL, levelBaseBytes: 2048 })
  fill(harness, 1500)
  harness.store.compact()
  harness.deleteRange('key00300', 'key00900')
  for (let index = 0; index < 300; index++) harness.put(`other${index}`, 'x'.repeat(40))
  const { depth } = harness.store.stats()
  expect(depth).toBeGreaterThan(1)
  expect(harness.content()).toEqual(sorted(harness.entries))
})

/** Bytes of two memtables. */
const MEMTABLES = 8192

test('a store asks for a checkpoint when it returns a quarter of the space, and not before', () => {
  let wantsCheckpoint = false
  const observer = {
    wantsCheckpoint: () => (wantsCheckpoint = true),
    stalled: () => undefined,
    completed: () => undefined,
    failed: () => undefined,
    healed: () => undefined,
  }
  const harness = new LsmHarness({ ...SMALL, observer })
  const { store } = harness
  const replacedBytes = (): number => store.stats().fileBytes - (store.stats().liveBytes ?? 0)
  fill(harness, 1200)
  store.compact()
  expect([replacedBytes(), store.isIdleWorkDue()]).toEqual([0, false])
  wantsCheckpoint = false
  for (let index = 0; !wantsCheckpoint; index++) {
    expect(replacedBytes()).toBeLessThanOrEqual(Math.max(MEMTABLES, 0.25 * store.stats().fileBytes))
    harness.put(`key${String(index % 1200).padStart(5, '0')}`, `new ${index}`)
  }
  expect(replacedBytes()).toBeGreaterThan(MEMTABLES)
  expect(store.isIdleWorkDue()).toBe(true)
  store.checkpoint()
  expect(replacedBytes()).toBe(0)
})
