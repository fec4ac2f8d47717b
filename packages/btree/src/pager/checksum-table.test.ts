import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChecksumTable } from './checksum-table.js'

const step = fc.record({
  kind: fc.constantFrom('set', 'set', 'set', 'delete', 'sweep', 'continue sweep', 'clear'),
  page: fc.integer({ min: 1, max: 300 }).map((page) => (page % 3 === 0 ? page * 0x10001 : page)),
  mark: fc.nat({ max: 20 }),
})

/**
 * Strategy: set, delete and sweep pages in random order, sweeps in pieces, and compare with a Map. Invariants: table and Map have
 * equal entries. A sweep deletes only entries with lower marks, and two uninterrupted sweeps delete all of them.
 */
test('a table equals a map, and a sweep deletes old entries', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
      const table = new ChecksumTable()
      const model = new Map<number, number>()
      let markBelow = 0
      for (const { kind, page, mark } of steps) {
        if (kind === 'set') {
          table.set(page, page + 1, -page, mark)
          model.set(page, mark)
        } else if (kind === 'delete') {
          table.delete(page)
          model.delete(page)
        } else if (kind === 'clear' && mark === 0) {
          table.clear()
          model.clear()
        } else {
          if (kind === 'sweep') {
            markBelow = mark
            table.beginSweep()
          }
          table.sweep(markBelow, page)
          for (const [each, known] of model) if (known < markBelow && !table.find(each)) model.delete(each)
        }
      }
      expectSame(table, model)
      for (let time = 0; time < 2; time += 1) {
        table.beginSweep()
        while (!table.sweep(10, 7)) continue
      }
      for (const [page, mark] of model) if (mark < 10) model.delete(page)
      expectSame(table, model)
    }),
    { numRuns: 200 },
  )
})

function expectSame(table: ChecksumTable, model: ReadonlyMap<number, number>): void {
  for (let page = 1; page <= 300; page += 1) {
    for (const each of [page, page * 0x10001]) {
      expect(table.find(each)).toBe(model.has(each))
      if (model.has(each))
        expect([table.low, table.high, table.mark]).toEqual([each + 1, -each, model.get(each)])
    }
  }
}
