import { isLdbError, toSeq } from '@ldb/base'
import type { StoreLoad } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { LsmTree } from '../src/index.js'
import { bytesOf, contentOf, LsmHarness, SMALL, sorted, verified } from './lsm-harness.js'

function keyOf(index: number): string {
  return `key${String(index).padStart(5, '0')}`
}

/** Adds entries to a load, as its owner does: syncs each table. */
function addAll(load: StoreLoad, entries: readonly (readonly [string, string])[]): void {
  for (const [key, value] of entries) {
    load.add(bytesOf(key), key.length, bytesOf(value))
    if (load.isPersistDue) load.persist().sync()
  }
}

function range(from: number, to: number, value: string, step = 1): [string, string][] {
  const entries: [string, string][] = []
  for (let index = from; index < to; index += step) entries.push([keyOf(index), `${value}${index}`])
  return entries
}

function expectConsistent(harness: LsmHarness): void {
  expect(harness.content()).toEqual(sorted(harness.entries))
  for (const [key, value] of harness.entries) expect(harness.store.get(bytesOf(key))).toEqual(bytesOf(value))
  expect(verified(harness.store).findings).toEqual([])
}

function levelsOf(harness: LsmHarness): number[] {
  return (harness.store.stats().levels ?? []).map(({ tableCount }) => tableCount)
}

describe('a sorted load', () => {
  test('into an empty store writes the last level once, and is durable at once', () => {
    const harness = new LsmHarness()
    harness.load(range(0, 500, 'a'))
    expect(levelsOf(harness).slice(0, 6)).toEqual([0, 0, 0, 0, 0, 0])
    expect(levelsOf(harness)[6]).toBeGreaterThan(3)
    expect(harness.store.durableSeq).toBe(harness.store.seq)
    expectConsistent(harness)
    harness.reopen()
    expectConsistent(harness)
  })

  test('overwrites older entries and range deletes, and is overwritten by newer ones', () => {
    const harness = new LsmHarness()
    for (let index = 0; index < 400; index++) harness.put(keyOf(index), `old ${index} ${'x'.repeat(20)}`)
    harness.store.checkpoint()
    harness.deleteRange(keyOf(50), keyOf(150))
    harness.put(keyOf(120), 'in the memtable')
    harness.load(range(100, 300, 'loaded ', 2))
    expectConsistent(harness)
    harness.put(keyOf(102), 'newer')
    harness.delete(keyOf(104))
    harness.deleteRange(keyOf(200), keyOf(220))
    expectConsistent(harness)
    harness.store.checkpoint()
    harness.reopen()
    expectConsistent(harness)
    harness.store.compact()
    expectConsistent(harness)
    expect(verified(harness.store).entries).toBe(harness.entries.size)
  })

  test('is seen by no snapshot taken before, whatever is compacted later', () => {
    const harness = new LsmHarness()
    for (let index = 0; index < 200; index++) harness.put(keyOf(index), `old ${index}`)
    const load = harness.store.beginLoad()
    addAll(load, range(0, 300, 'loaded '))
    const before = sorted(harness.entries)
    const snapshot = harness.store.snapshot()
    load.complete().sync()
    expect(harness.content()).toEqual(before)
    harness.install(load)
    for (const [key, value] of range(0, 300, 'loaded ')) harness.entries.set(key, value)
    expect(contentOf(snapshot)).toEqual(before)
    expectConsistent(harness)
    harness.store.compact()
    expect(contentOf(snapshot)).toEqual(before)
    expect(snapshot.get(bytesOf(keyOf(7)))).toEqual(bytesOf('old 7'))
    snapshot.release()
    harness.store.compact()
    expect(verified(harness.store).entries).toBe(harness.entries.size)
  })

  test('is newer than what is written while it runs', () => {
    const harness = new LsmHarness()
    const load = harness.store.beginLoad()
    addAll(load, range(0, 100, 'loaded '))
    for (let index = 50; index < 150; index++) harness.put(keyOf(index), 'meanwhile')
    load.complete().sync()
    harness.put(keyOf(10), 'after the preparation')
    harness.install(load)
    for (const [key, value] of range(0, 100, 'loaded ')) harness.entries.set(key, value)
    expectConsistent(harness)
    harness.reopen()
    expectConsistent(harness)
  })

  test('interleaves with writes, compactions and other loads', () => {
    const harness = new LsmHarness()
    for (let round = 0; round < 12; round++) {
      const from = (round * 137) % 600
      const load = harness.store.beginLoad()
      const entries = range(from, from + 200, `load ${round} `, 1 + (round % 3))
      addAll(load, entries)
      for (let index = 0; index < 60; index++)
        harness.put(keyOf((index * 31 + round * 71) % 800), `put ${round} ${'y'.repeat(30)}`)
      if (round % 4 === 1) harness.deleteRange(keyOf(from + 20), keyOf(from + 90))
      load.complete().sync()
      if (round % 3 === 2)
        for (let index = 0; index < 40; index++) harness.put(keyOf(index * 20), `z${round}`)
      harness.install(load)
      for (const [key, value] of entries) harness.entries.set(key, value)
      expectConsistent(harness)
      if (round % 5 === 4) harness.reopen()
    }
    expectConsistent(harness)
    harness.store.compact()
    expectConsistent(harness)
  })

  test('of two loads of the same keys, the one installed last wins', () => {
    const harness = new LsmHarness()
    const first = harness.store.beginLoad()
    const second = harness.store.beginLoad()
    addAll(first, range(0, 100, 'first '))
    addAll(second, range(0, 100, 'second '))
    second.complete().sync()
    first.complete().sync()
    harness.install(second)
    harness.install(first)
    for (const [key, value] of range(0, 100, 'first ')) harness.entries.set(key, value)
    expectConsistent(harness)
  })

  test('refuses keys that do not ascend', () => {
    const { store } = new LsmHarness()
    const load = store.beginLoad()
    const add = (key: string): void => {
      load.add(bytesOf(key), key.length, bytesOf('x'))
    }
    add('b')
    for (const key of ['b', 'a', '']) expect(() => add(key)).toThrow(/ascend/)
    add('ba')
    load.abort()
  })

  test('leaves no file when it is aborted, or its store is closed', () => {
    const harness = new LsmHarness()
    for (let index = 0; index < 200; index++) harness.put(keyOf(index), 'x'.repeat(30))
    harness.store.checkpoint()
    const before = harness.tableNames()
    const aborted = harness.store.beginLoad()
    addAll(aborted, range(0, 300, 'aborted'))
    expect(harness.tableNames().length).toBeGreaterThan(before.length)
    aborted.abort()
    expect(harness.tableNames()).toEqual(before)
    const open = harness.store.beginLoad()
    addAll(open, range(0, 300, 'open'))
    harness.store.close()
    expect(harness.tableNames()).toEqual(before)
    const refusal = (() => {
      try {
        open.add(bytesOf('z'), 1, bytesOf('z'))
      } catch (error) {
        return error
      }
      return undefined
    })()
    expect(isLdbError(refusal, 'LDB_CLOSED')).toBe(true)
  })

  test('is removed after the next open when a crash has interrupted it', () => {
    const vfs = new MemoryVfs()
    const store = LsmTree.open(vfs, 'store', SMALL)
    addAll(store.beginLoad(), range(0, 300, 'lost'))
    // The process ends: nothing is closed.
    const again = LsmTree.open(vfs, 'store', { ...SMALL, rewriteManifest: 'none' })
    again.checkpoint()
    expect(vfs.list('store').filter((name) => name.endsWith('.sst'))).toEqual([])
    expect(again.seq).toBe(0)
  })

  test('makes a checkpoint in progress complete first', () => {
    const harness = new LsmHarness()
    for (let index = 0; index < 100; index++) harness.put(keyOf(index), 'x'.repeat(30))
    const timeSlice = { sync: () => undefined, syncAsync: () => Promise.resolve() }
    const load = harness.store.beginLoad()
    addAll(load, range(50, 150, 'loaded '))
    load.complete().sync()
    const checkpoint = harness.store.beginCheckpoint(undefined, timeSlice)
    harness.put(keyOf(60), 'before the load')
    harness.install(load)
    expect(checkpoint.isEnded).toBe(true)
    for (const [key, value] of range(50, 150, 'loaded ')) harness.entries.set(key, value)
    harness.reopen()
    expectConsistent(harness)
  })
})

test('durableSeq never decreases after a load', () => {
  const harness = new LsmHarness()
  harness.load(range(0, 10, 'a'))
  const loaded = harness.store.durableSeq
  harness.put('x', 'y')
  void harness.store.persistRecovered()
  expect(harness.store.durableSeq).toBeGreaterThanOrEqual(loaded)
  harness.store.checkpoint()
  expect(harness.store.durableSeq).toBe(toSeq(loaded + 1))
})
