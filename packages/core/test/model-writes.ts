import fc from 'fast-check'
import { expect } from 'vitest'
import type { Batch } from '../src/write/batch.js'
import type { Durability } from '../src/health/options.js'
import { bareBounds, keyTexts, ranges, valueTexts } from './model-arbitraries.js'
import { toByteRange, toBytes, toText } from './model.js'
import type { TextRange } from './model.js'
import { compareReads, ModelCommand, names, shown } from './model-state.js'

type Bytes = Uint8Array

function hasBound({ gt, gte, lt, lte, prefix }: TextRange): boolean {
  return [gt, gte, lt, lte, prefix].some((bound) => bound !== undefined)
}

export const put = fc.tuple(names, keyTexts, valueTexts).map(
  ([name, key, value]) =>
    new ModelCommand(`put ${shown(name, key, value)}`, (model, real) => {
      real.keyspace(name).put(toBytes(key), toBytes(value))
      model.maps[name].entries.set(key, value)
    }),
)

export const remove = fc.tuple(names, keyTexts).map(
  ([name, key]) =>
    new ModelCommand(`delete ${shown(name, key)}`, (model, real) => {
      real.keyspace(name).delete(toBytes(key))
      model.maps[name].entries.delete(key)
    }),
)

export const deleteRange = fc.tuple(names, ranges).map(
  ([name, range]) =>
    new ModelCommand(`deleteRange ${shown(name, range)}`, (model, real) => {
      const remove = (): void => {
        real.keyspace(name).deleteRange(toByteRange(range))
      }
      if (!hasBound(range)) {
        expect(remove).toThrow(expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' }) as Error)
        return
      }
      remove()
      model.maps[name].deleteRange(range)
      compareReads(model.maps[name], real.keyspace(name), {})
    }),
)

export const clear = names.map(
  (name) =>
    new ModelCommand(`clear ${name}`, (model, real) => {
      real.keyspace(name).clear()
      model.maps[name].entries.clear()
    }),
)

export const conditional = fc.tuple(names, keyTexts, valueTexts, fc.nat(4)).map(
  ([name, key, value, kind]) =>
    new ModelCommand(`conditional ${shown(name, key, value, kind)}`, (model, real) => {
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

export const batch = fc
  .tuple(batchOperations, fc.constantFrom<Durability | undefined>('full', 'periodic', 'none', undefined))
  .map(
    ([operations, durability]) =>
      new ModelCommand(`batch ${operations.length} ${String(durability)}`, (model, real) => {
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
            if (!hasBound(operation.range)) continue
            target.deleteRange(toByteRange(operation.range))
            map.deleteRange(operation.range)
          } else {
            target.deleteRange({ gte: new Uint8Array() })
            map.entries.clear()
          }
        }
        target.commit(durability === undefined ? {} : { durability })
      }),
  )

export const fill = fc.tuple(names, fc.nat(9), fc.integer({ min: 1, max: 120 })).map(
  ([name, group, count]) =>
    new ModelCommand(`fill ${shown(name, group, count)}`, (model, real) => {
      const target = real.db.batch().in(real.keyspace(name))
      for (let index = 0; index < count; index++) {
        const key = `fill${group}-${String((index * 37) % count).padStart(4, '0')}`
        target.put(toBytes(key), toBytes('f'.repeat(index % 90)))
        model.maps[name].entries.set(key, 'f'.repeat(index % 90))
      }
      target.commit()
    }),
)
