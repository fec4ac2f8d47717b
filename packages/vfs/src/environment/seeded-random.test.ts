import { expect, it } from 'vitest'
import { SeededRandom } from './seeded-random.js'

const bytesOf = (seed: number, count: number): number[] => [
  ...new SeededRandom(seed).fill(new Uint8Array(count)),
]

it('generates the same bytes for the same seed, and different ones for another seed', () => {
  expect(bytesOf(1, 64)).toEqual(bytesOf(1, 64))
  expect(bytesOf(1, 16)).not.toEqual(bytesOf(2, 16))
  expect(bytesOf(3, 5)).toEqual(bytesOf(3, 8).slice(0, 5))
})

it('does not repeat, and generates every byte value', () => {
  const random = new SeededRandom(7)
  const seen = new Set<string>()
  for (let round = 0; round < 100; round++) seen.add(random.fill(new Uint8Array(16)).join())
  expect(seen.size).toBe(100)
  expect(new Set(bytesOf(7, 10_000)).size).toBe(256)
})
