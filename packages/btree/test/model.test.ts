import { compareBytes, isWithinBounds, toSeq, WriteBatch } from '@ldb/base'
import type { KeyBounds, StoreCursor, StoreSnapshot } from '@ldb/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keys, longestKeys, values } from './key-arbitraries.js'
import { entriesOf, findingsOf, textOf, TreeHarness } from './tree-harness.js'

/**
 * Strategy: commands in any order on a tree and on a sorted array beside it, with small pages and as few frames as a
 * cache has, so that every operation meets eviction, splits, merges, runs and copies.
 * Invariants: whatever is read equals the array of its time; a reopened tree equals the array of the last checkpoint;
 * `verify` finds nothing; the tree counts as many entries as the array.
 */
type Entry = readonly [key: Uint8Array, value: Uint8Array]

/** A sorted array of entries: what the tree must look like. */
class SortedEntries {
  entries: Entry[]

  constructor(entries: readonly Entry[] = []) {
    this.entries = [...entries]
  }

  /** First place whose key is not below `key`. */
  place(key: Uint8Array): number {
    let low = 0
    let high = this.entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareBytes(this.entries[middle]![0], key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const found = this.entries[this.place(key)]
    return found !== undefined && compareBytes(found[0], key) === 0 ? found[1] : undefined
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const isThere = this.get(key) !== undefined
    this.entries.splice(this.place(key), isThere ? 1 : 0, [key, value])
  }

  delete(key: Uint8Array): void {
    if (this.get(key) !== undefined) this.entries.splice(this.place(key), 1)
  }

  deleteRange(lower: Uint8Array, upper: Uint8Array | undefined): void {
    this.entries = this.entries.filter(([key]) => !isWithinBounds(key, { lower, upper }))
  }

  within(bounds: KeyBounds): Entry[] {
    return this.entries.filter(([key]) => isWithinBounds(key, bounds))
  }
}

interface Model {
  live: SortedEntries
  durable: readonly Entry[]
  seq: number
  durableSeq: number
}

interface Real {
  readonly harness: TreeHarness
  readonly snapshots: { snapshot: StoreSnapshot; entries: readonly Entry[]; seq: number }[]
}

type Change = {
  readonly kind: 'put' | 'delete' | 'deleteRange' | 'deleteFrom'
  a: Uint8Array
  b: Uint8Array
  value: Uint8Array
}
type Command = fc.Command<Model, Real>

/** Makes a command that can always run. */
function command(name: string, run: (model: Model, real: Real) => void): Command {
  return { check: () => true, run, toString: () => name }
}

function show(bytes: Uint8Array): string {
  return bytes.length > 24
    ? `${Buffer.from(bytes.subarray(0, 20)).toString('hex')}…${bytes.length}`
    : Buffer.from(bytes).toString('hex')
}

function expectEntries(actual: readonly [string, string][], expected: readonly Entry[]): void {
  expect(actual.length).toBe(expected.length)
  for (const [index, [key, value]] of expected.entries()) {
    if (actual[index]![0] !== textOf(key) || actual[index]![1] !== textOf(value))
      expect.unreachable(`entry ${index}, ${show(key)}`)
  }
}

/** Applies changes in one batch, to the tree and to the model. */
function apply(model: Model, real: Real, changes: readonly Change[]): void {
  const batch = new WriteBatch()
  for (const { kind, a, b, value } of changes) {
    if (kind === 'put') {
      batch.put(0, a, value)
      model.live.put(a, value)
    } else if (kind === 'delete') {
      batch.delete(0, a)
      model.live.delete(a)
    } else {
      const [lower, upper] = compareBytes(a, b) < 0 ? [a, b] : [b, a]
      const end = kind === 'deleteRange' ? upper : undefined
      batch.deleteRange(0, lower, end)
      model.live.deleteRange(lower, end)
    }
  }
  // A range that is empty leaves nothing to apply.
  const sections = [...batch.sections()]
  if (sections.length === 0) return
  model.seq += 1
  for (const section of sections) real.harness.tree.apply(section, toSeq(model.seq))
  expect(real.harness.tree.entryCount).toBe(model.live.entries.length)
}

/** Moves of a cursor, and where each leads in a list. */
type Move = {
  readonly kind: 'first' | 'last' | 'next' | 'previous' | 'seek' | 'seekBackward'
  key: Uint8Array
}

function walk(cursor: StoreCursor, entries: readonly Entry[], moves: readonly Move[]): void {
  let place = -1
  for (const { kind, key } of moves) {
    if (kind === 'first' || (kind === 'next' && place < 0)) place = 0
    else if (kind === 'last' || (kind === 'previous' && place < 0)) place = entries.length - 1
    else if (kind === 'next') place += 1
    else if (kind === 'previous') place -= 1
    else if (kind === 'seek') place = entries.findIndex((each) => compareBytes(each[0], key) >= 0)
    else place = entries.filter((each) => compareBytes(each[0], key) <= 0).length - 1
    if (place >= entries.length) place = -1
    const moved = kind === 'seek' || kind === 'seekBackward' ? cursor[kind](key) : cursor[kind]()
    expect([kind, moved, cursor.valid]).toEqual([kind, place >= 0, place >= 0])
    if (place < 0) continue
    expect(textOf(cursor.key)).toBe(textOf(entries[place]![0]))
    expect(textOf(cursor.value)).toBe(textOf(entries[place]![1]))
  }
}

function readingCommands(key: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Command>[] {
  const kinds = [
    'first',
    'last',
    'next',
    'next',
    'next',
    'previous',
    'previous',
    'previous',
    'seek',
    'seekBackward',
  ] as const
  const moves = fc.array(fc.record({ kind: fc.constantFrom(...kinds), key }), { maxLength: 25 })
  const bounds = fc.record({
    lower: fc.option(key, { nil: undefined }),
    upper: fc.option(key, { nil: undefined }),
  })
  return [
    key.map((each) =>
      command(`get ${show(each)}`, (model, { harness }) => {
        const expected = model.live.get(each)
        const actual = harness.tree.get(Uint8Array.from([...each, 1, 2]), each.length)
        expect(actual && textOf(actual)).toBe(expected && textOf(expected))
        expect(harness.tree.has(each)).toBe(expected !== undefined)
      }),
    ),
    fc.tuple(bounds, moves, fc.nat()).map(([range, steps, pick]) =>
      command(`walk ${steps.length} from snapshot ${pick}`, (model, { harness, snapshots }) => {
        const old = snapshots[pick % (snapshots.length + 1)]
        const snapshot = old?.snapshot ?? harness.tree.snapshot()
        const entries = new SortedEntries(old?.entries ?? model.live.entries).within(range)
        const cursor = snapshot.cursor(range)
        walk(cursor, entries, steps)
        cursor.close()
        expect(snapshot.count(range)).toBe(entries.length)
        expectSaneEstimate(snapshot, range, entries.length)
        if (old === undefined) snapshot.release()
      }),
    ),
    fc.constant(
      command('read all', (model, { harness }) => {
        expectEntries(harness.actual(), model.live.entries)
      }),
    ),
  ]
}

/** An estimate lies within what there is, and is exact without bounds. */
function expectSaneEstimate(snapshot: StoreSnapshot, range: KeyBounds, count: number): void {
  const { count: estimated, bytes } = snapshot.estimate(range)
  expect(estimated).toBeGreaterThanOrEqual(0)
  expect(estimated).toBeLessThanOrEqual(snapshot.count())
  expect(bytes).toBeGreaterThanOrEqual(0)
  if (range.lower === undefined && range.upper === undefined) expect(estimated).toBe(count)
}

const keepingCommands: fc.Arbitrary<Command>[] = [
  fc.constant(
    command('snapshot', (model, { harness, snapshots }) => {
      if (snapshots.length >= 6) return
      const snapshot = harness.tree.snapshot()
      expect(snapshot.seq).toBe(model.seq)
      snapshots.push({ snapshot, entries: [...model.live.entries], seq: model.seq })
    }),
  ),
  fc.nat().map((pick) =>
    command(`release ${pick}`, (_, { snapshots }) => {
      if (snapshots.length === 0) return
      const [{ snapshot, entries }] = snapshots.splice(pick % snapshots.length, 1) as [
        Real['snapshots'][number],
      ]
      expectEntries(entriesOf(snapshot), entries)
      snapshot.release()
      snapshot.release()
    }),
  ),
  fc.boolean().map((shrink) =>
    command(shrink ? 'checkpoint and shrink' : 'checkpoint', (model, { harness }) => {
      if (shrink) harness.tree.compact()
      else harness.tree.checkpoint()
      model.durable = [...model.live.entries]
      model.durableSeq = model.seq
      expect(harness.tree.durableSeq).toBe(model.seq)
    }),
  ),
  fc.constant(
    command('reopen', (model, { harness, snapshots }) => {
      harness.reopen()
      snapshots.length = 0
      model.live = new SortedEntries(model.durable)
      model.seq = model.durableSeq
      expect([harness.tree.seq, harness.tree.entryCount]).toEqual([model.seq, model.durable.length])
    }),
  ),
  fc.constant(
    command('verify', (_, { harness }) => {
      expect(findingsOf(harness.tree)).toEqual([])
    }),
  ),
]

function changingCommands(
  key: fc.Arbitrary<Uint8Array>,
  value: fc.Arbitrary<Uint8Array>,
): fc.Arbitrary<Command>[] {
  const change = (kind: Change['kind']): fc.Arbitrary<Change> =>
    fc.record({ kind: fc.constant(kind), a: key, b: key, value })
  const one = (arbitrary: fc.Arbitrary<Change>): fc.Arbitrary<Command> =>
    arbitrary.map((each) =>
      command(`${each.kind} ${show(each.a)}`, (model, real) => apply(model, real, [each])),
    )
  const any = fc.oneof(
    { weight: 8, arbitrary: change('put') },
    { weight: 4, arbitrary: change('delete') },
    { weight: 1, arbitrary: change('deleteRange') },
  )
  return [
    fc
      .array(change('put'), { minLength: 20, maxLength: 60, size: 'max' })
      .map((all) => command(`put ${all.length}`, (model, real) => apply(model, real, all))),
    fc
      .array(any, { minLength: 1, maxLength: 30, size: 'max' })
      .map((all) => command(`batch of ${all.length}`, (model, real) => apply(model, real, all))),
    one(change('put')),
    one(change('delete')),
    one(change('deleteRange')),
    one(change('deleteFrom')),
    fc.array(fc.tuple(key, value), { maxLength: 60, size: 'max' }).map((some) =>
      command(`clear and load ${some.length}`, (model, real) => {
        apply(model, real, [
          { kind: 'deleteFrom', a: new Uint8Array(0), b: new Uint8Array(0), value: new Uint8Array(0) },
        ])
        for (const [each, content] of some) model.live.put(each, content)
        model.seq += 1
        real.harness.tree.load(model.live.entries, toSeq(model.seq))
      }),
    ),
  ]
}

function runModel(pageBytes: number, cachePages: number, options: { runs: number; longest?: boolean }): void {
  const { runs, longest = false } = options
  const key = longest
    ? fc.oneof({ weight: 3, arbitrary: keys(pageBytes) }, { weight: 1, arbitrary: longestKeys() })
    : keys(pageBytes)
  const [putMany, batch, put, remove, removeRange, removeFrom, load] = changingCommands(
    key,
    values(pageBytes),
  ) as fc.Arbitrary<Command>[]
  // The first ones weigh more by being named more often.
  const all = [
    putMany,
    putMany,
    putMany,
    batch,
    batch,
    put,
    put,
    remove,
    remove,
    removeRange,
    removeFrom,
    load,
    ...readingCommands(key),
    ...keepingCommands,
    ...keepingCommands,
  ]
  fc.assert(
    fc.property(fc.commands(all as fc.Arbitrary<Command>[], { maxCommands: 60, size: 'max' }), (steps) => {
      const real: Real = { harness: new TreeHarness({ pageBytes, cachePages }), snapshots: [] }
      const model: Model = { live: new SortedEntries(), durable: [], seq: 0, durableSeq: 0 }
      fc.modelRun(() => ({ model, real }), steps)
      for (const { snapshot, entries } of real.snapshots.splice(0)) {
        expectEntries(entriesOf(snapshot), entries)
        snapshot.release()
      }
      expect(findingsOf(real.harness.tree)).toEqual([])
      expect(real.harness.tree.entryCount).toBe(model.live.entries.length)
      expectEntries(real.harness.actual(), model.live.entries)
    }),
    { numRuns: runs },
  )
}

test.each([
  [512, 32, 120],
  [512, 200, 80],
  [1024, 32, 100],
  [8192, 32, 30],
  [32_768, 32, 10],
])('a tree is a sorted array: pages of %d bytes, %d frames', (pageBytes, cachePages, runs) => {
  runModel(pageBytes, cachePages, { runs })
})

test.each([512, 8192])('keys of 65,535 bytes are keys like others: pages of %d bytes', (pageBytes) => {
  runModel(pageBytes, 48, { runs: 3, longest: true })
})
