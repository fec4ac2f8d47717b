// Strategy: random writes, range deletes, savepoints, cursors and other commits during one transaction, compared with a
// map of the read view merged with the own writes.
// Invariants: M1, M3, M4, M17, M19, M20.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StoreCursor } from '@ldb/base'
import type { Savepoint } from '../src/transaction/savepoint.js'
import { bytesOf, memoryManager, textOf, writeAll } from './model-bytes.js'

type Move =
  'first' | 'last' | 'next' | 'previous' | { readonly seek: string } | { readonly seekBackward: string }

const key = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 3 })
const bound = fc.option(key, { nil: undefined })
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.constantFrom('first' as const, 'last' as const, 'next' as const, 'next' as const, 'previous' as const),
  fc.record({ seek: key }),
  fc.record({ seekBackward: key }),
)
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('deleteRange' as const), lower: bound, upper: bound }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('save' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('back' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('other' as const), key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('open' as const), lower: bound, upper: bound }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('move' as const),
      which: fc.nat(),
      moves: fc.array(move, { minLength: 1, maxLength: 8 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('count' as const), lower: bound, upper: bound }) },
)

/** A reference cursor over a sorted array. */
class ModelCursor {
  at = -1
  readonly entries: [string, string][]

  constructor(content: Map<string, string>, lower: string | undefined, upper: string | undefined) {
    this.entries = [...content]
      .filter(([each]) => (lower === undefined || each >= lower) && (upper === undefined || each < upper))
      .sort(([a], [b]) => (a < b ? -1 : 1))
  }

  move(step: Move): boolean {
    const { entries } = this
    const count = entries.length
    if (step === 'first') this.at = count > 0 ? 0 : -1
    else if (step === 'last') this.at = count - 1
    else if (step === 'next')
      this.at = this.at < 0 ? (count > 0 ? 0 : -1) : this.at + 1 < count ? this.at + 1 : -1
    else if (step === 'previous') this.at = this.at < 0 ? count - 1 : this.at - 1
    else if ('seek' in step) this.at = entries.findIndex(([each]) => each >= step.seek)
    else this.at = entries.filter(([each]) => each <= step.seekBackward).length - 1
    return this.at >= 0
  }
}

function moveCursor(cursor: StoreCursor, step: Move): boolean {
  if (typeof step === 'string') return cursor[step]()
  return 'seek' in step ? cursor.seek(bytesOf(step.seek)) : cursor.seekBackward(bytesOf(step.seekBackward))
}

test.each(['snapshot', 'serializable'] as const)(
  'at %s, reads see the read view merged with the own writes',
  (isolation) => {
    fc.assert(
      fc.property(fc.uniqueArray(key), fc.array(command, { maxLength: 60 }), (before, commands) => {
        const manager = memoryManager()
        writeAll(manager, Object.fromEntries(before.map((each) => [each, `${each} before`])))
        let model = new Map(before.map((each) => [each, `${each} before`]))
        const tx = manager.begin({ isolation })
        const cursors: [StoreCursor, ModelCursor][] = []
        let saved: [Savepoint, Map<string, string>][] = []
        let number = 0
        for (const each of commands) {
          if (each.do === 'put') {
            const value = `${number++}`
            tx.put(1, bytesOf(each.key), bytesOf(value))
            model.set(each.key, value)
          } else if (each.do === 'delete') {
            tx.delete(1, bytesOf(each.key))
            model.delete(each.key)
          } else if (each.do === 'deleteRange') {
            const { lower, upper } = each
            tx.deleteRange(
              1,
              lower === undefined ? undefined : bytesOf(lower),
              upper === undefined ? undefined : bytesOf(upper),
            )
            for (const known of [...model.keys()])
              if ((lower === undefined || known >= lower) && (upper === undefined || known < upper))
                model.delete(known)
          } else if (each.do === 'save') {
            saved.push([tx.savepoint(), new Map(model)])
          } else if (each.do === 'back' && saved.length > 0) {
            const index = each.which % saved.length
            const [point, content] = saved[index]!
            tx.rollbackTo(point)
            for (const [invalid] of saved.slice(index + 1))
              expect(() => tx.rollbackTo(invalid)).toThrow(/no such savepoint/)
            saved = saved.slice(0, index + 1)
            model = new Map(content)
          } else if (each.do === 'other') {
            writeAll(manager, { [each.key]: 'other' })
          } else if (each.do === 'open') {
            const { lower, upper } = each
            const bounds = {
              lower: lower === undefined ? undefined : bytesOf(lower),
              upper: upper === undefined ? undefined : bytesOf(upper),
            }
            cursors.push([tx.cursor(1, bounds), new ModelCursor(model, lower, upper)])
          } else if (each.do === 'move' && cursors.length > 0) {
            const [cursor, expected] = cursors[each.which % cursors.length]!
            for (const step of each.moves) {
              expect(moveCursor(cursor, step), JSON.stringify(step)).toBe(expected.move(step))
              expect(cursor.valid).toBe(expected.at >= 0)
              const entry = expected.entries[expected.at]
              if (entry !== undefined) expect([textOf(cursor.key), textOf(cursor.value)]).toEqual(entry)
            }
          } else if (each.do === 'count') {
            const { lower, upper } = each
            const count = tx.count(1, {
              lower: lower === undefined ? undefined : bytesOf(lower),
              upper: upper === undefined ? undefined : bytesOf(upper),
            })
            expect(count).toBe(new ModelCursor(model, lower, upper).entries.length)
          }
        }
        for (const each of ['', 'a', 'ab', 'b', 'cc', 'ccc', 'bca']) {
          expect(textOf(tx.get(1, bytesOf(each)))).toBe(model.get(each))
          expect(tx.has(1, bytesOf(each))).toBe(model.has(each))
        }
        tx.rollback()
        for (const [cursor] of cursors) expect(() => cursor.first()).toThrow(/closed/)
      }),
      { numRuns: 400 },
    )
  },
)

test('a committed transaction leaves the state that it read itself (M3, M5)', () => {
  fc.assert(
    fc.property(fc.uniqueArray(key), fc.array(command, { maxLength: 40 }), (before, commands) => {
      const manager = memoryManager()
      writeAll(manager, Object.fromEntries(before.map((each) => [each, 'before'])))
      const tx = manager.begin()
      for (const each of commands) {
        if (each.do === 'put') tx.put(1, bytesOf(each.key), bytesOf(each.key))
        else if (each.do === 'delete') tx.delete(1, bytesOf(each.key))
        else if (each.do === 'deleteRange')
          tx.deleteRange(
            1,
            bytesOf(each.lower ?? ''),
            each.upper === undefined ? undefined : bytesOf(each.upper),
          )
      }
      const read = (cursor: StoreCursor): [string, string][] => {
        const entries: [string, string][] = []
        while (cursor.next()) entries.push([textOf(cursor.key), textOf(cursor.value)])
        return entries
      }
      const seen = read(tx.cursor(1))
      tx.commit()
      expect(read(manager.snapshot().cursor(1))).toEqual(seen)
    }),
    { numRuns: 200 },
  )
})
