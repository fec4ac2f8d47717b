import { equalBytes } from '@ldb/base'
import { expect, test } from 'vitest'
import { ValueSlab } from './value-slab.js'

test('copies of all lengths are what they were when they were made', () => {
  const slab = new ValueSlab()
  const source = Uint8Array.from({ length: 20_000 }, (_, index) => index * 7)
  const copies: [Uint8Array, Uint8Array][] = []
  for (const length of [0, 1, 100, 8191, 8192, 8193, 20_000]) {
    for (let count = 0; count < 20; count++) {
      const end = Math.min(source.length, length + count)
      copies.push([slab.copy(source, end - length, end), source.slice(end - length, end)])
    }
  }
  source.fill(0)
  expect(copies.every(([copy, expected]) => equalBytes(copy, expected))).toBe(true)
  // The caller may write to its copy.
  copies[0]?.[0].fill(1)
  copies[30]?.[0].fill(1)
  expect(equalBytes(...(copies[31] ?? [source, source]))).toBe(true)
})
