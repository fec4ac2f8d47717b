import fc from 'fast-check'
import { expect } from 'vitest'
import type { Batch } from '../src/write/batch.js'
import { Database } from '../src/database.js'
import type { Durability } from '../src/health/options.js'
import type { DatabaseTuning } from '../src/open/tuning.js'
import type { Keyspace } from '../src/write/keyspace.js'
import type { KeyspaceReads } from '../src/read/keyspace-reads.js'
import { openDatabase } from '../src/open/open-database.js'
import type { Scan } from '../src/read/scan.js'
import type { Snapshot } from '../src/write/snapshot.js'
import type { Vfs } from '@ldb/vfs'
import { copyAfterKill } from './directory-tree.js'
import { bareBounds, keyTexts, ranges, valueTexts } from './model-arbitraries.js'
import { ModelCursor, ModelMap, toByteRange, toBytes, toText } from './model.js'
import type { Text, TextRange } from './model.js'

export const NAMES = ['one', 'two'] as const
export type Name = (typeof NAMES)[number]
type Bytes = Uint8Array

/** What should be. */
export interface Model {
  maps: Record<Name, ModelMap>
  snapshots: Record<Name, ModelMap>[]
  scans: [Text, Text][][]
}

/** What is. */
export class Real {
  vfs: Vfs
  readonly tuning: Partial<DatabaseTuning>
  readonly durability: Durability
  snapshots: Snapshot[] = []
  scans: Scan<[Bytes, Bytes]>[] = []
  db: Database

  constructor(vfs: Vfs, durability: Durability, tuning: Partial<DatabaseTuning>) {
    this.vfs = vfs
    this.durability = durability
    this.tuning = tuning
    this.db = this.open()
  }

  open(): Database {
    const { vfs, durability } = this
    const cacheBytes = Math.max(65_536, 40 * (this.tuning.pageBytes ?? 8192))
    return new Database(openDatabase('data', { vfs, durability, cacheBytes }, this.tuning))
  }

  keyspace(name: Name): Keyspace<Bytes, Bytes> {
    return this.db.keyspace(name, { keys: 'binary', values: 'binary' })
  }
}

export function newModel(): Model {
  return { maps: { one: new ModelMap(), two: new ModelMap() }, snapshots: [], scans: [] }
}

type Command = fc.Command<Model, Real>

/** A command of two functions, shown by its name and arguments when a run fails. */
class Step implements Command {
  readonly #label: string
  readonly #run: (model: Model, real: Real) => void

  constructor(label: string, run: (model: Model, real: Real) => void) {
    this.#label = label
    this.#run = run
  }

  check(): boolean {
    return true
  }

  run(model: Model, real: Real): void {
    this.#run(model, real)
  }

  toString(): string {
    return this.#label
  }
}

function shown(...parts: unknown[]): string {
  return parts.map((part) => JSON.stringify(part)?.slice(0, 60)).join(' ')
}

const names = fc.constantFrom(...NAMES)

function compareReads(map: ModelMap, reads: KeyspaceReads<Bytes, Bytes>, range: TextRange): void {
  const expected = map.scan(range)
  const byteRange = toByteRange(range)
  expect(
    reads
      .entries(byteRange)
      .map(([key, value]) => [toText(key), toText(value)])
      .toArray(),
  ).toEqual(expected)
  expect(reads.keys(byteRange).map(toText).toArray()).toEqual(expected.map(([key]) => key))
  expect(reads.values(byteRange).map(toText).toArray()).toEqual(expected.map(([, value]) => value))
  expect(reads.count(byteRange)).toBe(expected.length)
  expect(reads.estimate(byteRange).count).toBeGreaterThanOrEqual(0)
}

function compareAll(model: Model, real: Real): void {
  for (const name of NAMES) compareReads(model.maps[name], real.keyspace(name), {})
}

const put = fc.tuple(names, keyTexts, valueTexts).map(
  ([name, key, value]) =>
    new Step(`put ${shown(name, key, value)}`, (model, real) => {
      real.keyspace(name).put(toBytes(key), toBytes(value))
      model.maps[name].entries.set(key, value)
    }),
)

const remove = fc.tuple(names, keyTexts).map(
  ([name, key]) =>
    new Step(`delete ${shown(name, key)}`, (model, real) => {
      real.keyspace(name).delete(toBytes(key))
      model.maps[name].entries.delete(key)
    }),
)

const deleteRange = fc.tuple(names, ranges).map(
  ([name, range]) =>
    new Step(`deleteRange ${shown(name, range)}`, (model, real) => {
      real.keyspace(name).deleteRange(toByteRange(range))
      model.maps[name].deleteRange(range)
      compareReads(model.maps[name], real.keyspace(name), {})
    }),
)

const clear = names.map(
  (name) =>
    new Step(`clear ${name}`, (model, real) => {
      real.keyspace(name).clear()
      model.maps[name].entries.clear()
    }),
)

const conditional = fc.tuple(names, keyTexts, valueTexts, fc.nat(4)).map(
  ([name, key, value, kind]) =>
    new Step(`conditional ${shown(name, key, value, kind)}`, (model, real) => {
      const { entries } = model.maps[name]
      const keyspace = real.keyspace(name)
      const present = entries.get(key)
      const bytes = toBytes(key)
      if (kind === 0) {
        expect(keyspace.putIfAbsent(bytes, toBytes(value))).toBe(present === undefined)
        if (present === undefined) entries.set(key, value)
      } else if (kind === 1) {
        const expected = present === undefined ? undefined : toBytes(present)
        expect(keyspace.compareAndSwap(bytes, expected, toBytes(value))).toBe(true)
        entries.set(key, value)
      } else if (kind === 2) {
        expect(keyspace.compareAndSwap(bytes, toBytes(`${present ?? ''}!`), undefined)).toBe(false)
      } else {
        const next = kind === 3 ? `${value}+` : undefined
        const result = keyspace.update(bytes, (before) => {
          expect(before === undefined ? undefined : toText(before)).toBe(present)
          return next === undefined ? undefined : toBytes(next)
        })
        expect(result === undefined ? undefined : toText(result)).toBe(next)
        if (next === undefined) entries.delete(key)
        else entries.set(key, next)
      }
    }),
)

const batchOperations = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('put' as const), name: names, key: keyTexts, value: valueTexts }),
    fc.record({ kind: fc.constant('delete' as const), name: names, key: keyTexts }),
    fc.record({ kind: fc.constant('deleteRange' as const), name: names, range: bareBounds }),
    fc.record({ kind: fc.constant('clear' as const), name: names }),
  ),
  { maxLength: 30 },
)

const batch = fc
  .tuple(batchOperations, fc.constantFrom<Durability | undefined>('full', 'periodic', 'none', undefined))
  .map(
    ([operations, durability]) =>
      new Step(`batch ${operations.length} ${String(durability)}`, (model, real) => {
        let target: Batch<Bytes, Bytes> = real.db.batch().in(real.keyspace('one'))
        for (const operation of operations) {
          target = target.in(real.keyspace(operation.name))
          const map = model.maps[operation.name]
          if (operation.kind === 'put') {
            target.put(toBytes(operation.key), toBytes(operation.value))
            map.entries.set(operation.key, operation.value)
          } else if (operation.kind === 'delete') {
            target.delete(toBytes(operation.key))
            map.entries.delete(operation.key)
          } else if (operation.kind === 'deleteRange') {
            target.deleteRange(toByteRange(operation.range))
            map.deleteRange(operation.range)
          } else {
            target.clear()
            map.entries.clear()
          }
        }
        target.commit(durability === undefined ? {} : { durability })
      }),
  )

const fill = fc.tuple(names, fc.nat(9), fc.integer({ min: 1, max: 120 })).map(
  ([name, group, count]) =>
    new Step(`fill ${shown(name, group, count)}`, (model, real) => {
      const target = real.db.batch().in(real.keyspace(name))
      for (let index = 0; index < count; index++) {
        const key = `fill${group}-${String((index * 37) % count).padStart(4, '0')}`
        target.put(toBytes(key), toBytes('f'.repeat(index % 90)))
        model.maps[name].entries.set(key, 'f'.repeat(index % 90))
      }
      target.commit()
    }),
)

const read = fc.tuple(names, keyTexts, fc.array(keyTexts, { maxLength: 4 })).map(
  ([name, key, more]) =>
    new Step(`get ${shown(name, key)}`, (model, real) => {
      const { entries } = model.maps[name]
      const keyspace = real.keyspace(name)
      const value = keyspace.get(toBytes(key))
      expect(value === undefined ? undefined : toText(value)).toBe(entries.get(key))
      expect(keyspace.has(toBytes(key))).toBe(entries.has(key))
      const many = keyspace.getMany(more.map(toBytes))
      expect(many.map((bytes) => (bytes === undefined ? undefined : toText(bytes)))).toEqual(
        more.map((text) => entries.get(text)),
      )
    }),
)

const scan = fc
  .tuple(names, ranges)
  .map(
    ([name, range]) =>
      new Step(`scan ${shown(name, range)}`, (model, real) =>
        compareReads(model.maps[name], real.keyspace(name), range),
      ),
  )

const cursorMoves = fc.array(
  fc.oneof(
    fc.constantFrom('first', 'last', 'next', 'next', 'previous', 'previous'),
    keyTexts.map((key) => ({ key })),
  ),
  { maxLength: 25 },
)

const cursor = fc.tuple(names, bareBounds, cursorMoves).map(
  ([name, range, moves]) =>
    new Step(`cursor ${shown(name, range, moves)}`, (model, real) => {
      const expected = new ModelCursor(model.maps[name], range)
      using actual = real.keyspace(name).cursor(toByteRange(range))
      for (const move of moves) {
        const found =
          typeof move === 'string'
            ? actual[move as 'first' | 'last' | 'next' | 'previous']()
            : actual.seek(toBytes(move.key))
        const wanted =
          typeof move === 'string'
            ? expected[move as 'first' | 'last' | 'next' | 'previous']()
            : expected.seek(move.key)
        expect(found, `move ${shown(move)}`).toBe(wanted)
        expect(actual.valid).toBe(wanted)
        if (!found) continue
        expect([toText(actual.key), toText(actual.value)]).toEqual(expected.entries[expected.at])
      }
    }),
)

const snapshotOpen = fc.constant(0).map(
  () =>
    new Step('snapshot', (model, real) => {
      for (const name of NAMES) real.keyspace(name)
      real.snapshots.push(real.db.snapshot())
      model.snapshots.push({ one: model.maps.one.clone(), two: model.maps.two.clone() })
    }),
)

const snapshotUse = fc.tuple(fc.nat(10), names, ranges, keyTexts, fc.boolean()).map(
  ([pick, name, range, key, release]) =>
    new Step(`use snapshot ${shown(pick, name, range, release)}`, (model, real) => {
      if (real.snapshots.length === 0) return
      const index = pick % real.snapshots.length
      const snapshot = real.snapshots[index] as Snapshot
      const expected = (model.snapshots[index] as Record<Name, ModelMap>)[name]
      const view = snapshot.in(real.keyspace(name))
      compareReads(expected, view, range)
      const value = view.get(toBytes(key))
      expect(value === undefined ? undefined : toText(value)).toBe(expected.entries.get(key))
      if (!release) return
      snapshot.release()
      real.snapshots.splice(index, 1)
      model.snapshots.splice(index, 1)
    }),
)

const scanOpen = fc.tuple(names, ranges).map(
  ([name, range]) =>
    new Step(`open scan ${shown(name, range)}`, (model, real) => {
      real.scans.push(real.keyspace(name).entries(toByteRange(range)))
      model.scans.push(model.maps[name].scan(range))
    }),
)

const scanStep = fc.tuple(fc.nat(10), fc.nat(5)).map(
  ([pick, count]) =>
    new Step(`step scan ${shown(pick, count)}`, (model, real) => {
      if (real.scans.length === 0) return
      const index = pick % real.scans.length
      const expected = model.scans[index] as [Text, Text][]
      for (let left = count; left > 0; left--) {
        const result = (real.scans[index] as Scan<[Bytes, Bytes]>).next()
        const wanted = expected.shift()
        expect(result.done === true ? undefined : result.value.map(toText)).toEqual(wanted)
      }
    }),
)

function forgetReads(model: Model, real: Real): void {
  real.snapshots = []
  real.scans = []
  model.snapshots = []
  model.scans = []
}

const reopen = fc.constant(0).map(
  () =>
    new Step('reopen', (model, real) => {
      real.db.close()
      forgetReads(model, real)
      real.db = real.open()
      compareAll(model, real)
    }),
)

const kill = fc.constant(0).map(
  () =>
    new Step('kill', (model, real) => {
      // At 'none' the newest commits may be in the process only.
      real.db.sync()
      real.vfs = copyAfterKill(real.vfs, 'data')
      forgetReads(model, real)
      real.db = real.open()
      compareAll(model, real)
    }),
)

const maintain = fc.constantFrom('checkpoint', 'compact', 'sync', 'verify' as const).map(
  (what) =>
    new Step(what, (model, real) => {
      if (what === 'verify') expect(real.db.verify().findings).toEqual([])
      else real.db[what as 'checkpoint' | 'compact' | 'sync']()
      compareAll(model, real)
    }),
)

const drop = names.map(
  (name) =>
    new Step(`drop ${name}`, (model, real) => {
      // Snapshots name a keyspace by its number, and the next of this name has another.
      if (real.snapshots.length > 0) return
      real.keyspace(name)
      real.db.dropKeyspace(name)
      model.maps[name] = new ModelMap()
      expect(real.keyspace(name).count()).toBe(0)
    }),
)

/** Every command, those that change things more often. */
export const modelCommands: fc.Arbitrary<Command>[] = [
  ...[put, put, put, fill, batch, batch, remove, deleteRange, conditional, conditional],
  ...[clear, read, scan, scan, cursor, cursor, snapshotOpen, snapshotUse, snapshotUse],
  ...[scanOpen, scanStep, reopen, kill, maintain, drop],
] as fc.Arbitrary<Command>[]

export { compareAll }
