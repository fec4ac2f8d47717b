import { expect, test } from 'vitest'
import { PICK_COUNT, uniformPicks } from './random-picks.js'
import { Zipf, zipfPicks } from './zipf.js'

const COUNT = 1000
const THETA = 0.99
const DRAWS = 400_000

test('ranks have the frequencies of the Zipf distribution', () => {
  const zipf = new Zipf(COUNT, THETA, 42)
  const drawn = new Float64Array(COUNT)
  for (let i = 0; i < DRAWS; i++) drawn[zipf.next()]!++
  let zeta = 0
  for (let rank = 1; rank <= COUNT; rank++) zeta += rank ** -THETA
  const expected = (from: number, to: number): number => {
    let share = 0
    for (let rank = from; rank < to; rank++) share += (rank + 1) ** -THETA / zeta
    return share
  }
  const measured = (from: number, to: number): number =>
    drawn.subarray(from, to).reduce((sum, count) => sum + count, 0) / DRAWS
  expect(measured(0, 1)).toBeCloseTo(expected(0, 1), 2)
  expect(measured(1, 2)).toBeCloseTo(expected(1, 2), 2)
  for (const [from, to] of [
    [2, 10],
    [10, 100],
    [100, 1000],
  ] as const) {
    // The method is an approximation; its error is largest directly after the first two ranks.
    expect(Math.abs(measured(from, to) / expected(from, to) - 1)).toBeLessThan(0.12)
  }
})

test('picks are in range, and popular ones are spread over the range', () => {
  const picks = zipfPicks(COUNT, THETA, 7)
  const times = new Float64Array(COUNT)
  for (const pick of picks) times[pick]!++
  const popular = [...times.keys()].sort((a, b) => times[b]! - times[a]!).slice(0, 10)
  expect(picks.length).toBe(PICK_COUNT)
  expect(Math.min(...picks.subarray(0, 1000))).toBeGreaterThanOrEqual(0)
  expect(Math.max(...popular) - Math.min(...popular)).toBeGreaterThan(COUNT / 4)
})

test('uniform picks are uniform', () => {
  const times = new Float64Array(10)
  for (const pick of uniformPicks(10, 3)) times[pick]!++
  for (const count of times) expect(Math.abs((count * 10) / PICK_COUNT - 1)).toBeLessThan(0.02)
})
