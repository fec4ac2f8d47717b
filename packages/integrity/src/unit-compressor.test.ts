import { CodecId, COMPRESSED_RAW_BYTES_MAX, LZ4_CODEC, NONE_CODEC } from '@ldb/integrity'
import type { CompressionCodec } from '@ldb/integrity'
import { expect, test } from 'vitest'
import { UnitCompressor } from './unit-compressor.js'

const BLOCK = new Uint8Array(800)

/** A codec of the application whose results have the given lengths; `undefined` is no result. Counts its calls. */
function codecOf(next: () => number | undefined): CompressionCodec & { calls: number } {
  const codec = {
    id: 200,
    name: 'lengths',
    calls: 0,
    compress: (): Uint8Array | undefined => {
      codec.calls++
      const length = next()
      return length === undefined ? undefined : new Uint8Array(length)
    },
    decompress: (bytes: Uint8Array): Uint8Array => bytes,
  }
  return codec
}

test.each([
  [undefined, false],
  [0, true],
  [400, true],
  [700, true],
  [701, false],
  [800, false],
  [900, false],
])('a block of 800 bytes that compresses to %s is compressed: %s', (length, isCompressed) => {
  const compressed = new UnitCompressor(codecOf(() => length)).compress(BLOCK)
  expect(compressed?.length).toBe(isCompressed ? length : undefined)
})

test('blocks are skipped after failures, ever more, and all are tried again after a success', () => {
  let length: number | undefined
  const codec = codecOf(() => length)
  const compressor = new UnitCompressor(codec)
  const triesIn = (blocks: number): number => {
    const before = codec.calls
    for (let index = 0; index < blocks; index++) compressor.compress(BLOCK)
    return codec.calls - before
  }
  // Each of the first four, then the second, the third, the fifth, ... from the last attempt on.
  expect(triesIn(4)).toBe(4)
  expect([triesIn(2), triesIn(3), triesIn(5), triesIn(9), triesIn(17)]).toEqual([1, 1, 1, 1, 1])
  // At most 32 are skipped.
  expect([triesIn(33), triesIn(33), triesIn(330)]).toEqual([1, 1, 10])
  length = 100
  expect(triesIn(33)).toBe(1)
  expect(triesIn(50)).toBe(50)
  length = undefined
  expect(triesIn(4)).toBe(4)
})

test('a block that an application codec cannot compress, or returns something else for, is stored as it is', () => {
  const results: unknown[] = ['text', null, [1, 2]]
  for (const result of results) {
    const codec = { ...LZ4_CODEC, id: 200, compress: () => result as Uint8Array }
    expect(new UnitCompressor(codec).compress(BLOCK)).toBeUndefined()
  }
  const throwing = {
    ...LZ4_CODEC,
    id: 200,
    compress: () => {
      throw new Error('no')
    },
  }
  expect(new UnitCompressor(throwing).compress(BLOCK)).toBeUndefined()
})

test('an application codec cannot change the block', () => {
  const block = BLOCK.slice()
  const codec = {
    ...LZ4_CODEC,
    id: 200,
    compress: (bytes: Uint8Array) => {
      bytes.fill(7)
      return undefined
    },
  }
  new UnitCompressor(codec).compress(block)
  expect(block).toEqual(BLOCK)
})

test('nothing is compressed without a codec, and nothing that is too long', () => {
  expect(new UnitCompressor(NONE_CODEC).compress(BLOCK)).toBeUndefined()
  expect(new UnitCompressor(NONE_CODEC).codec.id).toBe(CodecId.None)
  const codec = codecOf(() => 1)
  expect(new UnitCompressor(codec).compress(new Uint8Array(COMPRESSED_RAW_BYTES_MAX + 1))).toBeUndefined()
  expect(codec.calls).toBe(0)
})
