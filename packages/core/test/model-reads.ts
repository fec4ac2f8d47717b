import fc from 'fast-check'
import { expect } from 'vitest'
import type { Scan } from '../src/read/scan.js'
import type { Snapshot } from '../src/write/snapshot.js'
import { bareBounds, keyTexts, ranges } from './model-arbitraries.js'
import { ModelCursor, toByteRange, toBytes, toText } from './model.js'
import type { ModelMap, Text } from './model.js'

import { compareReads, ModelCommand, NAMES, names, shown } from './model-state.js'
import type { Name } from './model-state.js'

type Bytes = Uint8Array

export const read = fc.tuple(names, keyTexts, fc.array(keyTexts, { maxLength: 4 })).map(
  ([name, key, more]) =>
    new ModelCommand(`get ${shown(name, key)}`, (model, real) => {
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

export const scan = fc
  .tuple(names, ranges)
  .map(
    ([name, range]) =>
      new ModelCommand(`scan ${shown(name, range)}`, (model, real) =>
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

export const cursor = fc.tuple(names, bareBounds, cursorMoves).map(
  ([name, range, moves]) =>
    new ModelCommand(`cursor ${shown(name, range, moves)}`, (model, real) => {
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

export const snapshotOpen = fc.constant(0).map(
  () =>
    new ModelCommand('snapshot', (model, real) => {
      for (const name of NAMES) real.keyspace(name)
      real.snapshots.push(real.db.snapshot())
      model.snapshots.push({ one: model.maps.one.clone(), two: model.maps.two.clone() })
    }),
)

export const snapshotUse = fc.tuple(fc.nat(10), names, ranges, keyTexts, fc.boolean()).map(
  ([pick, name, range, key, release]) =>
    new ModelCommand(`use snapshot ${shown(pick, name, range, release)}`, (model, real) => {
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

export const scanOpen = fc.tuple(names, ranges).map(
  ([name, range]) =>
    new ModelCommand(`open scan ${shown(name, range)}`, (model, real) => {
      real.scans.push(real.keyspace(name).entries(toByteRange(range)))
      model.scans.push(model.maps[name].scan(range))
    }),
)

export const scanStep = fc.tuple(fc.nat(10), fc.nat(5)).map(
  ([pick, count]) =>
    new ModelCommand(`step scan ${shown(pick, count)}`, (model, real) => {
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
