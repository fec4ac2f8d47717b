import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Permutation } from './permutation.js'

test('every number is produced exactly once, whatever the count', () => {
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

test('consecutive indexes map to distant numbers', () => {
  const permutation = new Permutation(100_000)
  let near = 0
  for (let index = 1; index < 100_000; index++) {
    if (Math.abs(permutation.at(index) - permutation.at(index - 1)) < 100) near++
  }
  // The expected number for a random permutation is 200.
  expect(near).toBeLessThan(1000)
})

test.each([0, -1, 1.5, 2 ** 31])('a count of %d is rejected', (count) => {
  expect(() => new Permutation(count)).toThrow(RangeError)
})
