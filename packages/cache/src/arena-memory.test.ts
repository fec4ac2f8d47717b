import type * as Base from '@ldb/base'
import { expect, test, vi } from 'vitest'
import { PageCache } from './page-cache.js'

const PAGE_BYTES = 512
const FRAMES = 1000
/** Arenas of this size cannot be allocated. */
let limit = FRAMES * PAGE_BYTES

vi.mock('@ldb/base', async (importOriginal) => {
  const base = await importOriginal<typeof Base>()
  const sharedBytes = (length: number): Uint8Array => {
    if (length >= limit) throw new RangeError('Array buffer allocation failed')
    return base.sharedBytes(length)
  }
  return { ...base, sharedBytes }
})

test('without memory for a larger arena, a cache evicts pages from the first one', () => {
  const cache = new PageCache({ bytes: FRAMES * PAGE_BYTES, pageBytes: PAGE_BYTES })
  const { bytes } = cache
  const written = new Set<number>()
  const space = cache.attach({ writePage: (page) => written.add(page) })
  for (let page = 1; page <= 3 * FRAMES; page += 1) {
    const frame = space.claim(page)
    expect((frame + 1) * PAGE_BYTES).toBeLessThanOrEqual(bytes.length)
    space.markDirty(frame)
  }
  cache.growArena()
  const { frameCount, residentCount, evictionCount } = cache.stats()
  expect(cache.bytes).toBe(bytes)
  expect([frameCount, residentCount]).toEqual([bytes.length / PAGE_BYTES, bytes.length / PAGE_BYTES])
  expect(written.size).toBe(evictionCount)
  expect(evictionCount).toBe(3 * FRAMES - frameCount)
  expect(cache.freeFrameCount).toBe(0)
  expect(cache.borrowFrame()).toBe(-1)
})

test('without memory for another arena, a cache evicts pages from those that it has', () => {
  limit = Infinity
  const arenaBytes = 64 * PAGE_BYTES
  const cache = new PageCache({ bytes: FRAMES * PAGE_BYTES, pageBytes: PAGE_BYTES, arenaBytes })
  const space = cache.attach({ writePage: () => undefined })
  for (let page = 1; page <= 128; page += 1) space.claim(page)
  limit = 0
  for (let page = 129; page <= 1000; page += 1) space.claim(page)
  expect(cache.arenas.length).toBe(2)
  expect(cache.stats()).toMatchObject({ frameCount: 128, residentCount: 128, evictionCount: 872 })
  for (let page = 1001; page <= 1128; page += 1) space.pin(space.claim(page))
  expect(() => space.claim(2000)).toThrow('every frame')
})
