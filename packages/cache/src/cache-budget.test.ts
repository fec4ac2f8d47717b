// Strategy: a page cache and a block cache share a budget, under loads of pages, of blocks and of both.
// Invariants: together they never use more than the budget; one alone gets all of it; under pressure of both, neither starves.
import { expect, test } from 'vitest'
import { BlockCache } from './block-cache.js'
import type { BlockSpace } from './block-cache.js'
import { CacheBudget } from './cache-budget.js'
import { PageCache } from './page-cache.js'
import type { PageSpace } from './page-space.js'
import { toPageNumber } from '@ldb/base'

const PAGE_BYTES = 1024
const BLOCK_BYTES = 512
const BUDGET_BYTES = 512 * PAGE_BYTES

class Caches {
  readonly budget: CacheBudget = new CacheBudget(BUDGET_BYTES)
  readonly pages: PageSpace
  readonly pageCache: PageCache
  readonly blocks: BlockSpace<object>
  readonly dirtyWrites: number[] = []
  #nextPage = 1
  #nextBlock = 0

  constructor() {
    this.pageCache = new PageCache({ bytes: BUDGET_BYTES, pageBytes: PAGE_BYTES, budget: this.budget })
    this.pages = this.pageCache.attach({
      writePage: (page) => this.dirtyWrites.push(page),
      replaceArena: () => undefined,
    })
    this.blocks = new BlockCache<object>(this.budget).attach()
  }

  /** Claims a new page. */
  page(): number {
    const frame = this.pages.claim(toPageNumber(this.#nextPage++))
    this.#check()
    return frame
  }

  block(): void {
    this.blocks.insert(this.#nextBlock++, {}, BLOCK_BYTES)
    this.#check()
  }

  #check(): void {
    const { pageBytes, blockBytes } = this.budget.stats()
    expect(pageBytes + blockBytes).toBeLessThanOrEqual(BUDGET_BYTES)
  }
}

test('pages alone have the whole budget, and so have blocks', () => {
  const pages = new Caches()
  for (let count = 0; count < 2000; count++) pages.page()
  expect(pages.budget.stats()).toEqual({ bytes: BUDGET_BYTES, pageBytes: BUDGET_BYTES, blockBytes: 0 })
  const blocks = new Caches()
  for (let count = 0; count < 4000; count++) blocks.block()
  expect(blocks.budget.stats()).toEqual({ bytes: BUDGET_BYTES, pageBytes: 0, blockBytes: BUDGET_BYTES })
})

test('what one has taken goes to the other when that one wants it', () => {
  const caches = new Caches()
  for (let count = 0; count < 2000; count++) caches.page()
  for (let count = 0; count < 20_000; count++) caches.block()
  expect(caches.budget.stats().blockBytes).toBeGreaterThan(0.8 * BUDGET_BYTES)
  expect(caches.budget.stats().pageBytes).toBeGreaterThanOrEqual(32 * PAGE_BYTES)
  for (let count = 0; count < 10_000; count++) caches.page()
  expect(caches.budget.stats().pageBytes).toBeGreaterThan(0.8 * BUDGET_BYTES)
  expect(caches.budget.stats().blockBytes).toBeGreaterThan(0.1 * BUDGET_BYTES)
})

test('equal demand divides the budget into equal parts', () => {
  const caches = new Caches()
  for (let count = 0; count < 1000; count++) caches.page()
  for (let count = 0; count < 4000; count++) {
    caches.page()
    caches.block()
    caches.block()
  }
  const { pageBytes, blockBytes } = caches.budget.stats()
  expect(Math.abs(pageBytes - blockBytes)).toBeLessThan(0.1 * BUDGET_BYTES)
})

test('pages that are pinned or dirty are not released for blocks, and are always admitted', () => {
  const caches = new Caches()
  const frames = Array.from({ length: 400 }, () => {
    const frame = caches.page()
    caches.pages.pin(frame)
    return frame
  })
  for (let count = 0; count < 20_000; count++) caches.block()
  expect(caches.budget.stats().pageBytes).toBe(400 * PAGE_BYTES)
  expect(frames.every((frame) => caches.pages.isPinned(frame))).toBe(true)
  for (const frame of frames) {
    caches.pages.markDirty(frame)
    caches.pages.unpin(frame)
  }
  for (let count = 0; count < 5000; count++) caches.block()
  expect(caches.dirtyWrites).toEqual([])
  expect(caches.budget.stats().pageBytes).toBe(400 * PAGE_BYTES)
})
