import { expect, test } from 'vitest'
import { describeChanges, judge, NOISE_FLOOR } from './comparison.js'
import { summarize } from '../measure/statistics.js'

const steady = (rate: number): ReturnType<typeof summarize> => summarize([rate, rate, rate, rate, rate])
const scattered = (rate: number, share: number): ReturnType<typeof summarize> =>
  summarize([rate * (1 - 2 * share), rate * (1 - share), rate, rate * (1 + share), rate * (1 + 2 * share)])

test('a difference below the noise floor is no change, however small the deviation', () => {
  expect(judge(steady(1000), steady(1000 * (1 - NOISE_FLOOR + 0.001))).verdict).toBe('same')
  expect(judge(steady(1000), steady(1000 * (1 - NOISE_FLOOR - 0.001))).verdict).toBe('slower')
  expect(judge(steady(1000), steady(1000 * (1 + NOISE_FLOOR + 0.001))).verdict).toBe('faster')
})

test('a larger deviation requires a larger difference', () => {
  expect(judge(scattered(1000, 0.05), scattered(800, 0.05)).verdict).toBe('same')
  expect(judge(scattered(1000, 0.05), scattered(500, 0.05)).verdict).toBe('slower')
  expect(judge(scattered(1000, 0.05), steady(800)).noise).toBeCloseTo(3 * 1.4826 * 0.05)
})

test('changes are sorted from slowest to fastest, and unchanged rows are only counted', () => {
  const changes = [
    { row: 'a', store: 'ldb', before: 100, after: 90, change: -0.1, noise: 0.05, verdict: 'slower' },
    { row: 'b', store: 'ldb', before: 100, after: 101, change: 0.01, noise: 0.05, verdict: 'same' },
    { row: 'c', store: 'ldb', before: 100, after: 50, change: -0.5, noise: 0.05, verdict: 'slower' },
  ] as const
  const lines = describeChanges(changes).split('\n')
  expect(lines[0]).toContain('slower: c, ldb: 100 /s to 50.0 /s, -50.0 %')
  expect(lines[1]).toContain('slower: a')
  expect(lines.at(-1)).toBe('3 compared, 2 slower, 0 faster')
})
