// Strategy: compresses bytes that are adversarial for LZ4, and decodes blocks that are damaged at every byte, cut, forged and random.
// Invariants: a block restores its bytes and is never longer than they are; no block makes the decoder throw, read outside of it, or
// return or allocate any other number of bytes than stated. A second decoder, written from FORMAT.md, reads what the compressor writes.
import { isLdbError } from '@ldb/base'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compressible, joined, noise, text } from '../../test/lz4-samples.js'
import { COMPRESSED_RAW_BYTES_MAX, LZ4_CODEC } from '../codec.js'
import * as wasm from './lz4-wasm.js'
import * as portable from './lz4.js'

/** Decodes a block as FORMAT.md says, byte by byte, and throws when it is malformed. */
function decodedSimply(block: Uint8Array): number[] {
  const raw: number[] = []
  let at = 0
  const next = (): number => {
    const byte = block[at++]
    if (byte === undefined) throw new Error('the block ends within a sequence')
    return byte
  }
  const lengthOf = (first: number): number => {
    let length = first
    for (let byte = first === 15 ? 255 : 0; byte === 255; length += byte) byte = next()
    return length
  }
  for (;;) {
    const token = next()
    for (let rest = lengthOf(token >> 4); rest > 0; rest--) raw.push(next())
    if (at === block.length) return raw
    const offset = next() + 256 * next()
    if (offset === 0 || offset > raw.length) throw new Error('the offset is before the start')
    for (let rest = lengthOf(token & 15) + 4; rest > 0; rest--) raw.push(raw[raw.length - offset]!)
  }
}

describe.each([
  ['TypeScript', portable],
  ['WebAssembly', wasm],
] as const)('%s', (_twin, { compressLz4, decompressLz4 }) => {
  function compressed(bytes: Uint8Array): Uint8Array {
    const block = compressLz4(bytes)
    if (block === undefined) throw new Error('the bytes do not compress')
    return block
  }

  test.each<[string, Uint8Array, 'shorter' | 'raw']>([
    ['no bytes', new Uint8Array(0), 'raw'],
    ['one byte', Uint8Array.of(7), 'raw'],
    ['12 equal bytes, too few for a match', new Uint8Array(12), 'raw'],
    ['13 equal bytes', new Uint8Array(13), 'shorter'],
    ['a run of one byte', new Uint8Array(100_000).fill(3), 'shorter'],
    ['a period of 3', Uint8Array.from({ length: 5000 }, (_, index) => index % 3), 'shorter'],
    ['a period of 255', joined(noise(255, 1), noise(255, 1), noise(255, 1)), 'shorter'],
    ['noise', noise(20_000, 5), 'raw'],
    ['noise, then a run', joined(noise(1000, 5), new Uint8Array(3000)), 'shorter'],
    ['an offset of 65,535', joined(noise(65_535, 9), noise(3000, 9)), 'shorter'],
    ['an offset of 65,536', joined(noise(65_536, 9), noise(3000, 9)), 'raw'],
    [
      'literals of 14, 15, 269 and 270 bytes',
      joined(...[14, 15, 269, 270].flatMap((count) => [noise(count, count), new Uint8Array(50)])),
      'shorter',
    ],
    [
      'matches of 4 to 600 bytes',
      joined(
        ...Array.from({ length: 80 }, (_, index) =>
          joined(noise(600, 2).subarray(0, 4 + 7 * index), noise(5, index)),
        ),
      ),
      'shorter',
    ],
    ['JSON', text, 'shorter'],
    ['JSON in a larger buffer', joined(new Uint8Array(13), text).subarray(13), 'shorter'],
  ])('%s: is restored', (_, bytes, expected) => {
    const before = bytes.slice()
    const block = compressLz4(bytes)
    expect(bytes).toEqual(before)
    expect(block === undefined ? 'raw' : 'shorter').toBe(expected)
    if (block === undefined) return
    expect(block.length).toBeLessThan(bytes.length)
    expect(Buffer.compare(decompressLz4(block, bytes.length)!, bytes)).toBe(0)
    expect(Buffer.compare(Uint8Array.from(decodedSimply(block)), bytes)).toBe(0)
  })

  test('the worked example of FORMAT.md', () => {
    const block = Uint8Array.from([0x1a, 0x61, 1, 0, 0x50, 0x61, 0x61, 0x61, 0x61, 0x61])
    expect(compressed(new Uint8Array(20).fill(0x61))).toEqual(block)
  })

  test('any bytes are restored, by two decoders', () => {
    fc.assert(
      fc.property(compressible, (bytes) => {
        const block = compressLz4(bytes)
        if (block === undefined) return
        expect(block.length).toBeLessThan(bytes.length)
        expect(Buffer.compare(decompressLz4(block, bytes.length)!, bytes)).toBe(0)
        expect(Buffer.compare(Uint8Array.from(decodedSimply(block)), bytes)).toBe(0)
      }),
      { numRuns: 500 },
    )
  })

  test('the end of a block leaves what other decoders of LZ4 rely on', () => {
    // The last five bytes are literals, and no match begins in the last twelve: with runs every match would reach the end.
    for (let length = 13; length < 80; length++) {
      const block = compressed(new Uint8Array(length))
      const literals = block.at(-1) === 0 ? block.subarray(block.lastIndexOf(0x50) + 1) : new Uint8Array(0)
      expect(literals.length, `length ${length}`).toBe(5)
    }
  })

  describe('a block that is not intact', () => {
    const block = compressed(text)

    test('is refused when it is cut anywhere', () => {
      for (let end = 0; end < block.length; end++)
        expect(decompressLz4(block.subarray(0, end), text.length)).toBeUndefined()
    })

    test('is refused with any other length', () => {
      for (const rawBytes of [0, 1, text.length - 1, text.length + 1, 2 * text.length])
        expect(decompressLz4(block, rawBytes)).toBeUndefined()
    })

    test('never throws and never changes the length when a byte is changed', () => {
      for (let offset = 0; offset < block.length; offset++) {
        for (const change of [1, 0x10, 0x80, 0xff]) {
          const damaged = block.slice()
          damaged[offset]! ^= change
          expect([undefined, text.length]).toContain(decompressLz4(damaged, text.length)?.length)
        }
      }
    })

    test('reads nothing outside of its bytes', () => {
      // Behind a block that is cut stands what would complete it.
      for (let end = 1; end < block.length; end++) {
        const buffer = block.slice()
        expect(decompressLz4(buffer.subarray(0, end), text.length)).toBeUndefined()
      }
      // In front of the target of a match stand bytes of the buffer, which an offset must not reach.
      const forged = joined(noise(20, 3), Uint8Array.of(0x10, 65, 2, 0, 0x50, 1, 2, 3, 4, 5)).subarray(20)
      expect(decompressLz4(forged, 1 + 4 + 5)).toBeUndefined()
    })

    test.each<[string, number[], number]>([
      ['no bytes', [], 0],
      ['a literal length beyond the end', [0xf0, 255, 255, 255, 0, 1], 770],
      ['a literal length without an end', [0xf0, 255, 255], 510],
      ['more literals than the block should have', [0x50, 1, 2, 3, 4, 5], 4],
      ['an offset of 0', [0x10, 1, 0, 0, 0x50, 1, 2, 3, 4, 5], 10],
      ['an offset before the start', [0x10, 1, 2, 0, 0x50, 1, 2, 3, 4, 5], 10],
      ['half an offset', [0x10, 1, 1], 10],
      ['a match length without an end', [0x1f, 1, 1, 0, 255, 255], 600],
      ['a match that exceeds the stated length', [0x1f, 1, 1, 0, 255, 255, 0, 0x50, 1, 2, 3, 4, 5], 100],
      ['a match at the end', [0x10, 1, 1, 0], 5],
      ['a match at the start', [0x00, 1, 0, 0x50, 1, 2, 3, 4, 5], 9],
    ])('is refused: %s', (_, bytes, rawBytes) => {
      expect(decompressLz4(Uint8Array.from(bytes), rawBytes)).toBeUndefined()
    })

    test('of random bytes has the stated length, or none', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(2000), (garbage, rawBytes) => {
          const raw = decompressLz4(garbage, rawBytes)
          expect(raw === undefined || raw.length === rawBytes).toBe(true)
        }),
        { numRuns: 5000 },
      )
    })
  })

  test('a block that is too short for the stated length allocates nothing', () => {
    // 255 bytes of raw bytes for each byte of the block at most: 64 MiB need 257 KiB.
    const before = process.memoryUsage().arrayBuffers
    for (let index = 0; index < 50; index++)
      expect(decompressLz4(new Uint8Array(1000).fill(255), 2 ** 26)).toBeUndefined()
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26)
  })

  test('the longest run is within the ratio that the decoder accepts', () => {
    const bytes = new Uint8Array(4_000_000)
    const block = compressed(bytes)
    expect(bytes.length / block.length).toBeGreaterThan(250)
    expect(decompressLz4(block, bytes.length)?.length).toBe(bytes.length)
  })
})

test('a block that is not intact is LDB_CORRUPTION', () => {
  const block = LZ4_CODEC.compress(text)!
  for (const [bytes, rawBytes] of [
    [block.subarray(1), text.length],
    [block, COMPRESSED_RAW_BYTES_MAX + 1],
    // An allocation of this size would fail.
    [Uint8Array.of(0), 2 ** 45],
  ] as const) {
    let thrown: unknown
    try {
      LZ4_CODEC.decompress(bytes, rawBytes)
    } catch (error) {
      thrown = error
    }
    expect(isLdbError(thrown, 'LDB_CORRUPTION')).toBe(true)
  }
})

test('bytes above the maximum are not compressed', () => {
  expect(LZ4_CODEC.compress(new Uint8Array(COMPRESSED_RAW_BYTES_MAX + 1))).toBeUndefined()
})
