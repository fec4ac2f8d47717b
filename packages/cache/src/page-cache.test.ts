import { isLdbError } from '@ldb/base'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arenaAt } from './frame-layout.js'
import { PageCache } from './page-cache.js'
import type { PageSpace } from './page-space.js'
import type { PageWriter } from './page-writer.js'

const PAGE_BYTES = 512

/** Records the stamp of each written page. */
class StampWriter implements PageWriter {
  readonly written = new Map<number, number>()
  cache: PageCache | undefined
  failing = false

  writePage(pageNumber: number, frame: number, offset: number): void {
    if (this.failing) throw new Error('no space')
    expect(offset).toBe(this.cache!.layout.offsetOf(frame))
    this.written.set(pageNumber, stampAt(this.cache!, frame))
  }
}

function viewAt(cache: PageCache, frame: number): DataView {
  const offset = cache.layout.offsetOf(frame)
  const { buffer, byteOffset } = cache.arenas[arenaAt(offset)]!
  return new DataView(buffer, byteOffset + offset, PAGE_BYTES)
}

function stampAt(cache: PageCache, frame: number): number {
  return viewAt(cache, frame).getUint32(0)
}

function setStamp(cache: PageCache, frame: number, stamp: number): void {
  viewAt(cache, frame).setUint32(0, stamp)
}

function openSpace(pages = 32, arenaPages = 0): { cache: PageCache; writer: StampWriter; space: PageSpace } {
  const arena = arenaPages > 0 ? { arenaBytes: arenaPages * PAGE_BYTES } : {}
  const cache = new PageCache({ bytes: pages * PAGE_BYTES, pageBytes: PAGE_BYTES, ...arena })
  const writer = new StampWriter()
  writer.cache = cache
  return { cache, writer, space: cache.attach(writer) }
}

describe('options', () => {
  test.each([0, 511, 513, 256, 65_536, 1.5, Number.NaN])('page size %s is rejected', (pageBytes) => {
    expect(codeOf(() => new PageCache({ bytes: 2 ** 20, pageBytes }))).toBe('LDB_INVALID_ARGUMENT')
  })

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 36 + 1])(
    'a budget of %s bytes is rejected',
    (bytes) => {
      expect(codeOf(() => new PageCache({ bytes, pageBytes: 8192 }))).toBe('LDB_INVALID_ARGUMENT')
    },
  )

  test('a budget below the minimum yields the minimum number of frames', () => {
    expect(new PageCache({ bytes: 0, pageBytes: 512 }).frameCount).toBe(32)
  })

  test('the budget is rounded down to whole pages', () => {
    const cache = new PageCache({ bytes: 100 * 512 + 511, pageBytes: 512 })
    expect(cache.frameCount).toBe(100)
    cache.growArena()
    expect(cache.bytes.length).toBe(100 * 512)
  })
})

function codeOf(part: () => unknown): string {
  try {
    part()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'nothing thrown'
}

describe('frames', () => {
  test('a borrowed frame is not reused until it is released, and no resident frame is borrowed', () => {
    const { cache, space } = openSpace(32)
    space.claim(1)
    const borrowed = Array.from({ length: 20 }, () => cache.borrowFrame())
    expect(new Set(borrowed).size).toBe(20)
    for (const frame of borrowed) setStamp(cache, frame, frame + 7)
    expect(cache.freeFrameCount).toBe(11)
    for (let page = 2; page <= 100; page += 1) expect(borrowed).not.toContain(space.claim(page))
    expect(cache.borrowFrame()).toBe(-1)
    for (const frame of borrowed) expect(stampAt(cache, frame)).toBe(frame + 7)
    for (const frame of borrowed) cache.releaseFrame(frame)
    expect(cache.freeFrameCount).toBe(20)
    expect(space.claim(101)).toBe(borrowed.at(-1))
    expect(cache.stats()).toMatchObject({ residentCount: 13, missCount: 101, evictionCount: 88 })
  })

  test('a borrowed frame is not evicted when all others are pinned', () => {
    const { cache, space } = openSpace(32)
    const borrowed = Array.from({ length: 28 }, () => cache.borrowFrame())
    for (const page of [1, 2, 3, 4]) space.pin(space.claim(page))
    expect(() => space.claim(5)).toThrow('every frame of the page cache is pinned')
    for (const frame of borrowed) cache.releaseFrame(frame)
    expect(borrowed).toContain(space.claim(5))
    expect(cache.stats()).toMatchObject({ residentCount: 5, pinnedCount: 4 })
  })

  test('pages beyond the budget evict others; dirty ones are written first', () => {
    const { cache, writer, space } = openSpace(32)
    for (let page = 1; page <= 100; page += 1) {
      const frame = space.claim(page)
      setStamp(cache, frame, page * 7)
      if (page % 2 === 0) space.markDirty(frame)
    }
    const stats = cache.stats()
    expect(stats).toMatchObject({ frameCount: 32, residentCount: 32, missCount: 100, evictionCount: 68 })
    expect(stats.writebackCount).toBe(writer.written.size)
    for (let page = 1; page <= 100; page += 1) {
      const frame = space.peek(page)
      if (frame >= 0) expect(stampAt(cache, frame)).toBe(page * 7)
      else expect(writer.written.get(page)).toBe(page % 2 === 0 ? page * 7 : undefined)
    }
  })

  test('a scan does not evict frequently used pages', () => {
    const { space } = openSpace(100)
    const use = (page: number): boolean => {
      if (space.lookup(page) >= 0) return true
      space.claim(page)
      return false
    }
    for (let round = 0; round < 10; round += 1) for (let page = 1; page <= 50; page += 1) use(page)
    for (let page = 1001; page <= 3000; page += 1) use(page)
    let hits = 0
    for (let page = 1; page <= 50; page += 1) if (use(page)) hits += 1
    expect(hits).toBe(50)
  })

  test('a pinned page is not evicted by any number of claims', () => {
    const { cache, space } = openSpace(32)
    const frame = space.claim(1)
    setStamp(cache, frame, 4711)
    space.pin(frame)
    space.pin(frame)
    space.unpin(frame)
    for (let page = 2; page <= 500; page += 1) space.claim(page)
    expect(space.peek(1)).toBe(frame)
    expect(stampAt(cache, frame)).toBe(4711)
    expect(space.isPinned(frame)).toBe(true)
    expect(cache.stats().pinnedCount).toBe(1)
    space.unpin(frame)
    for (let page = 501; page <= 600; page += 1) space.claim(page)
    expect(space.peek(1)).toBe(-1)
  })

  test('when every frame is pinned, a claim is a programmer error', () => {
    const { space } = openSpace(32)
    for (let page = 1; page <= 32; page += 1) space.pin(space.claim(page))
    expect(codeOf(() => space.claim(33))).toBe('LDB_INVARIANT')
  })

  test('a page that is used between claims survives a scan', () => {
    const { space } = openSpace(64)
    space.claim(1)
    for (let page = 2; page <= 1000; page += 1) {
      space.lookup(1)
      space.claim(page)
    }
    expect(space.peek(1)).toBeGreaterThanOrEqual(0)
  })

  test('when a write fails, the page stays dirty and is written later', () => {
    const { cache, writer, space } = openSpace(32)
    for (let page = 1; page <= 32; page += 1) {
      const frame = space.claim(page)
      setStamp(cache, frame, page)
      space.markDirty(frame)
    }
    writer.failing = true
    for (let attempt = 0; attempt < 40; attempt += 1) expect(() => space.claim(100)).toThrow('no space')
    expect(space.peek(100)).toBe(-1)
    expect(cache.stats()).toMatchObject({
      residentCount: 32,
      dirtyCount: 32,
      evictionCount: 0,
      writebackCount: 0,
    })
    for (let page = 1; page <= 32; page += 1) expect(stampAt(cache, space.peek(page))).toBe(page)
    writer.failing = false
    for (let page = 100; page < 132; page += 1) space.claim(page)
    expect([...writer.written]).toEqual(expect.arrayContaining([[1, 1]]))
    expect(writer.written.size).toBe(32)
  })

  test('a renamed page keeps its frame, pins, dirty flag and bytes', () => {
    const { cache, writer, space } = openSpace(32)
    const frame = space.claim(5)
    setStamp(cache, frame, 55)
    space.markDirty(frame)
    space.pin(frame)
    space.rename(5, 9)
    expect([space.peek(5), space.peek(9), space.pageOf(frame)]).toEqual([-1, frame, 9])
    expect([space.isDirty(frame), space.isPinned(frame)]).toEqual([true, true])
    space.unpin(frame)
    for (let page = 10; page < 100; page += 1) space.claim(page)
    expect([...writer.written]).toEqual([[9, 55]])
    expect(codeOf(() => space.rename(1000, 1001))).toBe('LDB_INVARIANT')
  })

  test('a dropped page is not written, and its frame is reused first', () => {
    const { cache, writer, space } = openSpace(32)
    const frame = space.claim(5)
    space.markDirty(frame)
    space.drop(5)
    space.drop(6)
    expect(writer.written.size).toBe(0)
    expect(cache.bytes[frame * PAGE_BYTES]).toBe(0xdb)
    expect(space.claim(7)).toBe(frame)
    expect(space.isDirty(frame)).toBe(false)
    space.pin(frame)
    expect(codeOf(() => space.drop(7))).toBe('LDB_INVARIANT')
  })

  test('a page has one frame, and page 0 is invalid', () => {
    const { space } = openSpace()
    space.claim(3)
    expect(codeOf(() => space.claim(3))).toBe('LDB_INVARIANT')
    expect(codeOf(() => space.claim(0))).toBe('LDB_INVARIANT')
    expect(codeOf(() => space.unpin(space.peek(3)))).toBe('LDB_INVARIANT')
  })
})

describe('spaces', () => {
  test('files share frames, and equal page numbers of two files are distinct pages', () => {
    const { cache, space } = openSpace(32)
    const otherWriter = new StampWriter()
    otherWriter.cache = cache
    const other = cache.attach(otherWriter)
    setStamp(cache, space.claim(1), 11)
    const frame = other.claim(1)
    setStamp(cache, frame, 22)
    other.markDirty(frame)
    expect([stampAt(cache, space.peek(1)), stampAt(cache, other.peek(1))]).toEqual([11, 22])
    for (let page = 2; page <= 100; page += 1) space.claim(page)
    expect(other.peek(1)).toBe(-1)
    expect([...otherWriter.written]).toEqual([[1, 22]])
  })

  test('detaching a file frees all of its frames, including pinned and dirty ones, and no others', () => {
    const { cache, writer, space } = openSpace(32)
    const other = cache.attach({ writePage: () => undefined })
    other.claim(1)
    for (let page = 1; page <= 20; page += 1) {
      const frame = space.claim(page)
      space.markDirty(frame)
      space.pin(frame)
    }
    space.detach()
    space.detach()
    expect(writer.written.size).toBe(0)
    expect(cache.stats()).toMatchObject({ residentCount: 1, dirtyCount: 0, pinnedCount: 0 })
    expect(codeOf(() => space.claim(1))).toBe('LDB_INVARIANT')
    for (let page = 2; page <= 32; page += 1) other.claim(page)
    expect(cache.stats()).toMatchObject({ residentCount: 32, evictionCount: 0 })
  })
})

test('the arena starts small and grows once, with the same content, and every attached file receives it', () => {
  const cache = new PageCache({ bytes: 1000 * PAGE_BYTES, pageBytes: PAGE_BYTES })
  const received: Uint8Array[] = []
  const watch: PageWriter = { writePage: () => undefined, replaceArena: (_, bytes) => received.push(bytes) }
  const spaces = [cache.attach(watch), cache.attach(watch), cache.attach({ writePage: () => undefined })]
  cache.attach(watch).detach()
  const first = cache.bytes
  expect(first.length).toBeLessThan(100 * PAGE_BYTES)
  const pages: number[] = []
  for (let page = 1; pages.length < 1000; page += 1) {
    pages.push(page)
    const frame = spaces[page % 3]!.claim(page)
    setStamp(cache, frame, page)
  }
  expect(received).toEqual([cache.bytes, cache.bytes])
  expect(received[0]).toBe(cache.bytes)
  expect(cache.bytes).not.toBe(first)
  expect(cache.bytes.length).toBe(1000 * PAGE_BYTES)
  for (const page of pages) expect(stampAt(cache, spaces[page % 3]!.peek(page))).toBe(page)
  // A test build overwrites the old arena, so that stale references are noticed.
  expect(first.every((byte) => byte === 0xdb)).toBe(true)
})

test.each([
  ['one arena', 0],
  ['arenas of 8 pages', 8],
])(
  'after any operations, the latest content of a page is in its frame or in the file: %s',
  (_, arenaPages) => {
    const step = fc.record({
      kind: fc.constantFrom('use', 'use', 'change', 'change', 'pin', 'unpin', 'drop', 'rename'),
      page: fc.integer({ min: 1, max: 80 }),
      next: fc.integer({ min: 1, max: 80 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
        const { cache, writer, space } = openSpace(32, arenaPages)
        const model = new Map<number, number>()
        const pinned = new Set<number>()
        let stamp = 1
        const load = (page: number): number => {
          const found = space.lookup(page)
          if (found >= 0) return found
          const frame = space.claim(page)
          setStamp(cache, frame, writer.written.get(page) ?? 0)
          return frame
        }
        for (const { kind, page, next } of steps) {
          if (kind === 'use') expect(stampAt(cache, load(page))).toBe(model.get(page) ?? 0)
          if (kind === 'change') {
            const frame = load(page)
            setStamp(cache, frame, ++stamp)
            space.markDirty(frame)
            model.set(page, stamp)
          }
          if (kind === 'pin' && pinned.size < 20 && !pinned.has(page)) {
            space.pin(load(page))
            pinned.add(page)
          }
          if (kind === 'unpin' && pinned.delete(page)) space.unpin(space.peek(page))
          if (kind === 'drop' && !pinned.has(page)) {
            space.drop(page)
            model.set(page, writer.written.get(page) ?? 0)
          }
          if (kind === 'rename' && space.peek(page) >= 0 && space.peek(next) < 0) {
            space.rename(page, next)
            space.markDirty(space.peek(next))
            model.set(next, model.get(page) ?? 0)
            model.set(page, writer.written.get(page) ?? 0)
            if (pinned.delete(page)) pinned.add(next)
          }
          for (const each of pinned) expect(space.peek(each)).toBeGreaterThanOrEqual(0)
          expect(cache.stats().residentCount).toBeLessThanOrEqual(32)
          expect(cache.stats().pinnedCount).toBe(pinned.size)
        }
      }),
      { numRuns: 100 },
    )
  },
)
