import { describe, expect, test } from 'vitest'
import { CrashVfs, seeded } from './crash-vfs.js'
import { recordOf } from './records.js'
import { findingsOf, TreeHarness } from './tree-harness.js'

/**
 * Strategy: a workload with several checkpoints, small pages and few frames, so that pages are evicted at any time. After
 * each operation that changes the file, crash images are made and opened: with none, all and random subsets of the unsynced
 * sectors, and various lengths. Some images are changed and crash again.
 * Invariants: an opened image equals the model at the last durable checkpoint, or at the one in progress;
 * `verify` has no findings.
 */
const PAGE_BYTES = 512

type Entries = [string, string][]

interface Trace {
  readonly crash: CrashVfs
  readonly harness: TreeHarness
  /** Entries at the last completed checkpoint. */
  durable: Entries
  /** Entries of the checkpoint in progress, if any. */
  next: Entries | undefined
  images: number
}

/** Opens an image, compares it with the allowed states, and returns the tree. */
function openImage(
  image: Uint8Array,
  allowed: readonly (Entries | undefined)[],
  what: string,
): { harness: TreeHarness; crash: CrashVfs } {
  const crash = new CrashVfs('/tree.ldb', image)
  const harness = new TreeHarness({ vfs: crash.vfs, pageBytes: PAGE_BYTES, cachePages: 32 })
  const actual = JSON.stringify(harness.actual())
  if (!allowed.some((each) => each !== undefined && JSON.stringify(each) === actual)) {
    expect.unreachable(`${what}: the tree equals none of the allowed checkpoints`)
  }
  const findings = findingsOf(harness.tree)
  if (findings.length > 0) expect.unreachable(`${what}: ${JSON.stringify(findings[0])}`)
  harness.model = new Map(harness.actual())
  return { harness, crash }
}

function work(harness: TreeHarness, random: (bound: number) => number, count: number): void {
  for (let step = 0; step < count; step += 1) {
    const key = `${random(3) === 0 ? 'k'.repeat(70) : 'key-'}${random(120)}`
    const kind = random(20)
    if (kind < 13)
      harness.put(key, String.fromCharCode(random(256)).repeat(random(10) === 0 ? random(1500) : random(120)))
    else if (kind < 19) harness.delete(key)
    else harness.deleteRange(key, `${key}5`)
  }
}

function checkpoint(trace: Trace, shrink: boolean): void {
  const { harness } = trace
  trace.next = harness.expected()
  if (shrink) harness.tree.compact()
  else harness.tree.checkpoint()
  trace.durable = trace.next
  trace.next = undefined
}

function inspect(trace: Trace, random: (bound: number) => number, what: string): void {
  const { crash } = trace
  const allowed = [trace.durable, trace.next]
  const choices = crash.unsyncedCount === 0 ? (['none'] as const) : (['none', 'all', random, random] as const)
  for (const choice of choices) {
    trace.images += 1
    const opened = openImage(crash.crashImage(choice), allowed, what)
    if (random(12) === 0) crashAgain(opened, random, what)
    opened.harness.tree.close()
  }
}

/** Changes a tree that was opened after a crash, and crashes it again during its checkpoint. */
function crashAgain(
  opened: { harness: TreeHarness; crash: CrashVfs },
  random: (bound: number) => number,
  what: string,
): void {
  const { harness, crash } = opened
  const before = harness.expected()
  work(harness, random, 10)
  const after = harness.expected()
  crash.onChange = () => {
    if (random(3) > 0) return
    const again = openImage(crash.crashImage(random), [before, after], `${what}, again`)
    again.harness.tree.close()
  }
  harness.tree.checkpoint()
  crash.onChange = undefined
  openImage(crash.crashImage('none'), [after], `${what}, again, done`).harness.tree.close()
}

describe('power failure', () => {
  test.each([1, 2, 3])('at any moment leaves the last checkpoint or the one in progress, seed %d', (seed) => {
    const random = seeded(seed * 104_729)
    const crash = new CrashVfs('/tree.ldb')
    const harness = new TreeHarness({ vfs: crash.vfs, pageBytes: PAGE_BYTES, cachePages: 32 })
    const trace: Trace = { crash, harness, durable: [], next: undefined, images: 0 }
    let operation = 0
    crash.onChange = () => inspect(trace, random, `seed ${seed}, change ${(operation += 1)}`)
    for (let round = 0; round < 4; round += 1) {
      const snapshot = round === 1 ? harness.tree.snapshot() : undefined
      work(harness, random, 60)
      checkpoint(trace, round === 2)
      snapshot?.release()
    }
    harness.deleteRange('', undefined)
    checkpoint(trace, true)
    expect(trace.images).toBeGreaterThan(200)
  })
})

describe('power failure of a tree with dictionaries', () => {
  test('leaves values that can be decoded', () => {
    const random = seeded(15_485_863)
    const crash = new CrashVfs('/tree.ldb')
    const treeOptions = { pageBytes: PAGE_BYTES, cacheBytes: 32 * PAGE_BYTES, dictionary: true }
    const harness = new TreeHarness({ vfs: crash.vfs, treeOptions })
    const trace: Trace = { crash, harness, durable: [], next: undefined, images: 0 }
    let operation = 0
    crash.onChange = () => {
      if (random(3) === 0) inspect(trace, random, `change ${(operation += 1)}`)
    }
    // Three kinds of records: each needs a dictionary of its own.
    for (const [round, kind] of (['person', 'order', 'event', 'person'] as const).entries()) {
      for (let step = 0; step < 120; step += 1) {
        harness.put(`key-${random(150)}`, recordOf(random(999), kind))
      }
      checkpoint(trace, round === 2)
    }
    expect(trace.images).toBeGreaterThan(200)
    // Flag 2 of the file header, in both meta blocks.
    expect([crash.present()[12], crash.present()[4096 + 12]]).toEqual([4, 4])
  })
})

describe('a killed process, then power failure', () => {
  /**
   * A process that dies between writing a meta block and syncing it leaves a block that the next process reads and the
   * device does not have. The next process must not overwrite pages that the older block reaches.
   */
  test.each([1, 2, 3, 4])('leaves one of the checkpoints, seed %d', (seed) => {
    const random = seeded(seed * 7919)
    const crash = new CrashVfs('/tree.ldb')
    const harness = new TreeHarness({ vfs: crash.vfs, pageBytes: PAGE_BYTES, cachePages: 32 })
    work(harness, random, 80)
    harness.tree.checkpoint()
    const first = harness.expected()
    work(harness, random, 80)
    const second = harness.expected()
    // The last sync of the checkpoint never happens.
    let syncs = 0
    crash.failing = (operation) => (operation === 'sync' && (syncs += 1) === 2 ? 'EIO' : undefined)
    expect(() => harness.tree.checkpoint()).toThrow()
    crash.failing = undefined
    harness.reopen()
    expect(harness.actual()).toEqual(second)
    harness.model = new Map(second)
    let next = second
    crash.onChange = () => {
      for (const choice of ['none', random, random] as const) {
        openImage(crash.crashImage(choice), [first, second, next], `seed ${seed}`).harness.tree.close()
      }
    }
    work(harness, random, 60)
    next = harness.expected()
    harness.tree.checkpoint()
    crash.onChange = undefined
    openImage(crash.crashImage('none'), [next], `seed ${seed}, done`).harness.tree.close()
  })
})

test('the crash file system detects a missing sync', () => {
  const crash = new CrashVfs('/tree.ldb')
  const harness = new TreeHarness({ vfs: crash.vfs, pageBytes: PAGE_BYTES, cachePages: 32 })
  work(harness, seeded(1), 60)
  harness.tree.checkpoint()
  const file = crash.vfs.open('/tree.ldb', 'write')
  const { length } = crash.crashImage('none')
  file.write(new Uint8Array(600).fill(1), 0, 600, length)
  expect(crash.crashImage('none')).toHaveLength(length)
  expect(crash.crashImage('all')).toHaveLength(length + 600)
  const lengths = new Set(Array.from({ length: 40 }, (_, seed) => crash.crashImage(seeded(seed)).length))
  expect(lengths.size).toBeGreaterThan(2)
  file.sync()
  expect(crash.crashImage('none')).toHaveLength(length + 600)
  file.close()
})
