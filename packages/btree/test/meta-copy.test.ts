import { isLdbError } from '@ldb/base'
import type { LdbError, StoreObserver } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { BTree } from '../src/btree.js'
import { META_BLOCKS } from '../src/file/meta-blocks.js'
import { META_BLOCK_BYTES, META_COPY_BLOCK, META_STRIDE, SPARE_BLOCK } from '../src/format.js'
import { CrashVfs, seeded } from './crash-vfs.js'
import { contentOf } from './golden.js'
import { entriesOf, findingsOf, TreeHarness } from './tree-harness.js'

/**
 * Strategy: meta blocks are damaged, in closed files and in what a power failure leaves at any moment of a workload.
 * Invariants: the copy replaces all blocks at the front; what is opened is the last durable checkpoint or the one in progress, never an
 * older one; `open` writes nothing and reports the damage; the first write makes all blocks whole before it overwrites the copy.
 */
const PAGE_BYTES = 512
const SMALL = { cacheBytes: 64 * PAGE_BYTES }
const PATH = '/tree.ldb'
/** Block of the newest checkpoint of {@link build}. */
const OWN = 0
const FRONT = META_BLOCKS.filter((block) => block !== META_COPY_BLOCK)

function observerOf(healed: LdbError[]): StoreObserver {
  return {
    wantsCheckpoint: () => undefined,
    stalled: () => undefined,
    completed: () => undefined,
    failed: () => undefined,
    healed: (fault) => healed.push(fault),
  }
}

/** A tree of several checkpoints whose blocks A, B and spare were all written. */
function build(): { vfs: MemoryVfs; harness: TreeHarness } {
  const vfs = new MemoryVfs()
  const harness = new TreeHarness({ vfs })
  for (let round = 0; round < 3; round += 1) {
    for (let index = 0; index < 60; index += 1) harness.put(`key ${index}`, `round ${round}`)
    harness.tree.checkpoint()
    harness.reopen()
  }
  harness.tree.close()
  return { vfs, harness }
}

/** Flips a bit of each given block that was written. */
function damage(bytes: Uint8Array, blocks: readonly number[], at: number = 100): Uint8Array {
  const damaged = bytes.slice()
  for (const block of blocks) {
    const start = block * META_STRIDE
    if (damaged.subarray(start, start + META_BLOCK_BYTES).some((byte) => byte !== 0))
      damaged[start + at]! ^= 4
  }
  return damaged
}

function vfsOf(bytes: Uint8Array): MemoryVfs {
  const vfs = new MemoryVfs()
  vfs.open(PATH, 'create').write(bytes, 0, bytes.length, 0)
  return vfs
}

describe.each(['open', 'write', 'none'] as const)('meta blocks rewritten: %s', (rewriteMeta) => {
  test('any set of blocks at the front may be damaged: the copy is read, reported and rewritten', () => {
    const { vfs, harness } = build()
    const image = contentOf(vfs, PATH)
    for (let set = 1; set < 8; set += 1) {
      const blocks = FRONT.filter((block) => (set >> block) & 1)
      const damaged = vfsOf(damage(image, blocks))
      const healed: LdbError[] = []
      const tree = BTree.open(damaged, PATH, { rewriteMeta, observer: observerOf(healed), ...SMALL })
      const isDamaged = blocks.includes(OWN) && (rewriteMeta === 'none' || blocks.includes(SPARE_BLOCK))
      expect(healed.map(({ details }) => details.offset)).toEqual(
        isDamaged ? [Math.min(...blocks) * META_STRIDE] : [],
      )
      expect(entriesOf(tree.snapshot())).toEqual(harness.expected())
      const isReported = blocks.includes(OWN) && rewriteMeta === 'none'
      expect(findingsOf(tree).map(({ severity }) => severity)).toEqual(isReported ? ['warning'] : [])
      if (rewriteMeta !== 'open') {
        expect(contentOf(damaged, PATH)).toEqual(damage(image, blocks))
        tree.checkpoint()
      }
      expect(findingsOf(tree)).toEqual([])
      tree.close()
    }
  })
})

test('a damaged copy is a warning, and the next checkpoint replaces it', () => {
  const { vfs, harness } = build()
  const damaged = vfsOf(damage(contentOf(vfs, PATH), [META_COPY_BLOCK]))
  const tree = BTree.open(damaged, PATH, { rewriteMeta: 'none', ...SMALL })
  expect(findingsOf(tree)).toEqual([
    expect.objectContaining({ severity: 'warning', offset: META_COPY_BLOCK * META_STRIDE }),
  ])
  for (const _step of tree.verifySteps(
    { finding: () => undefined, progress: () => undefined },
    { rebuild: true },
  ));
  tree.checkpoint()
  expect(findingsOf(tree)).toEqual([])
  expect(entriesOf(tree.snapshot())).toEqual(harness.expected())
  tree.close()
})

test('an older checkpoint is never opened in place of one that has ended: the copy of each is that of the newest', () => {
  const vfs = new MemoryVfs()
  const harness = new TreeHarness({ vfs })
  for (let round = 0; round < 12; round += 1) {
    harness.put(`key ${round}`, 'value')
    harness.tree.checkpoint()
    const image = vfsOf(damage(contentOf(vfs, PATH), FRONT))
    const tree = BTree.open(image, PATH, { rewriteMeta: 'write', ...SMALL })
    expect(entriesOf(tree.snapshot())).toEqual(harness.expected())
    tree.close()
  }
})

test('the copy is not overwritten while it is the only block of its checkpoint', () => {
  const { vfs, harness } = build()
  const random = seeded(5)
  const crash = new CrashVfs(PATH, damage(contentOf(vfs, PATH), FRONT))
  const before = JSON.stringify(harness.expected())
  const crashing = new TreeHarness({ vfs: crash.vfs, treeOptions: { rewriteMeta: 'none', ...SMALL } })
  crashing.model = new Map(harness.model)
  crashing.put('new', 'value')
  const after = JSON.stringify(crashing.expected())
  crash.onChange = () => {
    for (const choice of ['none', 'all', random, random, random] as const) {
      expect([before, after]).toContain(stateOf(crash.crashImage(choice)))
    }
  }
  crashing.tree.checkpoint()
  crash.onChange = undefined
  expect(stateOf(crash.crashImage('none'))).toBe(after)
})

/** Opens an image; returns its entries, or the code of an error. */
function stateOf(image: Uint8Array): string {
  try {
    const tree = BTree.open(vfsOf(image), PATH, { rewriteMeta: 'write', ...SMALL })
    try {
      return JSON.stringify(entriesOf(tree.snapshot()))
    } finally {
      tree.close()
    }
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
}

test.each([1, 2])(
  'power failure and damage of all blocks at the front leave a checkpoint or an error, seed %d',
  (seed) => {
    const random = seeded(seed * 7919)
    const crash = new CrashVfs(PATH)
    let harness = new TreeHarness({ vfs: crash.vfs, cachePages: 32 })
    let allowed = ['[]', '[]']
    const counts = { opened: 0, refused: 0 }
    crash.onChange = () => {
      for (const choice of crash.unsyncedCount === 0
        ? (['none'] as const)
        : (['none', 'all', random, random] as const)) {
        const image = crash.crashImage(choice)
        if (image.length < 73 * PAGE_BYTES) continue
        // One block alone may be damaged, too: the newest one, or that of the checkpoint before.
        for (const blocks of [FRONT, [random(2)]]) {
          const state = stateOf(damage(image, blocks, 8 * random(63)))
          if (allowed.includes(state)) counts.opened += 1
          else if (state === 'LDB_CORRUPTION') counts.refused += 1
          else expect.unreachable(`blocks ${blocks.join()}: ${state.slice(0, 100)}`)
        }
      }
    }
    for (let round = 0; round < 6; round += 1) {
      for (let step = 0; step < 12; step += 1) harness.put(`key ${random(50)}`, `${round}`.repeat(random(90)))
      allowed = [allowed[1]!, JSON.stringify(harness.expected())]
      harness.tree.checkpoint()
      allowed = [allowed[1]!, allowed[1]!]
      if (round % 2 === 0) continue
      const { model } = harness
      harness.tree.close()
      harness = new TreeHarness({ vfs: crash.vfs, cachePages: 32 })
      harness.model = model
    }
    expect(counts.opened).toBeGreaterThan(60)
    // Only a crash that tears the copy leaves nothing.
    expect(counts.refused).toBeLessThan(counts.opened / 5)
  },
)
