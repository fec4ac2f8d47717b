// Strategy: an independent comparator is the oracle for the order of the encoded bytes. The decoder runs on every encoding with every
// truncation and every bit flip, and on random bytes made of codes.
// Invariants: bytes are ordered like tuples; different tuples have different bytes; the decoder accepts canonical encodings only and
// throws only LdbError; a tuple is a prefix of another exactly when its bytes are.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareTuples, tupleArbitrary, tuplePairArbitrary } from '../../test/tuple-arbitrary.js'
import { compareBytes, startsWithBytes } from '../bytes/bytes.js'
import { tupleKeys } from './key-encodings.js'
import { isLdbError } from '../ldb-error.js'
import { KEY_BYTES_MAX } from '../limits.js'
import type { TupleElement } from './tuple-encoder.js'
import { TUPLE_DEPTH_MAX, TupleCode } from './tuple-format.js'

const invalid = expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' })

function nested(depth: number): TupleElement[] {
  let tuple: TupleElement[] = []
  for (let i = 0; i < depth; i++) tuple = [tuple]
  return tuple
}

// Decodes; accepted bytes must be the canonical encoding of the decoded tuple.
function decodeStrictly(bytes: Uint8Array): void {
  let tuple: readonly TupleElement[]
  try {
    tuple = tupleKeys.decode(bytes)
  } catch (error) {
    if (!isLdbError(error, 'LDB_INVALID_ARGUMENT')) throw error
    return
  }
  if (compareBytes(tupleKeys.encode(tuple), bytes) !== 0) expect(tupleKeys.encode(tuple)).toEqual(bytes)
}

describe('tuples', () => {
  it('round-trip', () => {
    fc.assert(
      fc.property(tupleArbitrary, (tuple) => {
        expect(tupleKeys.decode(tupleKeys.encode(tuple))).toStrictEqual(tuple)
      }),
      { numRuns: 2000 },
    )
  })

  it('are ordered like their bytes, and different tuples have different bytes', () => {
    fc.assert(
      fc.property(tuplePairArbitrary, ([a, b]) => {
        const order = Math.sign(compareBytes(tupleKeys.encode(a), tupleKeys.encode(b)))
        expect(order).toBe(compareTuples(a, b))
        expect(order === 0).toBe(compareTuples(a, b) === 0)
      }),
      { numRuns: 5000 },
    )
  })

  it('have a byte prefix exactly when they have the tuple prefix', () => {
    fc.assert(
      fc.property(tuplePairArbitrary, fc.nat(3), ([a, b], cut) => {
        for (const prefix of [a.slice(0, cut), a, b]) {
          const expected = compareTuples(b.slice(0, prefix.length), prefix) === 0
          const encoded = tupleKeys.encodePrefix?.(prefix) ?? expect.fail('tuples have prefixes')
          expect(startsWithBytes(tupleKeys.encode(b), encoded)).toBe(expected)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('are ordered as in a list written by hand', () => {
    const ordered: TupleElement[][] = [
      [],
      [null],
      [null, null],
      [false],
      [true],
      [Number.NEGATIVE_INFINITY],
      [-1],
      [-0],
      [0],
      [5e-324],
      [1],
      [Infinity],
      [Number.NaN],
      [-(2n ** 70n)],
      [-256n],
      [-255n],
      [-1n],
      [0n],
      [1n],
      [2n ** 70n],
      [''],
      ['', 0],
      ['\0'],
      ['\u0001'],
      ['US'],
      ['US', 5],
      ['US\0'],
      ['USA'],
      ['\uffff'],
      ['😀'],
      [new Date(-1)],
      [new Date(0)],
      [Uint8Array.of()],
      [Uint8Array.of(0)],
      [Uint8Array.of(0, 0)],
      [Uint8Array.of(1)],
      [Uint8Array.of(255)],
      [[]],
      [[], 1],
      [[null]],
      [[1, 2]],
      [[1, 2, 0]],
      [[1, 3]],
    ]
    const encoded = ordered.map((tuple) => tupleKeys.encode(tuple))
    for (let i = 1; i < encoded.length; i++) {
      expect(compareBytes(encoded[i - 1] as Uint8Array, encoded[i] as Uint8Array)).toBeLessThan(0)
    }
  })

  it('encode every NaN the same, and Buffers as bytes', () => {
    const odd = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0001n]).buffer)[0] as number
    expect(tupleKeys.encode([odd])).toEqual(tupleKeys.encode([Number.NaN]))
    expect(tupleKeys.encode([Buffer.from([0, 7])])).toEqual(tupleKeys.encode([Uint8Array.of(0, 7)]))
  })
})

describe('encodeInto', () => {
  it('writes the bytes of encode where they fit, and returns -1 otherwise', () => {
    fc.assert(
      fc.property(tupleArbitrary, (tuple) => {
        const encoded = tupleKeys.encode(tuple)
        const target = new Uint8Array(encoded.length)
        expect(tupleKeys.encodeInto?.(tuple, target)).toBe(encoded.length)
        expect(target).toEqual(encoded)
        for (let count = 0; count < encoded.length; count++) {
          const backing = new Uint8Array(encoded.length + 8).fill(0xdb)
          expect(tupleKeys.encodeInto?.(tuple, backing.subarray(0, count))).toBe(-1)
          expect(backing.subarray(count).every((byte) => byte === 0xdb)).toBe(true)
        }
      }),
    )
  })
})

describe('limits', () => {
  it('encode keys up to the greatest length only', () => {
    const longest = 'x'.repeat(KEY_BYTES_MAX - 2)
    expect(tupleKeys.encode([longest]).length).toBe(KEY_BYTES_MAX)
    expect(() => tupleKeys.encode([`${longest}x`])).toThrow(
      expect.objectContaining({ code: 'LDB_TOO_LARGE' }),
    )
    for (const bits of [8 * 254, 8 * 255, 8 * 256, 8 * (KEY_BYTES_MAX - 4)]) {
      for (const value of [2n ** BigInt(bits) - 1n, -(2n ** BigInt(bits)) + 1n]) {
        expect(tupleKeys.decode(tupleKeys.encode([value]))).toEqual([value])
      }
    }
    const tooLarge = expect.objectContaining({ code: 'LDB_TOO_LARGE' })
    expect(() => tupleKeys.encode([2n ** BigInt(8 * (KEY_BYTES_MAX - 3)) - 1n])).toThrow(tooLarge)
    expect(() => tupleKeys.encode([2n ** 1_000_000n])).toThrow(tooLarge)
    expect(() => tupleKeys.encode([new Uint8Array(KEY_BYTES_MAX)])).toThrow(tooLarge)
  })

  it('nest up to the greatest depth only', () => {
    const deepest = nested(TUPLE_DEPTH_MAX)
    expect(tupleKeys.decode(tupleKeys.encode(deepest))).toEqual(deepest)
    expect(() => tupleKeys.encode(nested(TUPLE_DEPTH_MAX + 1))).toThrow(invalid)
    const cyclic: TupleElement[] = []
    cyclic.push(cyclic)
    expect(() => tupleKeys.encode(cyclic)).toThrow(invalid)
    expect(() => tupleKeys.decode(new Uint8Array(65_535).fill(TupleCode.Array))).toThrow(invalid)
  })

  it.each([
    ['undefined', [undefined]],
    ['a hole', [1, , 2]], // oxlint-disable-line no-sparse-arrays -- the hole is under test
    ['an object', [{}]],
    ['a function', [() => 1]],
    ['a symbol', [Symbol('s')]],
    ['an invalid Date', [new Date(Number.NaN)]],
    ['an object with the prototype of Date', [Object.create(Date.prototype)]],
    ['a lone surrogate', ['\ud800']],
    ['other typed arrays', [new Uint16Array(1)]],
    ['a string', 'abc'],
    ['null', null],
    ['bytes', Uint8Array.of(1)],
  ])('refuse %s', (_, tuple) => {
    expect(() => tupleKeys.encode(tuple as TupleElement[])).toThrow(invalid)
  })
})

describe('the decoder', () => {
  it('accepts canonical encodings only: every truncation, every bit flip', () => {
    fc.assert(
      fc.property(tupleArbitrary, (tuple) => {
        const bytes = tupleKeys.encode(tuple)
        for (let end = 0; end < bytes.length; end++) decodeStrictly(bytes.slice(0, end))
        for (let bit = 0; bit < bytes.length * 8; bit++) {
          const flipped = bytes.slice()
          flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
          decodeStrictly(flipped)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('accepts canonical encodings only: random bytes made of codes', () => {
    const byte = fc.oneof(
      fc.constantFrom(...Object.values(TupleCode), 1, 2, 0x7f, 0x80, 0xfe, 0xff),
      fc.nat(255),
    )
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 24 }), (list) => decodeStrictly(Uint8Array.from(list))),
      { numRuns: 20_000 },
    )
  })

  it.each([
    ['an unknown code', [0x11]],
    ['an End without an array', [0x00]],
    ['another NaN', [0x20, 0xff, 0xf8, 0, 0, 0, 0, 0, 1]],
    ['a negative NaN', [0x20, 0x00, 0x07, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['a leading zero', [0x29, 2, 0, 1]],
    ['a negative zero bigint', [0x28, 0xff]],
    ['a long length for a short bigint', [0x29, 0xff, 0, 1, 5]],
    ['an invalid escape', [0x30, 0x01, 0x03, 0x00]],
    ['an escaped End', [0x30, 0x01, 0x00]],
    ['invalid UTF-8', [0x30, 0xff, 0x00]],
    ['a Date with a fraction of a millisecond', [0x38, 0xbf, 0xe0, 0, 0, 0, 0, 0, 0]],
    ['an array without End', [0x48, 0x10]],
  ])('refuses %s', (_, list) => {
    expect(() => tupleKeys.decode(Uint8Array.from(list))).toThrow(invalid)
  })

  it('retains none of the borrowed bytes', () => {
    const bytes = tupleKeys.encode([Uint8Array.of(7, 8), Uint8Array.of(0)])
    const tuple = tupleKeys.decode(bytes)
    bytes.fill(0xdb)
    expect(tuple).toEqual([Uint8Array.of(7, 8), Uint8Array.of(0)])
  })
})
