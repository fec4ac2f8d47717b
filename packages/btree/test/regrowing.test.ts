import { WriteBatch } from '@ldb/base'
import type { StoreSnapshot, Syncable } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import { describe, expect, test } from 'vitest'
import { CrashVfs, seeded } from './crash-vfs.js'
import { checkImage } from './image-check.js'
import type { Entries } from './image-check.js'
import { entriesOf, findingsOf, keyOf, textOf, TreeHarness } from './tree-harness.js'

/**
 * Strategy: trees that repeatedly shrink to nothing or one leaf and grow again, while checkpoints freeze, write, propagate
 * checksums and drop them a few pages at a time. Between their steps: single writes, groups, sorted sections, bulk loads, range
 * deletes, large values in frames, reads of all kinds, and snapshots of several ages. A second tree uses the same small cache, so
 * that any page may be evicted at any time. Checkpoints are awaited, completed synchronously, followed by another, shrinking, failed
 * or abandoned by a close.
 * Invariants: tree and snapshots equal the model; `verify` has no findings; a crash leaves the last checkpoint or the one in
 * progress; another checkpoint and a reopen change nothing.
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

/** The tree under test, its snapshots, and the tree that competes for frames. */
class Grove {
  readonly crash = new CrashVfs('/tree.ldb')
  readonly harness: TreeHarness
  durable: Entries = []
  next: Entries | undefined
  /** Writes delete most of the tree repeatedly. */
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

  /** Reads the other tree, which evicts some pages of the tree under test. */
  crowd(): void {
    for (let count = this.#random(60); count > 0; count -= 1) {
      this.#other.tree.get(keyOf(`key ${1000 + this.#random(600)}`))
    }
  }

  take(): void {
    this.#snapshots.push({ snapshot: this.harness.tree.snapshot(), entries: this.harness.expected() })
  }

  /** Checks and releases a random snapshot. */
  release(): void {
    const [chosen] = this.#snapshots.splice(this.#random(this.#snapshots.length), 1)
    if (chosen === undefined) return
    expect(entriesOf(chosen.snapshot)).toEqual(chosen.entries)
    chosen.snapshot.release()
  }

  releaseAll(): void {
    while (this.#snapshots.length > 0) this.release()
  }

  /** Drops the snapshots after a close, which has released them. */
  forgetSnapshots(): void {
    this.#snapshots.length = 0
  }
}

/** Applies puts and deletes in one batch, sorted or not. */
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

/** Deletes most keys of a range one by one, so that leaves and branches are merged. */
function erode(harness: TreeHarness, random: Random): void {
  const from = random(800)
  const kept = 3 + random(40)
  for (let key = from; key < from + random(400); key += 1) {
    if (key % kept > 0) harness.delete(`key ${String(key).padStart(4, '0')}`)
  }
}

/** Changes the tree; sometimes empties it, or fills it when it is empty. */
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

/** Reads in one of several ways. */
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

/** Runs one checkpoint with other work between its steps. */
async function checkpoint(grove: Grove, random: Random): Promise<void> {
  const { harness, crash } = grove
  grove.next = harness.expected()
  const pace = [1, 4, 30, 400][random(4)] as number
  const ending = random(40)
  let left = random(60)
  let isOver = false
  const timeSlice: Syncable = {
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
  const work = harness.tree.beginCheckpoint(undefined, timeSlice)
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

describe.each([32, 64])('a tree that shrinks and grows again, with %d pages of cache', (cachePages) => {
  test.each(seeds)('equals the model during checkpoints, seed %d', async (seed) => {
    await run(seed, cachePages, 6)
  })
})
