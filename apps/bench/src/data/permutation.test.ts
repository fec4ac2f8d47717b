import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Permutation } from './permutation.js'

test('every place is hit exactly once, whatever the count', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), (count) => {
      const permutation = new Permutation(count)
      const hit = new Uint8Array(count)
      for (let index = 0; index < count; index++) hit[permutation.at(index)]!++
      expect(hit.every((times) => times === 1)).toBe(true)
    }),
    { numRuns: 200 },
  )
})

test('neighbours end up far apart', () => {
  const permutation = new Permutation(100_000)
  let near = 0
  for (let index = 1; index < 100_000; index++) {
    if (Math.abs(permutation.at(index) - permutation.at(index - 1)) < 100) near++
  }
  // By chance it would be 200.
  expect(near).toBeLessThan(1000)
})

test.each([0, -1, 1.5, 2 ** 31])('there is none of %d', (count) => {
  expect(() => new Permutation(count)).toThrow(RangeError)
})
