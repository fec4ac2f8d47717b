import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PageTable } from './page-table.js'

/** Few page numbers, so that groups fill and empty often; some far away. */
const pageNumber = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 40 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 ** 20 }) },
)

test.each([2 ** 22 + 1, 65_536, 65_535, 32])(
  'a page table is a map from pages to %d frames',
  (frameCount) => {
    const operations = fc.array(
      fc.oneof(
        {
          weight: 3,
          arbitrary: fc.record({
            kind: fc.constant('add' as const),
            page: pageNumber,
            frame: fc.nat(frameCount - 1),
          }),
        },
        { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), page: pageNumber }) },
      ),
      { maxLength: 300, size: 'max' },
    )
    fc.assert(
      fc.property(operations, fc.constantFrom(1, 16, 64), (steps, capacity) => {
        const table = new PageTable(frameCount, capacity)
        const model = new Map<number, number>()
        for (const step of steps) {
          if (step.kind === 'remove') {
            table.remove(step.page)
            model.delete(step.page)
          } else if (!model.has(step.page)) {
            table.add(step.page, step.frame)
            model.set(step.page, step.frame)
          }
          expect(table.count).toBe(model.size)
          expect(table.get(step.page)).toBe(model.get(step.page) ?? -1)
        }
        for (let page = 1; page <= 41; page += 1) expect(table.get(page)).toBe(model.get(page) ?? -1)
        const visited = new Map<number, number>()
        table.forEach((page, frame) => visited.set(page, frame))
        expect(visited).toEqual(model)
      }),
      { numRuns: 100 },
    )
  },
)

test('a page table grows far beyond its first capacity and shrinks to nothing', () => {
  const table = new PageTable(20_001, 1)
  for (let page = 1; page <= 10_000; page += 1) table.add(page, page * 2)
  expect(table.count).toBe(10_000)
  for (let page = 1; page <= 10_000; page += 1) expect(table.get(page)).toBe(page * 2)
  for (let page = 10_000; page >= 1; page -= 1) table.remove(page)
  expect(table.count).toBe(0)
  table.forEach(() => expect.unreachable('the table is empty'))
  expect(table.get(5)).toBe(-1)
})

test('a page table accepts the largest page number', () => {
  const table = new PageTable(32)
  const last = 2 ** 31 - 1
  expect(table.get(last)).toBe(-1)
  table.add(last, 7)
  table.add(1, 8)
  expect([table.get(last), table.get(last - 1), table.get(1)]).toEqual([7, -1, 8])
  table.remove(last)
  table.remove(1)
  expect([table.get(last), table.count]).toEqual([-1, 0])
})

test('a visit in parts meets every page once, in ascending order, and each part examines no more than its budget', () => {
  const pages = fc.uniqueArray(fc.integer({ min: 1, max: 3000 }), { maxLength: 200, size: 'max' })
  fc.assert(
    fc.property(
      pages,
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 20 }),
      (some, budget, most) => {
        const table = new PageTable(4096)
        for (const page of some) table.add(page, page)
        const visited: number[] = []
        for (let from = 0; from >= 0;) {
          const start = from
          let count = 0
          from = table.visitFrom(start, budget, (page, frame) => {
            if (count === most) return false
            expect([frame, page >= start, page < start + budget + 128]).toEqual([page, true, true])
            visited.push(page)
            count += 1
            return true
          })
          expect(from === -1 || from > start).toBe(true)
        }
        expect(visited).toEqual(some.sort((a, b) => a - b))
      },
    ),
    { numRuns: 100 },
  )
})
