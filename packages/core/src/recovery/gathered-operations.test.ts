// Strategy: sections of random operations, with keys from empty to longer than a chunk and short and long values, are gathered in
// chunks of several sizes, in memory that is nearly full. Invariants: never more chunks are allocated than exist, sections with short
// keys need no more than predicted, and no chunk is leaked.
import { WriteBatch } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import { expect, test } from 'vitest'
import { GatheredOperations } from './gathered-operations.js'
import { ReplayMemory } from './replay-memory.js'

/** Returns a generator of pseudorandom numbers below a limit. */
function picks(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

const seeds = Array.from({ length: 20 }, (_, index) => index + 1)

test.each(seeds)('sections allocate no more chunks than exist, seed %d', (seed) => {
  const pick = picks(seed * 977)
  const pageBytes = [512, 4096, 8192][pick(3)] as number
  const onHeap = pick(2) === 0
  const cache = new PageCache({ bytes: (onHeap ? 32 : 2048) * pageBytes, pageBytes })
  const memory = new ReplayMemory(cache)
  const gathered = new GatheredOperations(memory, [1, 700_000, 3_000_000][pick(3)] as number)
  const chunksMax = 64 + pick(400)
  memory.begin(chunksMax * (onHeap ? Math.max(8192, pageBytes) : pageBytes))
  const longest = Math.min(
    65_535,
    [40, memory.chunkBytes / 2, memory.chunkBytes * 0.56, memory.chunkBytes * 1.2][pick(4)] as number,
  )
  for (let commit = 0; commit < 60; commit++) {
    const batch = new WriteBatch()
    for (let count = pick(200); count > 0; count--) {
      const key = new Uint8Array(longest - pick(longest / 20)).fill(pick(256), pick(20))
      if (pick(3) === 0) batch.delete(1, key)
      else batch.put(1, key, new Uint8Array(pick(8) === 0 ? pick(memory.chunkBytes) : pick(60)))
    }
    const [section] = batch.sections()
    if (section === undefined) continue
    if (gathered.chunksFor(section) > memory.freeCount) gathered.clear()
    const most = gathered.chunksFor(section)
    if (most > memory.freeCount) continue
    const before = memory.allocatedBytes
    gathered.add(section)
    expect(memory.freeCount).toBeGreaterThanOrEqual(0)
    expect(memory.allocatedBytes).toBeLessThanOrEqual(chunksMax * memory.chunkBytes)
    if (longest > memory.chunkBytes / 4) continue
    expect((memory.allocatedBytes - before) / memory.chunkBytes).toBeLessThanOrEqual(most)
  }
  gathered.clear()
  expect(memory.allocatedBytes).toBe(0)
})
