import { expect, test } from 'vitest'
import { PageCache } from './page-cache.js'
import type { PageWriter } from './prefetch-sink.js'
import { SPARE_BYTES_MAX } from './spare-arena.js'

const PAGE_BYTES = 8192
const FRAMES = 4096
const sink: PageWriter = { writePage: () => undefined }

function newCache(frames: number = FRAMES): PageCache {
  return new PageCache({ bytes: frames * PAGE_BYTES, pageBytes: PAGE_BYTES })
}

function shareBuffer(left: PageCache, right: PageCache): boolean {
  return left.bytes.buffer === right.bytes.buffer
}

/** Brings so many pages in, and gives the cache up. */
function useAndGiveUp(cache: PageCache, pageCount: number): void {
  const space = cache.attach(sink)
  for (let page = 1; page <= pageCount; page += 1) space.claim(page)
  space.detach()
  cache.release()
}

test('the buffer of a cache that was given up serves the next one of its size, and one only', () => {
  const first = newCache()
  useAndGiveUp(first, 3)
  const other = newCache(FRAMES / 2)
  const second = newCache()
  const third = newCache()
  expect(shareBuffer(other, first)).toBe(false)
  expect(shareBuffer(second, first)).toBe(true)
  expect(shareBuffer(third, first)).toBe(false)
  expect(second.stats().residentCount).toBe(0)
})

test('a buffer that is looked into is nobody else’s', () => {
  const first = newCache()
  const kept = first.attach(sink)
  const gone = first.attach(sink)
  gone.detach()
  first.release()
  expect(shareBuffer(newCache(), first)).toBe(false)
  kept.detach()
  first.release()
  expect(() => first.attach(sink)).toThrow('given up')
  expect(shareBuffer(newCache(), first)).toBe(true)
  first.release()
  expect(shareBuffer(newCache(), first)).toBe(false)
})

test('a buffer much of which is in memory goes back to the system, whoever used it', () => {
  const pageCountMax = SPARE_BYTES_MAX / PAGE_BYTES
  const large = newCache()
  useAndGiveUp(large, pageCountMax + 1)
  const first = newCache()
  expect(shareBuffer(first, large)).toBe(false)
  useAndGiveUp(first, pageCountMax)
  const second = newCache()
  expect(shareBuffer(second, first)).toBe(true)
  useAndGiveUp(second, 1)
  const third = newCache()
  expect(shareBuffer(third, first)).toBe(true)
  useAndGiveUp(third, pageCountMax + 1)
  expect(shareBuffer(newCache(), first)).toBe(false)
})
