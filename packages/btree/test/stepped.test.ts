import type { StoreSnapshot, Syncable } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import { describe, expect, test } from 'vitest'
import { CrashVfs, seeded } from './crash-vfs.js'
import { checkImage } from './image-check.js'
import type { Entries } from './image-check.js'
import { entriesOf, findingsOf, keyOf, TreeHarness } from './tree-harness.js'

/**
 * Strategy: checkpoints are resumable tasks. Between their steps, writes happen, snapshots are taken and released, the power
 * fails, an operation fails, the tree is closed, or a synchronous call completes the task. With invariants checked, a step
 * is one page or a few, so that there are hundreds of steps. Small caches evict frozen pages, large ones do not.
 * Invariants: a snapshot shows the state at which it was taken; a crash image equals the model at the freeze or at the previous
 * checkpoint; `verify` has no findings.
 */
const PAGE_BYTES = 512

type Random = (bound: number) => number

function write(harness: TreeHarness, random: Random, count: number): void {
  for (let step = 0; step < count; step += 1) {
    const key = `${random(3) === 0 ? 'k'.repeat(70) : 'key-'}${random(400)}`
    const kind = random(24)
    if (kind < 17) harness.put(key, 'v'.repeat(random(12) === 0 ? random(1500) : random(80)))
    else if (kind < 23) harness.delete(key)
    else harness.deleteRange(key, `${key}5`)
  }
}

/** Returns a time slice that calls `between`. */
function timeSliceOf(between: () => void): Syncable {
  return {
    sync: (): void => undefined,
    syncAsync: async (): Promise<void> => {
      between()
    },
  }
}

/** Open snapshots, each with the entries that it must have. */
class OpenSnapshots {
  readonly #open: { snapshot: StoreSnapshot; entries: Entries }[] = []

  take(harness: TreeHarness): void {
    this.#open.push({ snapshot: harness.tree.snapshot(), entries: harness.expected() })
  }

  /** Checks and releases a random snapshot. */
  release(random: Random): void {
    const [chosen] = this.#open.splice(random(this.#open.length), 1)
    if (chosen === undefined) return
    expect(entriesOf(chosen.snapshot)).toEqual(chosen.entries)
    chosen.snapshot.release()
  }

  releaseAll(): void {
    while (this.#open.length > 0) this.release(() => 0)
  }
}

const seeds = [1, 2, 3, 4]

describe.each([32, 64, 400])('a checkpoint in steps, with %d pages of cache', (cachePages) => {
  test.each(seeds)('has the frozen state, whatever happens between its steps, seed %d', async (seed) => {
    const random = seeded(seed * 7907 + cachePages)
    const crash = new CrashVfs('/tree.ldb')
    const harness = new TreeHarness({ vfs: crash.vfs, pageBytes: PAGE_BYTES, cachePages })
    const snapshots = new OpenSnapshots()
    let durable: Entries = []
    let next: Entries | undefined
    let sliceCount = 0
    crash.onChange = () => {
      if (random(150) === 0) checkImage(crash.crashImage(random), [durable, next])
    }
    for (let round = 0; round < 5; round += 1) {
      write(harness, random, 150)
      next = harness.expected()
      // Some checkpoints run beside many writes, some beside few or none.
      const pace = [1, 4, 30, 400][random(4)] as number
      const work = harness.tree.beginCheckpoint(
        undefined,
        timeSliceOf(() => {
          sliceCount += 1
          if (random(pace) === 0) write(harness, random, 1 + random(3))
          if (random(12) === 0) snapshots.take(harness)
          if (random(12) === 0) snapshots.release(random)
        }),
      )
      await work.syncAsync()
      durable = next
      next = undefined
      checkImage(crash.crashImage('none'), [durable])
      expect(harness.actual()).toEqual(harness.expected())
      if (random(3) === 0) snapshots.releaseAll()
    }
    snapshots.releaseAll()
    expect(findingsOf(harness.tree)).toEqual([])
    crash.onChange = undefined
    harness.tree.checkpoint()
    expect(findingsOf(harness.tree)).toEqual([])
    harness.reopen()
    expect(harness.actual()).toEqual(harness.expected())
    expect(sliceCount).toBeGreaterThan(200)
  })

  test.each(seeds)('is completed, or abandoned after any step, seed %d', async (seed) => {
    const random = seeded(seed * 6007 + cachePages)
    for (let round = 0; round < 12; round += 1) {
      const crash = new CrashVfs('/tree.ldb')
      const harness = new TreeHarness({ vfs: crash.vfs, pageBytes: PAGE_BYTES, cachePages })
      write(harness, random, 100)
      harness.tree.checkpoint()
      const before = harness.expected()
      write(harness, random, 100)
      const frozen = harness.expected()
      const ending = (['close', 'sync', 'checkpoint', 'fail'] as const)[round % 4]!
      let left = random(150)
      const work = harness.tree.beginCheckpoint(
        undefined,
        timeSliceOf(() => {
          left -= 1
          if (left > 0) write(harness, random, 1)
          if (left !== 0) return
          if (ending === 'close') harness.tree.close()
          else if (ending === 'sync') work.sync()
          else if (ending === 'checkpoint') harness.tree.checkpoint()
          else crash.failing = (operation) => (operation === 'read' ? undefined : 'EIO')
        }),
      )
      const failure = await work.syncAsync().catch((error: unknown) => error)
      crash.failing = undefined
      const codes = { close: 'LDB_CLOSED', sync: undefined, checkpoint: undefined, fail: 'LDB_IO' }
      if (failure !== undefined) expect(failure).toMatchObject({ code: codes[ending] })
      if (ending === 'fail' && failure !== undefined) {
        // The present state is in memory and readable.
        expect(harness.actual()).toEqual(harness.expected())
        expect(() => {
          harness.put('key', 'value')
        }).toThrow(expect.objectContaining({ code: 'LDB_POISONED' }))
      }
      const present = harness.expected()
      if (ending !== 'close' || failure === undefined) harness.tree.close()
      const allowed = ending === 'checkpoint' ? [present, frozen] : [before, frozen]
      checkImage(crash.present(), failure === undefined && ending !== 'checkpoint' ? [frozen] : allowed)
    }
  })
})

describe('branches that are newer than the frozen tree', () => {
  /** Runs a checkpoint. During its time slices, the tree grows to one with branches. */
  async function grow(harness: TreeHarness, prepare: () => void, growths = 3): Promise<void> {
    let sliceCount = 0
    const work = harness.tree.beginCheckpoint(
      undefined,
      timeSliceOf(() => {
        if (sliceCount === 0) prepare()
        sliceCount += 1
        if (sliceCount > growths) return
        for (let key = 0; key < 400; key += 1) harness.put(`key-${sliceCount}-${key}`, 'v'.repeat(60))
      }),
    )
    await work.syncAsync()
    expect(sliceCount).toBeGreaterThan(0)
  }

  const cases: readonly [string, number, (harness: TreeHarness) => void][] = [
    ['an empty tree', 0, () => undefined],
    ['a tree of one leaf', 3, () => undefined],
    [
      'a tree that is emptied',
      400,
      (harness) => {
        harness.deleteRange('', undefined)
      },
    ],
  ]

  test.each(cases)('record the checksums of written children, over %s', async (_, keys, prepare) => {
    const harness = new TreeHarness({ pageBytes: PAGE_BYTES, cachePages: 32 })
    harness.put('key', 'so that there is something to write')
    for (let key = 0; key < keys; key += 1) harness.put(`key-${key}`, 'v'.repeat(60))
    if (keys === 0) harness.delete('key')
    await grow(harness, () => {
      prepare(harness)
    })
    expect(harness.actual()).toEqual(harness.expected())
    await harness.tree
      .beginCheckpoint(
        undefined,
        timeSliceOf(() => undefined),
      )
      .syncAsync()
    expect(findingsOf(harness.tree)).toEqual([])
    harness.reopen()
    expect(harness.actual()).toEqual(harness.expected())
  })

  test('reach the file with the right checksums without being read in between', async () => {
    const harness = new TreeHarness({ pageBytes: PAGE_BYTES, cachePages: 32 })
    harness.put('key', 'value')
    await grow(harness, () => undefined)
    harness.tree.checkpoint()
    harness.reopen()
    expect(findingsOf(harness.tree)).toEqual([])
    expect(harness.actual()).toEqual(harness.expected())
  })

  /** Makes two trees that share few frames: reading the other one evicts all unpinned pages of the first. */
  function crowded(): { harness: TreeHarness; crowd: () => void } {
    const cache = new PageCache({ bytes: 32 * PAGE_BYTES, pageBytes: PAGE_BYTES })
    const harness = new TreeHarness({ cache })
    const other = new TreeHarness({ cache })
    for (let key = 0; key < 400; key += 1) other.put(`key-${key}`, 'v'.repeat(60))
    other.tree.checkpoint()
    const random = seeded(2)
    const crowd = (): void => {
      for (let count = 0; count < 400; count += 1) other.tree.get(keyOf(`key-${random(400)}`))
    }
    return { harness, crowd }
  }

  /** Checks that all entries are readable, also after a checkpoint and a reopen. */
  function expectWholeAgain(harness: TreeHarness): void {
    expect(harness.actual()).toEqual(harness.expected())
    harness.tree.checkpoint()
    harness.reopen()
    expect(harness.actual()).toEqual(harness.expected())
  }

  const leaves: readonly [string, number, (harness: TreeHarness) => void][] = [
    ['a copy', 3, () => undefined],
    [
      'the only remaining leaf',
      400,
      (harness) => {
        harness.deleteRange('', undefined)
      },
    ],
  ]

  test.each(leaves)(
    'are not needed: the checksum of a root leaf is found, too, as %s',
    async (_, keys, prepare) => {
      const { harness, crowd } = crowded()
      for (let key = 0; key < keys; key += 1) harness.put(`key-${key}`, 'v'.repeat(60))
      const change = (): void => {
        prepare(harness)
        harness.put('key', 'value')
        crowd()
      }
      await grow(harness, change, 0)
      crowd()
      expectWholeAgain(harness)
    },
  )

  test.each([1560, 1960, 2200])('record the checksums of merged children, removals up to %d', async (end) => {
    const { harness, crowd } = crowded()
    const random = seeded(1)
    for (let count = 0; count < 1500; count += 1) harness.put(`key-${1000 + random(2000)}`, 'v'.repeat(60))
    expect(harness.tree.stats().depth).toBeGreaterThan(3)
    crowd()
    const change = (): void => {
      for (let key = 1000; key < end; key += 1) if (key % 40 !== 0) harness.delete(`key-${key}`)
    }
    await grow(harness, change, 0)
    crowd()
    expectWholeAgain(harness)
  })
})
