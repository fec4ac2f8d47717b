import { expect, test } from 'vitest'
import { median, timedRepeatedly } from './stopwatch.js'

test('the median is the middle value', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([5, 1, 9, 7])).toBe(7)
  expect(median([])).toBe(0)
})

test('the result is that of the first execution, and all others are repeats', () => {
  let count = 0
  const { result, timing } = timedRepeatedly(() => ++count)
  expect(result).toBe(1)
  expect(timing.repeatCount).toBe(count - 1)
  expect(timing.repeatCount).toBeGreaterThanOrEqual(3)
})
