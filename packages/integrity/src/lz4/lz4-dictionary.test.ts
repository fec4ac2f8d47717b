// Strategy: blocks with a dictionary, intact and damaged, of both twins are read by both.
// Invariants: what one writes, both read; of a damaged block both read the same, or nothing; a block needs its dictionary; nothing but the
// output is written.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compressible, joined, noise, text } from '../../test/lz4-samples.js'
import type { Lz4Dictionary } from './lz4-dictionary.js'
import { LZ4_DICTIONARY_BYTES_MAX, LZ4_DICTIONARY_INPUT_BYTES_MAX } from './lz4-dictionary.js'
import * as wasm from './lz4-wasm.js'
import * as portable from './lz4.js'

const twins = [
  ['TypeScript', portable.createLz4Dictionary],
  ['WebAssembly', wasm.createLz4Dictionary],
] as const

function compress(dictionary: Lz4Dictionary, bytes: Uint8Array): Uint8Array | undefined {
  const target = new Uint8Array(bytes.length + 2).fill(0xee)
  // Neither the source nor the target begins at 0.
  const source = joined(Uint8Array.of(1, 2, 3), bytes, Uint8Array.of(4))
  const blockBytes = dictionary.compress(
    source,
    3,
    3 + bytes.length,
    target,
    1,
    Math.max(0, bytes.length - 1),
  )
  expect([target[0], target.at(-1)]).toEqual([0xee, 0xee])
  return blockBytes === 0 ? undefined : target.slice(1, 1 + blockBytes)
}

function decompress(dictionary: Lz4Dictionary, block: Uint8Array, rawBytes: number): Uint8Array | undefined {
  const target = new Uint8Array(rawBytes + 2).fill(0xee)
  const isIntact = dictionary.decompress(joined(noise(5, 1), block), 5, 5 + block.length, target, 1, rawBytes)
  expect([target[0], target.at(-1)]).toEqual([0xee, 0xee])
  if (!isIntact) expect(target.every((byte) => byte === 0xee)).toBe(true)
  return isIntact ? target.slice(1, 1 + rawBytes) : undefined
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0
}

/** A dictionary, and bytes that repeat parts of it. */
const cases = fc
  .tuple(compressible, compressible, fc.array(fc.tuple(fc.nat(), fc.nat(200)), { maxLength: 5 }))
  .map(([dictionary, own, copies]) => ({
    dictionary: dictionary.subarray(0, LZ4_DICTIONARY_BYTES_MAX),
    bytes: joined(
      ...copies.map(([at, count]) => dictionary.subarray(at % (dictionary.length + 1)).subarray(0, count)),
      own,
    ).subarray(0, LZ4_DICTIONARY_INPUT_BYTES_MAX),
  }))

describe.each(twins)('blocks with a dictionary of the twin in %s', (_, create) => {
  test('are read by both', () => {
    fc.assert(
      fc.property(cases, ({ dictionary, bytes }) => {
        const block = compress(create(dictionary), bytes)
        if (block === undefined) return
        for (const [, reader] of twins)
          expect(isSame(decompress(reader(dictionary), block, bytes.length), bytes)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  test('repeat the dictionary', () => {
    const bytes = joined(noise(20, 9), text.subarray(100, 400), noise(20, 10))
    const block = compress(create(text), bytes)!
    expect(block.length).toBeLessThan(60)
    expect(isSame(decompress(create(text), block, bytes.length), bytes)).toBe(true)
    // The same block with other dictionaries stands for other bytes, or refers to what is before the dictionary.
    const other = decompress(create(noise(text.length, 4)), block, bytes.length)
    expect(isSame(other, bytes)).toBe(false)
    expect(decompress(create(text.subarray(text.length - 10)), block, bytes.length)).toBeUndefined()
    expect(decompress(create(new Uint8Array(0)), block, bytes.length)).toBeUndefined()
  })

  test('reach the first byte of the longest dictionary from the last of the longest input', () => {
    const dictionary = joined(noise(100, 1), new Uint8Array(LZ4_DICTIONARY_BYTES_MAX - 100))
    const bytes = joined(new Uint8Array(LZ4_DICTIONARY_INPUT_BYTES_MAX - 106), noise(100, 1), noise(6, 3))
    const maker = create(dictionary)
    const block = compress(maker, bytes)!
    expect(isSame(decompress(maker, block, bytes.length), bytes)).toBe(true)
    expect(maker.compress(new Uint8Array(40_000), 0, 40_000, new Uint8Array(40_000), 0, 40_000)).toBe(0)
    expect(maker.decompress(block, 0, block.length, new Uint8Array(40_000), 0, 40_000)).toBe(false)
  })

  test('see nothing of earlier calls', () => {
    const maker = create(text)
    for (let round = 0; round < 200; round++) {
      const bytes = joined(noise(30, round), text.subarray(round, round + 300), noise(15, round))
      const block = compress(maker, bytes)!
      expect(isSame(decompress(maker, block, bytes.length), bytes)).toBe(true)
      // An offset one byte beyond the dictionary.
      const beyond = text.length + 2
      const forged = Uint8Array.of(0x10, 1, beyond & 255, beyond >>> 8, 0x50, 1, 2, 3, 4, 5)
      expect(decompress(maker, forged, 10)).toBeUndefined()
      const first = Uint8Array.of(0x10, 1, (beyond - 1) & 255, (beyond - 1) >>> 8, 0x50, 1, 2, 3, 4, 5)
      expect(decompress(maker, first, 10)?.subarray(1, 5)).toEqual(text.subarray(0, 4))
    }
  })
})

test('both twins read the same of damaged blocks', () => {
  const [first, second] = twins.map(([, create]) => create(text)) as [Lz4Dictionary, Lz4Dictionary]
  fc.assert(
    fc.property(
      fc.nat(2000),
      fc.nat(500),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (from, count, at, change) => {
        const bytes = joined(noise(13, from), text.subarray(from, from + count), noise(13, count))
        const block = compress(first, bytes)
        if (block === undefined) return
        block[at % block.length]! ^= change
        expect(isSame(decompress(first, block, bytes.length), decompress(second, block, bytes.length))).toBe(
          true,
        )
      },
    ),
    { numRuns: 1000 },
  )
})
