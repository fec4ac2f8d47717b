import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  commonPrefixBytes,
  compareByteRanges,
  compareBytes,
  concatBytes,
  copyBytes,
  copyBytesInto,
  equalBytes,
  formatBytes,
  isBytes,
  kindOf,
  prefixSuccessor,
  startsWithBytes,
  toPlainBytes,
} from './bytes.js'
import { isLdbError } from '../ldb-error.js'

// Few distinct byte values, edge values among them, so that equal and nearly equal strings are frequent.
const fewBytes = fc
  .array(fc.constantFrom(0, 1, 0x7f, 0x80, 0xfe, 0xff), { maxLength: 6 })
  .map((bytes) => Uint8Array.from(bytes))

describe('compareBytes', () => {
  it('orders like Buffer.compare, for arrays and ranges', () => {
    fc.assert(
      fc.property(fewBytes, fewBytes, fewBytes, (a, b, around) => {
        const expected = Buffer.compare(a, b)
        expect(Math.sign(compareBytes(a, b))).toBe(expected)
        expect(equalBytes(a, b)).toBe(expected === 0)
        const aIn = concatBytes(around, a, around)
        const bIn = concatBytes(b, around)
        const start = around.length
        expect(Math.sign(compareByteRanges(aIn, start, start + a.length, bIn, 0, b.length))).toBe(expected)
      }),
    )
  })
})

describe('prefixes', () => {
  it('measures the common prefix', () => {
    fc.assert(
      fc.property(fewBytes, fewBytes, (a, b) => {
        const count = commonPrefixBytes(a, b)
        expect(equalBytes(a.subarray(0, count), b.subarray(0, count))).toBe(true)
        expect(count === a.length || count === b.length || a[count] !== b[count]).toBe(true)
        expect(startsWithBytes(a, b)).toBe(count === b.length)
      }),
    )
  })

  it('the successor bounds exactly the strings with the prefix', () => {
    fc.assert(
      fc.property(fewBytes, fewBytes, (prefix, other) => {
        const before = copyBytes(prefix)
        const successor = prefixSuccessor(prefix)
        expect(prefix).toEqual(before)
        if (successor === undefined) {
          expect(prefix.every((byte) => byte === 0xff)).toBe(true)
          expect(compareBytes(other, prefix) < 0 || startsWithBytes(other, prefix)).toBe(true)
          return
        }
        const within = compareBytes(other, prefix) >= 0 && compareBytes(other, successor) < 0
        expect(within).toBe(startsWithBytes(other, prefix))
      }),
      { numRuns: 2000 },
    )
  })

  it('an empty prefix and one of 0xFF bytes have no successor', () => {
    expect(prefixSuccessor(Uint8Array.of())).toBeUndefined()
    expect(prefixSuccessor(Uint8Array.of(0xff, 0xff))).toBeUndefined()
    expect(prefixSuccessor(Uint8Array.of(1, 0xff, 0xff))).toEqual(Uint8Array.of(2))
  })
})

describe('copies', () => {
  it('copies ranges of every length without sharing memory', () => {
    for (let count = 0; count < 200; count++) {
      const source = Uint8Array.from({ length: count + 5 }, (_, i) => i * 7)
      const copy = copyBytes(source, 2, 2 + count)
      expect(copy).toEqual(source.slice(2, 2 + count))
      const target = new Uint8Array(count + 3)
      copyBytesInto(target, 3, source, 5, 5 + count)
      expect(target).toEqual(concatBytes(new Uint8Array(3), source.slice(5)))
      source.fill(0xdb)
      expect(copy.length === 0 || copy.some((byte) => byte !== 0xdb)).toBe(true)
    }
  })
})

describe('toPlainBytes', () => {
  it('returns plain arrays unchanged, and views of Buffers', () => {
    const plain = Uint8Array.of(1, 2)
    expect(toPlainBytes(plain)).toBe(plain)
    const buffer = Buffer.from('abc')
    const view = toPlainBytes(buffer)
    expect(Object.getPrototypeOf(view)).toBe(Uint8Array.prototype)
    expect(view).toEqual(Uint8Array.of(97, 98, 99))
    buffer[0] = 0
    expect(view[0]).toBe(0)
  })

  it.each([
    ['a string', 'abc'],
    ['undefined', undefined],
    ['null', null],
    ['an array', [1, 2]],
    ['other typed arrays', new Uint16Array(2)],
    ['a clamped array', new Uint8ClampedArray(2)],
    ['a DataView', new DataView(new ArrayBuffer(1))],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['an object with the prototype of Uint8Array', Object.create(Uint8Array.prototype)],
    ['an object with the tag of Uint8Array', { [Symbol.toStringTag]: 'Uint8Array', length: 0 }],
  ])('refuses %s', (_, value) => {
    expect(isBytes(value)).toBe(false)
    expect(() => toPlainBytes(value, 'key')).toThrow(
      expect.objectContaining({
        code: 'LDB_INVALID_ARGUMENT',
        message: expect.stringMatching(/^key must be/),
      }),
    )
  })
})

it('formats bytes and kinds for messages', () => {
  expect(formatBytes(Uint8Array.of(0, 0xab))).toBe('0x00ab')
  expect(formatBytes(new Uint8Array(33))).toBe(`0x${'00'.repeat(32)}… (33 bytes)`)
  expect([null, [], new Float32Array(1), {}, 1n, undefined].map(kindOf)).toEqual([
    'null',
    'an array',
    'Float32Array',
    'an object',
    'bigint',
    'undefined',
  ])
  expect(isLdbError(new Error('x'))).toBe(false)
})
