import { WriteBatch } from '@ldb/base'
import type { StoreSnapshot, Syncable } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import { describe, expect, test } from 'vitest'
import { CrashVfs, seeded } from './crash-vfs.js'
import { checkImage } from './image-check.js'
import type { Entries } from './image-check.js'
import { entriesOf, findingsOf, keyOf, textOf, TreeHarness } from './tree-harness.js'

/**
 * Strategy: trees that keep collapsing, to nothing or one leaf, and growing again, while checkpoints freeze, write, settle and
 * forget a few pages at a time. Between their steps come single writes, groups, sorted sections, bulk loads, removals of ranges,
 * large values in frames, reads of all kinds, snapshots of several ages; a second tree takes frames of the same small cache, so
 * that any page may be thrown out at any time. Checkpoints are waited for, finished by somebody else, begun anew, moved
 * together, failed or closed half-way.
 * Invariants: tree and snapshots show what the model says, whatever comes from the file; `verify` finds nothing; a crash leaves
 * the last checkpoint or the one that is under way; another checkpoint and another opening show the same again.
 * `LDB_SEEDS=100+50` runs 50 seeds from 100 on.
 */
const PAGE_BYTES = 512

type Random = (bound: number) => number

function someKey(random: Random, span: number): string {
  const number = String(random(span)).padStart(4, '0')
  return random(10) === 0 ? `${'k'.repeat(70)}${number}` : `key ${number}`
}

function someValue(random: Random): string {
  const kind = random(30)
  const length = kind === 0 ? random(1500) : kind < 4 ? 130 + random(700) : random(80)
  return String.fromCharCode(97 + random(26)).repeat(length)
}

/** The tree under test, what is open of it, and the one that takes its frames. */
class Grove {
  readonly crash = new CrashVfs('/tree.ldb')
  readonly harness: TreeHarness
  durable: Entries = []
  next: Entries | undefined
  /** Most of the tree goes again and again. */
  collapses = false
  readonly #random: Random
  readonly #other: TreeHarness
  readonly #snapshots: { snapshot: StoreSnapshot; entries: Entries }[] = []

  constructor(random: Random, cachePages: number) {
    this.#random = random
    const cache = new PageCache({ bytes: cachePages * PAGE_BYTES, pageBytes: PAGE_BYTES })
    this.harness = new TreeHarness({ vfs: this.crash.vfs, cache })
    this.#other = new TreeHarness({ cache })
    const others = Array.from({ length: 600 }, (_, index) => `key ${index + 1000}`)
    this.#other.tree.load(
      others.map((key) => [keyOf(key), keyOf('other'.repeat(9))]),
      this.#other.nextSeq(),
    )
    this.#other.tree.checkpoint()
  }

  /** Takes frames, as many as the cache has or fewer. */
  crowd(): void {
    for (let count = this.#random(60); count > 0; count -= 1) {
      this.#other.tree.get(keyOf(`key ${1000 + this.#random(600)}`))
    }
  }

  take(): void {
    this.#snapshots.push({ snapshot: this.harness.tree.snapshot(), entries: this.harness.expected() })
  }

  /** Looks at a snapshot, and releases it. */
  release(): void {
    const [chosen] = this.#snapshots.splice(this.#random(this.#snapshots.length), 1)
    if (chosen === undefined) return
    expect(entriesOf(chosen.snapshot)).toEqual(chosen.entries)
    chosen.snapshot.release()
  }

  releaseAll(): void {
    while (this.#snapshots.length > 0) this.release()
  }

  /** Closing has released them. */
  forgetSnapshots(): void {
    this.#snapshots.length = 0
  }
}

/** Puts and deletes, in one batch: a group, or a section in order. */
function applyMany(harness: TreeHarness, random: Random, span: number): void {
  const changes = new Map<string, string | undefined>()
  const removed = random(4)
  for (let count = 1 + random(60); count > 0; count -= 1) {
    changes.set(someKey(random, span), random(10) < removed ? undefined : someValue(random))
  }
  const isSorted = random(2) === 0
  const ordered = isSorted ? [...changes].sort(([a], [b]) => (a < b ? -1 : 1)) : [...changes]
  const batch = new WriteBatch()
  for (const [key, value] of ordered) {
    if (value === undefined) batch.delete(0, keyOf(key))
    else batch.put(0, keyOf(key), keyOf(value))
    if (value === undefined) harness.model.delete(key)
    else harness.model.set(key, value)
  }
  for (const { bytes, start, end, operationCount } of batch.sections()) {
    harness.tree.apply({ bytes, start, end, operationCount, isSorted }, harness.nextSeq())
  }
}

function load(harness: TreeHarness, random: Random): void {
  const keys = Array.from({ length: random(120) }, (_, index) => `key ${String(index * 3).padStart(4, '0')}`)
  const entries = keys.map((key): [string, string] => [key, someValue(random)])
  harness.tree.load(
    entries.map(([key, value]) => [keyOf(key), keyOf(value)]),
    harness.nextSeq(),
  )
  for (const [key, value] of entries) harness.model.set(key, value)
}

/** Puts many short values, in one batch. */
function grow(harness: TreeHarness, random: Random): void {
  const batch = new WriteBatch()
  const step = 1 + random(3)
  for (let number = random(800); number < 800; number += step) {
    const key = `key ${String((number * 37) % 800).padStart(4, '0')}`
    const value = 'v'.repeat(40 + random(30))
    batch.put(0, keyOf(key), keyOf(value))
    harness.model.set(key, value)
  }
  for (const section of batch.sections()) harness.tree.apply(section, harness.nextSeq())
}

/** Removes the keys behind one, one after another: leaves and branches are merged with their neighbours. */
function erode(harness: TreeHarness, random: Random): void {
  const from = random(800)
  const kept = 3 + random(40)
  for (let key = from; key < from + random(400); key += 1) {
    if (key % kept > 0) harness.delete(`key ${String(key).padStart(4, '0')}`)
  }
}

/** Changes the tree; now and then it is emptied, or filled when it is empty. */
function write({ harness, collapses }: Grove, random: Random, count: number): void {
  const span = [8, 60, 800][random(3)] as number
  for (let step = 0; step < count; step += 1) {
    const key = someKey(random, span)
    const kind = random(collapses ? 100 : 90)
    if (kind < 60) harness.put(key, someValue(random))
    else if (kind < 78) harness.delete(key)
    else if (kind < 84) applyMany(harness, random, span)
    else if (kind < 90) harness.deleteRange(key, `${key}9`)
    else if (kind < 94) harness.deleteRange(key, undefined)
    else if (kind < 95) harness.deleteRange('', key)
    else if (kind < 97) erode(harness, random)
    else if (harness.tree.entryCount === 0) load(harness, random)
    else if (kind < 99) harness.deleteRange('', undefined)
    else grow(harness, random)
  }
}

/** Reads in one of the ways that there are. */
function read(harness: TreeHarness, random: Random): void {
  const { tree, model } = harness
  const keys = Array.from({ length: 1 + random(40) }, () => someKey(random, 800))
  const [first = ''] = keys
  const asText = (value: Uint8Array | undefined): string | undefined => value && textOf(value)
  switch (random(5)) {
    case 0:
      expect(asText(tree.getBorrowed(keyOf(first)))).toBe(model.get(first))
      break
    case 1: {
      const bytes = keyOf(keys.join(''))
      let end = 0
      const ends = keys.map((key) => (end += key.length))
      expect(tree.getMany(bytes, ends).map(asText)).toEqual(keys.map((key) => model.get(key)))
      break
    }
    case 2:
      for (const key of keys) tree.prefetch(keyOf(key))
      break
    case 3:
      for (const key of keys) expect(tree.has(keyOf(key))).toBe(model.has(key))
      break
    default:
      for (const key of keys) expect(asText(tree.get(keyOf(key)))).toBe(model.get(key))
  }
}

/** One checkpoint, with whatever else happens beside it. */
async function checkpoint(grove: Grove, random: Random): Promise<void> {
  const { harness, crash } = grove
  grove.next = harness.expected()
  const pace = [1, 4, 30, 400][random(4)] as number
  const ending = random(40)
  let left = random(60)
  let isOver = false
  const turn: Syncable = {
    sync: () => undefined,
    syncAsync: async () => {
      if (isOver) return
      left -= 1
      if (left === 0 && ending < 8) {
        isOver = true
        if (ending < 3) work.sync()
        else if (ending < 5) {
          work.sync()
          grove.durable = grove.next as Entries
          grove.next = harness.expected()
          if (ending === 4) harness.tree.compact()
          else harness.tree.checkpoint()
          grove.durable = grove.next
          grove.next = undefined
        } else if (ending < 7) harness.tree.close()
        else crash.failing = (operation) => (operation === 'read' ? undefined : 'EIO')
        return
      }
      if (random(pace) === 0) write(grove, random, 1 + random(3))
      if (random(90) === 0) erode(harness, random)
      if (random(6) === 0) grove.crowd()
      if (random(6) === 0) read(harness, random)
      if (random(14) === 0) grove.take()
      if (random(12) === 0) grove.release()
    },
  }
  const work = harness.tree.beginCheckpoint(undefined, turn)
  const failure: unknown = await work.syncAsync().catch((error: unknown) => error)
  crash.failing = undefined
  if (failure !== undefined || (isOver && ending >= 5)) {
    const codes = ['LDB_CLOSED', 'LDB_IO']
    if (failure !== undefined) expect(codes).toContain((failure as { code: string }).code)
    checkImage(crash.present(), [grove.durable, grove.next])
    grove.forgetSnapshots()
    harness.reopen()
    grove.next ??= grove.durable
    const found = harness.actual()
    harness.model = new Map(found)
    expect([JSON.stringify(grove.durable), JSON.stringify(grove.next)]).toContain(JSON.stringify(found))
    grove.durable = found
    grove.next = undefined
    return
  }
  if (grove.next !== undefined) grove.durable = grove.next
  grove.next = undefined
  checkImage(crash.crashImage('none'), [grove.durable])
}

async function run(seed: number, cachePages: number, rounds: number): Promise<void> {
  const random = seeded(Math.imul(seed, 7919) + cachePages)
  const grove = new Grove(random, cachePages)
  const { harness, crash } = grove
  crash.onChange = () => {
    if (random(400) === 0) checkImage(crash.crashImage(random), [grove.durable, grove.next])
  }
  for (let round = 0; round < rounds; round += 1) {
    grove.collapses = random(2) === 0
    if (random(2) === 0) grow(harness, random)
    write(grove, random, random(40))
    if (random(2) === 0) grove.crowd()
    await checkpoint(grove, random)
    if (random(2) === 0) grove.crowd()
    if (random(3) === 0) grove.releaseAll()
    expect(harness.actual()).toEqual(harness.expected())
    if (random(3) === 0) expect(findingsOf(harness.tree)).toEqual([])
  }
  grove.releaseAll()
  grove.crowd()
  grove.next = harness.expected()
  if (random(2) === 0) harness.tree.compact()
  else harness.tree.checkpoint()
  expect(findingsOf(harness.tree)).toEqual([])
  harness.reopen()
  expect(harness.actual()).toEqual(harness.expected())
}

const [from = 1, count = 12] = (globalThis.process?.env['LDB_SEEDS'] ?? '')
  .split('+')
  .filter(Boolean)
  .map(Number)
const seeds = Array.from({ length: count }, (_, index) => from + index)

describe.each([32, 64])('a tree that collapses and grows again, with %d pages in memory', (cachePages) => {
  test.each(seeds)('is the model, whatever a checkpoint is doing, seed %d', async (seed) => {
    await run(seed, cachePages, 6)
  })
})
