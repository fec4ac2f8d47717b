import fc from 'fast-check'
import { expect, test } from 'vitest'
import { median, quantile, summarize } from './statistics.js'

test('the median is the middle sample, or the mean of the two in the middle', () => {
  expect(median([5, 1, 9])).toBe(5)
  expect(median([4, 1, 2, 9])).toBe(3)
  expect(median([7])).toBe(7)
})

test('a quantile interpolates linearly between neighbouring samples', () => {
  expect(quantile([10, 20, 30, 40, 50], 0)).toBe(10)
  expect(quantile([10, 20, 30, 40, 50], 1)).toBe(50)
  expect(quantile([10, 20, 30, 40, 50], 0.25)).toBe(20)
  expect(quantile([10, 20], 0.9)).toBeCloseTo(19)
  expect(quantile([], 0.5)).toBeNaN()
})

test('one outlier changes neither the median nor the deviation', () => {
  expect(summarize([100, 101, 99, 102, 98])).toEqual({ median: 100, min: 98, max: 102, mad: 1 })
  expect(summarize([100, 101, 99, 102, 1e9])).toMatchObject({ median: 101, mad: 1 })
})

test('minimum, median and maximum are ordered, whatever the samples', () => {
  const samples = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(samples, (numbers) => {
      const { min, median: middle, max, mad } = summarize(numbers)
      expect(min).toBeLessThanOrEqual(middle)
      expect(middle).toBeLessThanOrEqual(max)
      expect(mad).toBeLessThanOrEqual(max - min)
      expect(numbers.filter((number) => number <= middle).length).toBeGreaterThanOrEqual(numbers.length / 2)
    }),
  )
})
