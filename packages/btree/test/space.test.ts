import type { StoreSnapshot } from '@ldb/base'
import { describe, expect, test } from 'vitest'
import { metaCopyEnd } from '../src/format.js'
import { seeded } from './crash-vfs.js'
import { entriesOf, findingsOf, TreeHarness } from './tree-harness.js'

/**
 * Strategy: workloads that leak if retired pages are not reused. Invariants: the size of the file stays in proportion to its live
 * data, and every page is accounted for.
 */
const PAGE_BYTES = 1024

function makeTree(cachePages = 400): TreeHarness {
  return new TreeHarness({ pageBytes: PAGE_BYTES, cachePages })
}

function nameOf(index: number): string {
  return `user:${String(index).padStart(8, '0')}`
}

/** Writes all keys in a random order, in batches. */
function rewrite(
  harness: TreeHarness,
  keyCount: number,
  random: (bound: number) => number,
  value: string,
): void {
  const order = Array.from({ length: keyCount }, (_, index) => index)
  for (let index = keyCount - 1; index > 0; index -= 1) {
    const other = random(index + 1)
    ;[order[index], order[other]] = [order[other]!, order[index]!]
  }
  const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
  const content = bytesOf(value)
  for (let start = 0; start < keyCount; start += 500) {
    harness.apply((batch) => {
      for (const index of order.slice(start, start + 500)) batch.put(0, bytesOf(nameOf(index)), content)
    })
  }
}

function fileBytes(harness: TreeHarness): number {
  const { length } = harness.vfs.status(harness.path)!
  return Math.max(length, harness.tree.stats().fileBytes)
}

describe('deleting everything', () => {
  test.each([
    ['by range', (harness: TreeHarness) => harness.deleteRange('', undefined)],
    [
      'by two ranges',
      (harness: TreeHarness) => [
        harness.deleteRange('', nameOf(1500)),
        harness.deleteRange(nameOf(1500), 'v'),
      ],
    ],
    ['key by key', (harness: TreeHarness) => [...harness.model.keys()].forEach((key) => harness.delete(key))],
    [
      'key by key, backwards',
      (harness: TreeHarness) => [...harness.model.keys()].reverse().forEach((key) => harness.delete(key)),
    ],
  ])('%s shrinks the file', (_, deleteAll) => {
    const harness = makeTree(64)
    for (let index = 0; index < 3000; index += 1) {
      const isLong = index % 50 === 0
      harness.put(
        isLong ? `${nameOf(index)}${'k'.repeat(300)}` : nameOf(index),
        'v'.repeat(isLong ? 3000 : 80),
      )
    }
    harness.tree.checkpoint()
    expect(fileBytes(harness)).toBeGreaterThan(300_000)
    deleteAll(harness)
    harness.tree.compact()
    expect(harness.tree.entryCount).toBe(0)
    expect(fileBytes(harness)).toBeLessThanOrEqual((metaCopyEnd(PAGE_BYTES) + 2) * PAGE_BYTES)
    expect(findingsOf(harness.tree)).toEqual([])
  })
})

test('rewriting the same keys in random order keeps the file within bounds', () => {
  const keyCount = 20_000
  const harness = makeTree(4000)
  const random = seeded(11)
  const sizes: number[] = []
  for (let round = 0; round < 20; round += 1) {
    rewrite(harness, keyCount, random, `${round}`.padEnd(50, 'x'))
    harness.tree.checkpoint()
    sizes.push(fileBytes(harness))
  }
  const contentBytes = keyCount * (nameOf(0).length + 50)
  expect(Math.max(...sizes)).toBeLessThan(contentBytes * 4.5)
  expect(Math.max(...sizes.slice(15))).toBeLessThanOrEqual(Math.max(...sizes.slice(0, 5)) * 1.1)
  harness.tree.compact()
  expect(fileBytes(harness)).toBeLessThan(contentBytes * 2)
  expect(harness.tree.entryCount).toBe(keyCount)
  expect(findingsOf(harness.tree)).toEqual([])
})

test('a long-open snapshot costs one copy of its pages, which are reused after its release', () => {
  const keyCount = 3000
  const harness = makeTree(2000)
  const random = seeded(12)
  rewrite(harness, keyCount, random, 'a'.repeat(50))
  harness.tree.checkpoint()
  const alone = fileBytes(harness)
  const snapshot = harness.tree.snapshot()
  for (let round = 0; round < 15; round += 1) {
    rewrite(harness, keyCount, random, String(round).padEnd(50, 'b'))
    harness.tree.checkpoint()
    // Pages of the snapshot, of the last checkpoint, and of the present tree.
    expect(fileBytes(harness)).toBeLessThan(alone * 5)
  }
  expect(entriesOf(snapshot).every(([, value]) => value === 'a'.repeat(50))).toBe(true)
  expect(snapshot.count()).toBe(keyCount)
  snapshot.release()
  harness.tree.compact()
  expect(fileBytes(harness)).toBeLessThan(alone * 1.6)
  expect(findingsOf(harness.tree)).toEqual([])
})

describe('a short snapshot for each write', () => {
  /** Writes 20,000 times, each time with an own snapshot open. */
  function writeWithSnapshots(harness: TreeHarness): void {
    const random = seeded(13)
    for (let step = 0; step < 20_000; step += 1) {
      const snapshot = harness.tree.snapshot()
      harness.put(nameOf(random(500)), String(step).padEnd(random(10) === 0 ? 600 : 40, 'c'))
      snapshot.release()
    }
  }

  test('leaks nothing: pages are reused before the next checkpoint', () => {
    const harness = makeTree()
    for (let index = 0; index < 500; index += 1) harness.put(nameOf(index), 'v'.repeat(40))
    harness.tree.checkpoint()
    const before = fileBytes(harness)
    writeWithSnapshots(harness)
    // The tree grows by its longer values, and has a second copy of each page for the checkpoint.
    expect(fileBytes(harness)).toBeLessThan(before * 6)
    harness.tree.compact()
    expect(harness.actual()).toEqual(harness.expected())
    expect(findingsOf(harness.tree)).toEqual([])
  })

  test('leaks nothing while another snapshot stays open', () => {
    const harness = makeTree()
    for (let index = 0; index < 500; index += 1) harness.put(nameOf(index), 'v'.repeat(40))
    harness.tree.checkpoint()
    const before = fileBytes(harness)
    harness.put(nameOf(1), 'changed')
    const reader = harness.tree.snapshot()
    const expected = harness.expected()
    writeWithSnapshots(harness)
    expect(fileBytes(harness)).toBeLessThan(before * 10)
    expect(entriesOf(reader)).toEqual(expected)
    reader.release()
    harness.tree.compact()
    expect(findingsOf(harness.tree)).toEqual([])
  })

  test('leaks nothing when snapshots overlap and are released in any order', () => {
    const harness = makeTree()
    const random = seeded(14)
    const open: StoreSnapshot[] = []
    for (let index = 0; index < 500; index += 1) harness.put(nameOf(index), 'v'.repeat(40))
    harness.tree.checkpoint()
    const before = fileBytes(harness)
    for (let step = 0; step < 10_000; step += 1) {
      open.push(harness.tree.snapshot())
      harness.put(nameOf(random(500)), String(step).padEnd(40, 'd'))
      if (open.length > 5) open.splice(random(open.length), 1)[0]!.release()
      if (step % 2500 === 0) harness.tree.checkpoint()
    }
    expect(fileBytes(harness)).toBeLessThan(before * 10)
    for (const each of open) each.release()
    harness.tree.compact()
    expect(fileBytes(harness)).toBeLessThan(before * 2)
    expect(findingsOf(harness.tree)).toEqual([])
  })
})
