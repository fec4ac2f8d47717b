import { expect, test } from 'vitest'
import { Filter, FilterBuilder } from './filter.js'

const key = (index: number): Uint8Array => new TextEncoder().encode(`key ${index}`)

function filterOf(count: number, seed = 12_345, bitsPerKey = 10): { filter: Filter; payload: Uint8Array } {
  const builder = new FilterBuilder(seed, bitsPerKey)
  for (let index = 0; index < count; index++) builder.add(key(index), 0, key(index).length)
  const payload = new Uint8Array(builder.byteCount)
  expect(builder.finish(payload, 0)).toBe(payload.length)
  const filter = Filter.decode(payload)
  if (filter === undefined) throw new Error('the filter is malformed')
  return { filter, payload }
}

test.each([1, 10, 1000, 20_000])('a filter of %i keys admits each of them, and few others', (count) => {
  const { filter } = filterOf(count)
  let admitted = 0
  for (let index = 0; index < count; index++)
    expect(filter.mayContain(key(index), 0, key(index).length)).toBe(true)
  for (let index = count; index < count + 10_000; index++) {
    if (filter.mayContain(key(index), 0, key(index).length)) admitted++
  }
  expect(admitted).toBeLessThan(200)
})

test.each([
  [10, 150],
  [12, 80],
  [16, 25],
])('a filter with %i bits a key admits few other keys', (bitsPerKey, most) => {
  const { filter } = filterOf(20_000, 54_321, bitsPerKey)
  let admitted = 0
  for (let index = 20_000; index < 30_000; index++) {
    if (filter.mayContain(key(index), 0, key(index).length)) admitted++
  }
  expect(admitted).toBeLessThan(most)
})

test('filters with different seeds admit different other keys', () => {
  const admittedBy = (seed: number): number[] => {
    const { filter } = filterOf(1000, seed)
    return Array.from({ length: 20_000 }, (_, index) => index + 1000).filter((index) =>
      filter.mayContain(key(index), 0, key(index).length),
    )
  }
  const first = new Set(admittedBy(1))
  expect(admittedBy(2).filter((index) => first.has(index)).length).toBeLessThan(first.size / 4)
})

test('malformed payloads are refused', () => {
  const { payload } = filterOf(10)
  for (let length = 0; length < payload.length; length++)
    expect(Filter.decode(payload.slice(0, length))).toBeUndefined()
  for (const offset of [4, 8, 12]) {
    const changed = payload.slice()
    changed[offset + 3] = 1
    expect(Filter.decode(changed)).toBeUndefined()
  }
})
