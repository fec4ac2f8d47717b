import { expect, test } from 'vitest'
import { PageCache } from './page-cache.js'
import type { PageWriter } from './page-writer.js'
import { SPARE_BYTES_MAX } from './spare-arena.js'

const PAGE_BYTES = 8192
const FRAMES = 4096
const sink: PageWriter = { writePage: () => undefined }

function newCache(frames: number = FRAMES): PageCache {
  const cache = new PageCache({ bytes: frames * PAGE_BYTES, pageBytes: PAGE_BYTES })
  cache.growArena()
  return cache
}

function shareBuffer(left: PageCache, right: PageCache): boolean {
  return left.bytes.buffer === right.bytes.buffer
}

/** Claims pages and releases the cache. */
function useAndRelease(cache: PageCache, pageCount: number): void {
  const space = cache.attach(sink)
  for (let page = 1; page <= pageCount; page += 1) space.claim(page)
  space.detach()
  cache.release()
}

test('a released buffer is reused by the next cache of its size, and by one only', () => {
  const first = newCache()
  useAndRelease(first, 3)
  const other = newCache(FRAMES / 2)
  const second = newCache()
  const third = newCache()
  expect(shareBuffer(other, first)).toBe(false)
  expect(shareBuffer(second, first)).toBe(true)
  expect(shareBuffer(third, first)).toBe(false)
  expect(second.stats().residentCount).toBe(0)
})

test('a buffer is not reused while a file is attached', () => {
  const first = newCache()
  const attached = first.attach(sink)
  const detached = first.attach(sink)
  detached.detach()
  first.release()
  expect(shareBuffer(newCache(), first)).toBe(false)
  attached.detach()
  first.release()
  expect(() => first.attach(sink)).toThrow('released')
  expect(shareBuffer(newCache(), first)).toBe(true)
  first.release()
  expect(shareBuffer(newCache(), first)).toBe(false)
})

test('a buffer with more than the limit in use is not kept, whichever cache used it', () => {
  const pageCountMax = SPARE_BYTES_MAX / PAGE_BYTES
  const large = newCache()
  useAndRelease(large, pageCountMax + 1)
  const first = newCache()
  expect(shareBuffer(first, large)).toBe(false)
  useAndRelease(first, pageCountMax)
  const second = newCache()
  expect(shareBuffer(second, first)).toBe(true)
  useAndRelease(second, 1)
  const third = newCache()
  expect(shareBuffer(third, first)).toBe(true)
  useAndRelease(third, pageCountMax + 1)
  expect(shareBuffer(newCache(), first)).toBe(false)
})
