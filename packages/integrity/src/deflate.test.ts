import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as node from './deflate-node.js'
import * as portable from './deflate.js'

const pairs = [
  ['portable', 'portable', portable, portable],
  ['portable', 'node', portable, node],
  ['node', 'portable', node, portable],
  ['node', 'node', node, node],
] as const

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 5000, size: 'max' }),
  // Compressible input: long runs of few letters.
  fc
    .array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 3000 })), { maxLength: 40 })
    .map((runs) => Uint8Array.from(runs.flatMap(([letter, count]) => new Array<number>(count).fill(letter)))),
)

describe.each(pairs)('compressed by %s, decompressed by %s', (_writerName, _readerName, writer, reader) => {
  test('round-trips any bytes', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const raw = reader.inflateRaw(writer.deflateRaw(bytes), bytes.length)
        expect(raw !== undefined && Buffer.compare(raw, bytes) === 0).toBe(true)
        expect(Object.getPrototypeOf(raw)).toBe(Uint8Array.prototype)
      }),
      { numRuns: 300 },
    )
  })

  test('rejects any other length', () => {
    const bytes = new Uint8Array(20_000).map((_, index) => index % 7)
    const stored = writer.deflateRaw(bytes)
    for (const rawBytes of [0, 1, 63, 64, 19_998, 19_999, 20_001, 20_002, 70_000]) {
      expect(reader.inflateRaw(stored, rawBytes)).toBeUndefined()
    }
    expect(Buffer.compare(reader.inflateRaw(stored, 20_000)!, bytes)).toBe(0)
  })

  test('does not inflate a decompression bomb beyond the given length', () => {
    const bomb = writer.deflateRaw(new Uint8Array(50_000_000))
    expect(reader.inflateRaw(bomb, 1000)).toBeUndefined()
  })
})

describe.each([
  ['portable', portable],
  ['node', node],
] as const)('%s inflate', (_name, implementation) => {
  test('rejects truncated input, at every byte', () => {
    const bytes = new Uint8Array(600).map((_, index) => (index * index) % 11)
    const stored = implementation.deflateRaw(bytes)
    for (let end = 0; end < stored.length; end++) {
      expect(implementation.inflateRaw(stored.subarray(0, end), bytes.length)).toBeUndefined()
    }
  })

  test('never throws and never returns another length for invalid input', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(2000), (garbage, rawBytes) => {
        const raw = implementation.inflateRaw(garbage, rawBytes)
        expect(raw === undefined || raw.length === rawBytes).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('reads a subarray and shares no memory with it', () => {
    const bytes = new Uint8Array(3000).fill(5)
    const stored = implementation.deflateRaw(bytes)
    const holder = new Uint8Array(stored.length + 20).fill(9)
    holder.set(stored, 7)
    const raw = implementation.inflateRaw(holder.subarray(7, 7 + stored.length), 3000)!
    holder.fill(0)
    expect(raw).toEqual(bytes)
    expect(raw.buffer.byteLength).toBeLessThanOrEqual(3064)
  })
})
