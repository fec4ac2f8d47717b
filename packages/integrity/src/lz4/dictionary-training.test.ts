import { expect, test } from 'vitest'
import { noise } from '../../test/lz4-samples.js'
import { trainDictionary } from './dictionary-training.js'
import { createLz4Dictionary } from './lz4.js'

const encoder = new TextEncoder()

/** Records with frequent names and rare numbers. */
function records(count: number, seed: number): Uint8Array[] {
  const numbers = noise(8 * count, seed)
  return Array.from({ length: count }, (_, index) => {
    const part = Array.from(numbers.subarray(8 * index, 8 * index + 8), (byte) => byte.toString(36)).join('-')
    return encoder.encode(
      `{"identifier":"${part}","country":"Norway","subscription":{"level":"${index % 3}"}}`,
    )
  })
}

function train(samples: readonly Uint8Array[], bytesMax: number): Uint8Array {
  const ends: number[] = []
  let end = 0
  for (const sample of samples) ends.push((end += sample.length))
  return trainDictionary(Uint8Array.from(Buffer.concat(samples)), ends, bytesMax)
}

test('a dictionary has what the samples share', () => {
  const dictionary = train(records(200, 1), 512)
  expect(dictionary.length).toBeLessThanOrEqual(512)
  const found = Buffer.from(dictionary).toString()
  for (const part of ['"identifier":"', '"country":"Norway"', '"subscription":{"level":"'])
    expect(found).toContain(part)
  const codec = createLz4Dictionary(dictionary)
  let stored = 0
  let raw = 0
  for (const value of records(50, 2)) {
    raw += value.length
    stored += codec.compress(value, 0, value.length, new Uint8Array(value.length), 0, value.length)
  }
  expect(stored).toBeLessThan(raw / 2)
})

test('the same samples give the same dictionary, never longer than asked for', () => {
  for (const bytesMax of [0, 5, 6, 63, 64, 100, 4096]) {
    const first = train(records(100, 3), bytesMax)
    expect(first.length).toBeLessThanOrEqual(bytesMax)
    expect(train(records(100, 3), bytesMax)).toEqual(first)
  }
})

test('what is in one sample only, or across two, is not frequent', () => {
  expect(train([noise(60, 1), noise(60, 2)], 1024).length).toBe(0)
  expect(train([], 1024).length).toBe(0)
  expect(
    train(
      [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 6), Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 6)],
      64,
    ).length,
  ).toBe(0)
  // Repeated within one sample.
  expect(train([encoder.encode('abcdefgh'.repeat(50)), noise(100, 4)], 64).length).toBe(0)
})
