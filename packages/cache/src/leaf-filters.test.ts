import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameLayout } from './frame-layout.js'
import { HashIndex } from './hash-index.js'

const FRAMES = 4
const PAGE_BYTES = 512
const ONE_ARENA = new FrameLayout(FRAMES, PAGE_BYTES, undefined)

function filtersOf(index: HashIndex): NonNullable<HashIndex['filters']> {
  if (index.filters === undefined) throw new Error('an index with a budget has filters')
  return index.filters
}

test('a filter has no false negatives and few false positives', () => {
  const hashes = fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 100, size: 'max' })
  fc.assert(
    fc.property(hashes, fc.nat(FRAMES - 1), (present, frame) => {
      const filters = filtersOf(new HashIndex(FRAMES, PAGE_BYTES, 65_536, ONE_ARENA))
      filters.begin(frame)
      for (const hash of present) filters.add(frame, hash)
      for (const hash of present) expect(filters.mayContain(frame, hash)).toBe(true)
    }),
  )
  const filters = filtersOf(new HashIndex(FRAMES, PAGE_BYTES, 65_536, ONE_ARENA))
  filters.begin(2)
  for (let key = 0; key < 57; key += 1) filters.add(2, Math.imul(key, 0x9e3779b1))
  let passed = 0
  for (let key = 1000; key < 2000; key += 1)
    if (filters.mayContain(2, Math.imul(key, 0x9e3779b1))) passed += 1
  expect(passed).toBeLessThan(100)
})

test('a filter is due once per generation, after some failed searches, and dropped when its frame is invalidated', () => {
  const index = new HashIndex(FRAMES, PAGE_BYTES, 65_536, ONE_ARENA)
  const filters = filtersOf(index)
  for (let generation = 0; generation < 66_000; generation += 1) {
    let due = 0
    for (let search = 0; search < 6; search += 1) if (filters.isDue(1)) due += 1
    if (due !== 1) throw new Error(`due ${due} times in generation ${generation}`)
    filters.begin(1)
    if (filters.mayContain(1, 5)) throw new Error('an empty filter contains nothing')
    if (filters.isDue(1)) throw new Error('a filter is built once')
    index.invalidate(1)
    if (!filters.mayContain(1, 5)) throw new Error('a filter outlived its generation')
  }
})

test('a leaf whose filter is not built stays without one after any number of searches', () => {
  const filters = filtersOf(new HashIndex(FRAMES, PAGE_BYTES, 65_536, ONE_ARENA))
  for (let search = 0; search < 200_000; search += 1) filters.isDue(3)
  expect(filters.mayContain(3, 7)).toBe(true)
})

test('without a budget of the index there are no filters', () => {
  expect(new HashIndex(FRAMES, PAGE_BYTES, 0, ONE_ARENA).filters).toBeUndefined()
})
