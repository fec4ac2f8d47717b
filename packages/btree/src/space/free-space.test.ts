import { isLdbError } from '@ldb/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PAGE_COUNT_MAX } from '../format.js'
import { FreeSpace } from './free-space.js'

/** The same interface on a set of page numbers. */
class NaiveFreeSpace {
  readonly free = new Set<number>()
  pageCount: number
  readonly firstPage: number

  constructor(firstPage: number, pageCount: number) {
    this.firstPage = firstPage
    this.pageCount = pageCount
  }

  /** Allocates the lowest `count` contiguous free pages, or extends the file, beginning with free pages at its end. */
  allocateExtent(count: number): number {
    let start = this.firstPage
    for (; start + count <= this.pageCount; start += 1) if (this.#isFree(start, count)) break
    if (start + count > this.pageCount) {
      start = this.pageCount
      while (start > this.firstPage && this.free.has(start - 1)) start -= 1
    }
    for (let page = start; page < start + count; page += 1) this.free.delete(page)
    this.pageCount = Math.max(this.pageCount, start + count)
    return start
  }

  trim(): number {
    while (this.free.delete(this.pageCount - 1)) this.pageCount -= 1
    return this.pageCount
  }

  #isFree(start: number, count: number): boolean {
    for (let page = start; page < start + count; page += 1) if (!this.free.has(page)) return false
    return true
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('allocate' as const), count: fc.constant(1) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('allocate' as const), count: fc.integer({ min: 2, max: 70 }) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('free' as const), count: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('trim' as const), count: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('bits' as const), count: fc.nat() }) },
)

test('allocates the lowest free pages, extents contiguously, and loses none', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 8, 16),
      fc.array(step, { maxLength: 250, size: 'max' }),
      (firstPage, steps) => {
        const space = new FreeSpace(firstPage, firstPage + 3)
        const model = new NaiveFreeSpace(firstPage, firstPage + 3)
        const allocated: [page: number, count: number][] = [[firstPage, 3]]
        for (const { kind, count } of steps) {
          if (kind === 'allocate') {
            const page = count === 1 ? space.allocate() : space.allocateExtent(count)
            expect(page).toBe(model.allocateExtent(count))
            allocated.push([page, count])
          } else if (kind === 'free' && allocated.length > 0) {
            const [[page, pages]] = allocated.splice(count % allocated.length, 1) as [[number, number]]
            space.free(page, pages)
            for (let each = page; each < page + pages; each += 1) model.free.add(each)
          } else if (kind === 'trim') expect(space.trim()).toBe(model.trim())
          else if (kind === 'bits') expectSameBits(space, model, count)
          expect([space.pageCount, space.freeCount]).toEqual([model.pageCount, model.free.size])
        }
        for (let page = 0; page < space.pageCount + 40; page += 1)
          expect(space.isFree(page)).toBe(model.free.has(page))
      },
    ),
    { numRuns: 80 },
  )
})

/** Checks that bits written to buffers of some size and read back mark the same pages as free, and that a clone is independent. */
function expectSameBits(space: FreeSpace, model: NaiveFreeSpace, seed: number): void {
  const perPage = 8 * (1 + (seed % 9))
  const read = new FreeSpace(space.firstPage, space.pageCount)
  for (let first = 0; first < space.pageCount; first += perPage) {
    const bytes = new Uint8Array(3 + perPage / 8 + 2).fill(0xee)
    space.writeBits(first, bytes, 3, 3 + perPage / 8)
    expect([bytes[2], bytes[3 + perPage / 8]]).toEqual([0xee, 0xee])
    read.readBits(first, bytes, 3, 3 + perPage / 8)
  }
  const clone = space.clone()
  for (const copy of [read, clone]) {
    expect(copy.freeCount).toBe(model.free.size)
    for (const page of model.free) expect(copy.isFree(page)).toBe(true)
  }
  for (const page of [...model.free].sort((a, b) => a - b)) expect(clone.allocate()).toBe(page)
  expect(space.freeCount).toBe(model.free.size)
}

test('bits of the meta region and of pages behind the end are ignored', () => {
  const space = new FreeSpace(8, 20)
  space.readBits(0, new Uint8Array(8).fill(255), 0, 8)
  expect(space.freeCount).toBe(12)
  expect([7, 8, 19, 20].map((page) => space.isFree(page))).toEqual([false, true, true, false])
})

test('bits behind the last page are written as zeros', () => {
  const space = new FreeSpace(8, 20)
  space.free(19, 1)
  const bytes = new Uint8Array(1024).fill(0xee)
  space.writeBits(0, bytes, 1, 1023)
  expect([bytes[0], bytes[3], bytes[1023]]).toEqual([0xee, 1 << 3, 0xee])
  expect(bytes.subarray(1, 1023).reduce((sum, byte) => sum + byte, 0)).toBe(1 << 3)
  space.writeBits(2 ** 20, bytes, 1, 1023)
  expect(bytes.subarray(1, 1023).every((byte) => byte === 0)).toBe(true)
})

test('only pages in use can be freed', () => {
  const space = new FreeSpace(8, 20)
  space.free(10, 2)
  expect(codeOf(() => space.free(11, 1))).toBe('LDB_INVARIANT')
  expect(codeOf(() => space.free(7, 1))).toBe('LDB_INVARIANT')
  expect(codeOf(() => space.free(19, 2))).toBe('LDB_INVARIANT')
})

test('an extent that exceeds the greatest page number is LDB_TOO_LARGE, and changes nothing', () => {
  const space = new FreeSpace(8, 10)
  expect(codeOf(() => space.allocateExtent(PAGE_COUNT_MAX - 9))).toBe('LDB_TOO_LARGE')
  expect([space.pageCount, space.freeCount]).toEqual([10, 0])
  expect(space.allocate()).toBe(10)
})

test('an extent that is too long leaves the free pages at the end free', () => {
  const space = new FreeSpace(8, 10)
  space.free(9, 1)
  expect(codeOf(() => space.allocateExtent(PAGE_COUNT_MAX))).toBe('LDB_TOO_LARGE')
  expect([space.pageCount, space.freeCount, space.isFree(9)]).toEqual([10, 1, true])
})

function codeOf(part: () => unknown): string {
  try {
    part()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'nothing thrown'
}
