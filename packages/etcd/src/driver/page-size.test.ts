import { expect, test } from 'vitest'
import { PageSizes } from './page-size.js'

test('the first read is small, and the next ones follow the average length', () => {
  const sizes = new PageSizes(1000)
  expect(sizes.limit('a', 1000, 0)).toBe(64)
  sizes.note('a', 64, 64 * 100)
  expect(sizes.limit('a', 936, 6400)).toBe(936)
  sizes.note('a', 10, 10 * 1_000_000)
  expect(sizes.limit('a', 1000, 0)).toBeLessThan(10)
  expect(sizes.limit('a', 2, 0)).toBe(2)
  expect(sizes.limit('b', 1000, 0)).toBe(64)
})

test('a page is full by its bytes, and a read is never of nothing', () => {
  const sizes = new PageSizes(1000)
  expect([sizes.isFull(1_000_000), sizes.isFull(3_000_000)]).toEqual([false, true])
  sizes.note('a', 1, 50_000_000)
  expect(sizes.limit('a', 1000, 4_000_000)).toBe(4)
})
