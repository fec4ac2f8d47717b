import { equalBytes } from '@ldb/base'
import { expect, test } from 'vitest'
import { PageMemory } from '../page/memory.js'
import { ValueSlab } from './value-slab.js'

/** Returns a memory that contains exactly these bytes. */
function memoryOf(bytes: Uint8Array): PageMemory {
  return new PageMemory(bytes, 512, { readExtent: () => expect.unreachable('there is no extent') })
}

/** Returns bytes derived from a seed. */
function bytesOf(seed: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (seed * 31 + index * 7) & 0xff)
}

test('values of every size are copied whole and do not change later', () => {
  const slab = new ValueSlab()
  const copies: [Uint8Array, Uint8Array][] = []
  for (let round = 0; round < 300; round += 1) {
    const length = [0, 1, 2, 3, 63, 64, 65, 159, 160, 161, 500, 8191, 8192, 8193, 70_000][round % 14]!
    const source = bytesOf(round, length + 13)
    const copy = slab.copy(memoryOf(source), 13, length)
    expect(copy).toHaveLength(length)
    copies.push([copy, source.slice(13, 13 + length)])
    source.fill(0xff)
  }
  for (const [copy, expected] of copies) expect(equalBytes(copy, expected)).toBe(true)
})

test('two values never overlap', () => {
  const slab = new ValueSlab()
  const copies = Array.from({ length: 2000 }, (_, index) => slab.copy(memoryOf(bytesOf(index, 100)), 0, 100))
  for (const [index, copy] of copies.entries()) if (index % 2 === 0) copy.fill(0)
  for (const [index, copy] of copies.entries())
    if (index % 2 === 1) expect(equalBytes(copy, bytesOf(index, 100))).toBe(true)
})

test('small values share a buffer, and a value above 8 KiB has its own', () => {
  const slab = new ValueSlab()
  const [a, b] = [slab.copy(memoryOf(bytesOf(1, 50)), 0, 50), slab.copy(memoryOf(bytesOf(2, 50)), 0, 50)]
  expect(a.buffer).toBe(b.buffer)
  expect(slab.copy(memoryOf(bytesOf(3, 8193)), 0, 8193).buffer.byteLength).toBe(8193)
})
