import { compareBytes } from '@ldb/base'
import type { StoreSnapshot } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { CrashVfs, seeded } from '../../test/crash-vfs.js'
import { entriesOf, findingsOf, keyOf, textOf, TreeHarness } from '../../test/tree-harness.js'
import { BTree } from '../btree.js'

const PAGE_BYTES = 4096
/** Bytes of an entry in a leaf besides its key and value. */
const ENTRY_OVERHEAD = 10
/** Live pages besides leaves and branches: meta blocks and free space. */
const FIXED_PAGES = 5
/** Pages of the file besides those of the tree: copies of branches, too. */
const CONSTANT_PAGES = 16

interface Load {
  readonly count: number
  readonly key: (index: number, random: (bound: number) => number) => string
  readonly valueBytes: (random: (bound: number) => number) => number
}

const FIXED: Load = { count: 8000, key: (index) => String(index).padStart(8, '0'), valueBytes: () => 92 }
const VARIABLE: Load = {
  count: 7000,
  key: (index, random) => `${String(index).padStart(8, '0')}${'k'.repeat(random(30))}`,
  valueBytes: (random) => random(220),
}
const LONG_KEYS: Load = {
  count: 700,
  key: (index) => `${'common'.repeat(100)}${String(index).padStart(6, '0')}${'k'.repeat(300)}`,
  valueBytes: () => 100,
}

/** Fills a tree in one batch. */
function filled(load: Load, options: { readonly cachePages?: number; readonly vfs?: Vfs } = {}): TreeHarness {
  const harness = new TreeHarness({ pageBytes: PAGE_BYTES, cachePages: 1024, ...options })
  const random = seeded(7)
  const entries = Array.from({ length: load.count }, (_, index) => {
    const value = String.fromCharCode(97 + (index % 26)).repeat(load.valueBytes(random))
    return [load.key(index, random), value] as const
  })
  harness.apply((batch) => {
    for (const [key, value] of entries) batch.put(0, keyOf(key), keyOf(value))
  })
  harness.model = new Map(entries)
  return harness
}

/** Deletes entries at random, and keeps one of `kept`. */
function thin(harness: TreeHarness, kept: number, random: (bound: number) => number): void {
  const deleted = [...harness.model.keys()].filter(() => random(kept) > 0)
  harness.apply((batch) => {
    for (const key of deleted) batch.delete(0, keyOf(key))
  })
  for (const key of deleted) harness.model.delete(key)
  harness.tree.checkpoint()
}

function dataBytes(harness: TreeHarness): number {
  let sum = 0
  for (const [key, value] of harness.model) sum += key.length + value.length + ENTRY_OVERHEAD
  return sum
}

/** Expects that the pages are filled to 85 % and the file contains hardly anything else. */
function expectPacked(harness: TreeHarness): void {
  const { liveBytes, fileBytes } = harness.tree.stats()
  const live = dataBytes(harness)
  expect(live / (liveBytes - FIXED_PAGES * PAGE_BYTES)).toBeGreaterThan(0.85)
  expect(fileBytes).toBeLessThan(live / 0.85 + CONSTANT_PAGES * PAGE_BYTES)
  expect(harness.vfs.status(harness.path)!.length).toBe(fileBytes)
}

function expectValid(harness: TreeHarness): void {
  expect(findingsOf(harness.tree)).toEqual([])
  expect(harness.actual()).toEqual(harness.expected())
}

describe('compaction after random deletions fills the pages', () => {
  test.each([
    ['half of entries of one size', FIXED, 2],
    ['nine of ten entries of one size', FIXED, 10],
    ['half of entries of many sizes', VARIABLE, 2],
    ['nine of ten entries of many sizes', VARIABLE, 10],
  ])('%s', (_, load, kept) => {
    const harness = filled(load)
    thin(harness, kept, seeded(kept))
    harness.tree.compact()
    expectPacked(harness)
    expectValid(harness)
    harness.reopen()
    expectValid(harness)
  })

  test('of keys with separators in extents', () => {
    const harness = filled(LONG_KEYS)
    thin(harness, 2, seeded(3))
    const { liveBytes } = harness.tree.stats()
    harness.tree.compact()
    // Most pages belong to the extents of keys.
    expect(harness.tree.stats().liveBytes).toBeLessThan(0.9 * liveBytes)
    expectValid(harness)
  })

  test('with a cache that is much smaller than the tree', () => {
    const harness = filled(FIXED, { cachePages: 32 })
    thin(harness, 2, seeded(4))
    harness.tree.compact()
    expectPacked(harness)
    expectValid(harness)
  })

  test('in vain while a snapshot reaches the old pages, whose entries it keeps', () => {
    const harness = filled(FIXED)
    const before = harness.expected()
    const snapshot = harness.tree.snapshot()
    thin(harness, 2, seeded(5))
    harness.tree.compact()
    expect(entriesOf(snapshot)).toEqual(before)
    expectValid(harness)
    snapshot.release()
    harness.tree.compact()
    expectPacked(harness)
    expectValid(harness)
  })

  test('of a range, and leaves the other pages', () => {
    const harness = filled(FIXED)
    thin(harness, 2, seeded(6))
    const { liveBytes } = harness.tree.stats()
    const pages = (): number => harness.tree.stats().liveBytes / PAGE_BYTES
    const before = pages()
    harness.tree.compact({ lower: keyOf('00002000'), upper: keyOf('00004000') })
    // A quarter of the leaves becomes half as many.
    expect(pages()).toBeLessThan(before * 0.89)
    expect(pages()).toBeGreaterThan(before * 0.86)
    expect(liveBytes).toBe(before * PAGE_BYTES)
    harness.tree.compact({ lower: keyOf('00004000') })
    harness.tree.compact({ upper: keyOf('00002000') })
    expectPacked(harness)
    expectValid(harness)
  })
})

test('a second compaction changes hardly any page', () => {
  const crash = new CrashVfs('/tree.ldb')
  const harness = filled(VARIABLE, { vfs: crash.vfs })
  thin(harness, 2, seeded(8))
  harness.tree.compact()
  const before = crash.present()
  harness.tree.compact()
  const after = crash.present()
  let changed = 0
  for (let at = 0; at < after.length; at += PAGE_BYTES) {
    const page = after.subarray(at, at + PAGE_BYTES)
    if (compareBytes(page, before.subarray(at, at + PAGE_BYTES)) !== 0) changed += 1
  }
  // Meta blocks, free space and a few copies.
  expect(changed).toBeLessThan(12)
  expect(after.length).toBeLessThanOrEqual(before.length)
})

test('a damaged leaf is left as it is', () => {
  const crash = new CrashVfs('/tree.ldb')
  const harness = filled(FIXED, { vfs: crash.vfs })
  thin(harness, 2, seeded(9))
  const image = crash.present()
  const at = textOf(image).indexOf('00000500')
  expect(at).toBeGreaterThan(0)
  image[at] = 0x7f
  const damaged = new CrashVfs('/tree.ldb', image)
  const tree = BTree.open(damaged.vfs, '/tree.ldb')
  tree.compact({ upper: keyOf('00001000') })
  const findings = findingsOf(tree)
  expect(findings.length).toBeGreaterThan(0)
  expect(() => tree.get(keyOf('00000500'))).toThrow(expect.objectContaining({ code: 'LDB_CORRUPTION' }))
  tree.close()
})

/**
 * Strategy: between the time slices of a compaction, writes happen, snapshots are taken and released, and the power fails. With invariants
 * checked, a slice packs two pages.
 * Invariants: a snapshot shows the state at which it was taken; a crash image is the state of the commit that it names; `verify` has no
 * findings.
 */
describe.each([32, 256])('compaction in time slices, with %d pages of cache', (cachePages) => {
  const pageBytes = 512

  function sparse(crash: CrashVfs, random: (bound: number) => number): TreeHarness {
    const harness = new TreeHarness({ vfs: crash.vfs, pageBytes, cachePages })
    for (let step = 0; step < 400; step += 1) write(harness, random)
    for (const key of harness.model.keys()) if (random(2) === 0) harness.delete(key)
    return harness
  }

  function write(harness: TreeHarness, random: (bound: number) => number): void {
    const key = `${random(4) === 0 ? 'k'.repeat(70) : 'key-'}${random(900)}`
    if (random(3) > 0) harness.put(key, 'v'.repeat(random(20) === 0 ? random(1500) : random(80)))
    else harness.delete(key)
  }

  test.each([1, 2])('shows the commits of its time, seed %d', async (seed) => {
    const random = seeded(seed * 7919 + cachePages)
    const crash = new CrashVfs('/tree.ldb')
    const harness = sparse(crash, random)
    const states = new Map([[Number(harness.tree.seq), harness.expected()]])
    const snapshots: { readonly snapshot: StoreSnapshot; readonly entries: [string, string][] }[] = []
    const release = (): void => {
      const released = snapshots.shift()
      if (released === undefined) return
      expect(entriesOf(released.snapshot)).toEqual(released.entries)
      released.snapshot.release()
    }
    let slices = 0
    const between = async (): Promise<void> => {
      slices += 1
      if (random(6) === 0) {
        write(harness, random)
        states.set(harness.tree.seq, harness.expected())
      }
      if (random(15) === 0) snapshots.push({ snapshot: harness.tree.snapshot(), entries: harness.expected() })
      if (random(15) === 0) release()
      if (random(30) === 0) expect(harness.actual()).toEqual(harness.expected())
    }
    harness.tree.checkpoint()
    crash.onChange = () => {
      if (random(120) > 0) return
      const image = new CrashVfs('/tree.ldb', crash.crashImage(random))
      const opened = new TreeHarness({ vfs: image.vfs, pageBytes, cachePages })
      expect(opened.actual()).toEqual(states.get(opened.tree.seq))
      expect(findingsOf(opened.tree)).toEqual([])
      opened.tree.close()
    }
    const timeSlice = { sync: () => undefined, syncAsync: between }
    await harness.tree.beginCompaction({ effort: 'full', timeSlice })!.syncAsync()
    crash.onChange = undefined
    expect(slices).toBeGreaterThan(100)
    while (snapshots.length > 0) release()
    expectValid(harness)
    harness.tree.checkpoint()
    harness.reopen()
    expectValid(harness)
  })

  test.each(['close', 'abort', 'sync', 'fail'] as const)('may end in the middle: %s', async (ending) => {
    const random = seeded(cachePages)
    for (let round = 0; round < 4; round += 1) {
      const crash = new CrashVfs('/tree.ldb')
      const harness = sparse(crash, random)
      let left = 1 + random(200)
      const between = async (): Promise<void> => {
        left -= 1
        if (left !== 0) return
        if (ending === 'close') harness.tree.close()
        else if (ending === 'abort') task.abort(new Error('aborted'))
        else if (ending === 'sync') task.sync()
        else crash.failing = (operation) => (operation === 'read' ? undefined : 'EIO')
      }
      const timeSlice = { sync: () => undefined, syncAsync: between }
      harness.tree.checkpoint()
      const task = harness.tree.beginCompaction({ effort: 'full', timeSlice })!
      const failure = await task.syncAsync().catch((error: unknown) => error)
      crash.failing = undefined
      if (ending === 'sync') expect(failure).toBeUndefined()
      else if (left <= 0 && ending !== 'abort') {
        expect(failure).toMatchObject({ code: ending === 'close' ? 'LDB_CLOSED' : 'LDB_IO' })
      }
      if (ending === 'abort') expectValid(harness)
      harness.reopen()
      expectValid(harness)
      harness.tree.close()
    }
  })
})
