import { compareBytes, toSeq, WriteBatch } from '@ldb/base'
import type { KeyBounds, StoreCursor, StoreSnapshot } from '@ldb/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keys, longestKeys, values } from './key-arbitraries.js'
import { SortedEntries } from './sorted-entries.js'
import type { Entry } from './sorted-entries.js'
import { entriesOf, findingsOf, textOf, TreeHarness } from './tree-harness.js'

/**
 * Strategy: random commands on a tree and on a sorted array, with small pages and the smallest cache, so that
 * operations cause evictions, splits, merges, extents and copies.
 * Invariants: reads equal the array, those of a snapshot the array at its time; a reopened tree equals the array of the last checkpoint;
 * `verify` has no findings; the tree counts as many entries as the array.
 */
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

/** Returns a command without a precondition. */
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

/** Applies changes to the tree, in one batch, and to the model. */
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
  // A batch of empty ranges has no section.
  const sections = [...batch.sections()]
  if (sections.length === 0) return
  model.seq += 1
  for (const section of sections) real.harness.tree.apply(section, toSeq(model.seq))
  expect(real.harness.tree.entryCount).toBe(model.live.entries.length)
}

/** A move of a cursor. */
type Move = {
  readonly kind: 'first' | 'last' | 'next' | 'previous' | 'seek' | 'seekBackward'
  key: Uint8Array
}

function walk(cursor: StoreCursor, entries: readonly Entry[], moves: readonly Move[]): void {
  let index = -1
  for (const { kind, key } of moves) {
    if (kind === 'first' || (kind === 'next' && index < 0)) index = 0
    else if (kind === 'last' || (kind === 'previous' && index < 0)) index = entries.length - 1
    else if (kind === 'next') index += 1
    else if (kind === 'previous') index -= 1
    else if (kind === 'seek') index = entries.findIndex((each) => compareBytes(each[0], key) >= 0)
    else index = entries.filter((each) => compareBytes(each[0], key) <= 0).length - 1
    if (index >= entries.length) index = -1
    const moved = kind === 'seek' || kind === 'seekBackward' ? cursor[kind](key) : cursor[kind]()
    expect([kind, moved, cursor.valid]).toEqual([kind, index >= 0, index >= 0])
    if (index < 0) continue
    expect(textOf(cursor.key)).toBe(textOf(entries[index]![0]))
    expect(textOf(cursor.value)).toBe(textOf(entries[index]![1]))
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

/** Checks that an estimate is between 0 and the number of entries, and exact without bounds. */
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

function runModel(
  pageBytes: number,
  cachePages: number,
  options: { runs: number; longest?: boolean; arenaPages: number },
): void {
  const { runs, longest = false, arenaPages } = options
  const key = longest
    ? fc.oneof({ weight: 3, arbitrary: keys(pageBytes) }, { weight: 1, arbitrary: longestKeys() })
    : keys(pageBytes)
  const [putMany, batch, put, remove, removeRange, removeFrom, load] = changingCommands(
    key,
    values(pageBytes),
  ) as fc.Arbitrary<Command>[]
  // Repeated commands are more frequent.
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
      const real: Real = { harness: new TreeHarness({ pageBytes, cachePages, arenaPages }), snapshots: [] }
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
  [512, 32, 0, 120],
  [512, 200, 0, 80],
  [512, 200, 16, 80],
  [512, 32, 1, 60],
  [1024, 32, 0, 60],
  [1024, 32, 8, 60],
  [8192, 32, 4, 30],
  [32_768, 32, 16, 10],
])(
  'a tree equals a sorted array: pages of %d bytes, %d frames, %d in an arena',
  (pageBytes, cachePages, arenaPages, runs) => {
    runModel(pageBytes, cachePages, { runs, arenaPages })
  },
)

test.each([512, 8192])('keys may have 65,535 bytes: pages of %d bytes', (pageBytes) => {
  runModel(pageBytes, 48, { runs: 3, longest: true, arenaPages: 16 })
})
