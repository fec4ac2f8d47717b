import { expect, test } from 'vitest'
import type { CacheableBlock } from './block-cache.js'
import { BlockCache } from './block-cache.js'

interface Block extends CacheableBlock {
  readonly name: string
}

test('blocks of two files with one position are different', () => {
  const cache = new BlockCache<Block>(1000)
  const [a, b] = [cache.attach(), cache.attach()]
  a.insert(0, { name: 'a' }, 10)
  b.insert(0, { name: 'b' }, 10)
  expect([a.find(0)?.name, b.find(0)?.name, a.find(10)]).toEqual(['a', 'b', undefined])
  expect(cache.stats()).toEqual({ bytes: 20, blockCount: 2, hitCount: 2, missCount: 1 })
  a.clear()
  expect([a.find(0), b.find(0)?.name]).toEqual([undefined, 'b'])
  expect(cache.stats().blockCount).toBe(1)
})

test('the budget holds, also with blocks of cleared files in the queues', () => {
  const cache = new BlockCache<Block>(1000)
  for (let file = 0; file < 50; file++) {
    const space = cache.attach()
    for (let position = 0; position < 40; position++) {
      space.insert(position, { name: `${file}.${position}` }, 7 + (position % 13))
      if (position % 3 === 0) space.find(position)
      expect(cache.stats().bytes).toBeLessThanOrEqual(1000)
    }
    if (file % 2 === 0) space.clear()
  }
  expect(cache.stats().blockCount).toBeGreaterThan(40)
})

test('a scan does not evict the blocks that are used again', () => {
  const cache = new BlockCache<Block>(1000)
  const space = cache.attach()
  for (let round = 0; round < 3; round++) {
    for (let hot = 0; hot < 50; hot++)
      if (space.find(hot) === undefined) space.insert(hot, { name: `${hot}` }, 10)
  }
  for (let cold = 1000; cold < 20_000; cold++) {
    space.insert(cold, { name: `${cold}` }, 10)
    const hot = cold % 50
    if (space.find(hot) === undefined) space.insert(hot, { name: `${hot}` }, 10)
  }
  let found = 0
  for (let hot = 0; hot < 50; hot++) if (space.find(hot) !== undefined) found++
  expect(found).toBeGreaterThan(45)
})

test('a block that was used past the cache stays once as if it had been found', () => {
  const cache = new BlockCache<Block>(1000)
  const space = cache.attach()
  const used: Block = { name: 'used' }
  const unused: Block = { name: 'unused' }
  space.insert(0, used, 10)
  space.insert(1, unused, 10)
  used.wasUsed = true
  for (let cold = 1000; cold < 1200; cold++) space.insert(cold, { name: `${cold}` }, 10)
  expect([space.find(0)?.name, space.find(1)]).toEqual(['used', undefined])
  expect(used.wasUsed).toBe(false)
})

test('a block larger than the budget is not cached, and a budget of zero caches nothing', () => {
  const cache = new BlockCache<Block>(0)
  const space = cache.attach()
  space.insert(0, { name: 'a' }, 1)
  expect(space.find(0)).toBeUndefined()
  expect(() => new BlockCache(-1)).toThrow(/bytes/)
  expect(() => new BlockCache(NaN)).toThrow(/bytes/)
})
