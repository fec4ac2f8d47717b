// Strategy: random range options are resolved and applied to encoded keys; a filter over the plain keys is the oracle.
// Invariants: both select the same keys, and a range that selects a key is not empty.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareTuples, tupleArbitrary } from '../../test/tuple-arbitrary.js'
import { compareBytes } from '../bytes/bytes.js'
import { intersectBounds, isEmptyBounds, isWithinBounds, keySuccessor } from './half-open-range.js'
import type { KeyEncoding } from '../encoding/key-encoding.js'
import { binaryKeys, keyEncoding, tupleKeys, utf8Keys } from '../encoding/key-encodings.js'
import { KEY_BYTES_MAX } from '../limits.js'
import { resolveRange } from './range-options.js'
import type { KeyPrefix, RangeOptions } from './range-options.js'

const invalid = expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' })
const tooLarge = expect.objectContaining({ code: 'LDB_TOO_LARGE' })

const bytesKey = fc
  .array(fc.constantFrom(0, 1, 0x61, 0xfe, 0xff), { maxLength: 4 })
  .map((list) => Uint8Array.from(list))
const textKey = fc
  .array(fc.constantFrom('\0', 'a', 'b', 'ÿ', '\uffff', '😀'), { maxLength: 3 })
  .map((list) => list.join(''))

function rangeOf<K>(key: fc.Arbitrary<K>): fc.Arbitrary<RangeOptions<K>> {
  // Every key is a prefix.
  const prefix = key as fc.Arbitrary<KeyPrefix<K>>
  return fc.record({ gt: key, gte: key, lt: key, lte: key, prefix }, { requiredKeys: [] })
}

function checkRange<K>(
  encoding: KeyEncoding<K>,
  key: fc.Arbitrary<K>,
  compare: (a: K, b: K) => number,
  startsWith: (key: K, prefix: K) => boolean,
): void {
  fc.assert(
    fc.property(rangeOf(key), fc.array(key, { maxLength: 12 }), (range, others) => {
      const resolved = resolveRange(range, encoding)
      const given = Object.values(range) as K[]
      for (const candidate of [...others, ...given]) {
        const expected =
          (!Object.hasOwn(range, 'gt') || compare(candidate, range.gt as K) > 0) &&
          (!Object.hasOwn(range, 'gte') || compare(candidate, range.gte as K) >= 0) &&
          (!Object.hasOwn(range, 'lt') || compare(candidate, range.lt as K) < 0) &&
          (!Object.hasOwn(range, 'lte') || compare(candidate, range.lte as K) <= 0) &&
          (!Object.hasOwn(range, 'prefix') || startsWith(candidate, range.prefix as K))
        const encoded = encoding.encode(candidate)
        expect(isWithinBounds(encoded, resolved)).toBe(expected)
        if (expected) expect(resolved.empty).toBe(false)
      }
      expect(resolved.empty).toBe(isEmptyBounds(resolved))
    }),
    { numRuns: 2000 },
  )
}

describe('bounds', () => {
  it('select the same keys as a filter over bytes', () => {
    const startsWith = (key: Uint8Array, prefix: Uint8Array): boolean =>
      compareBytes(key.subarray(0, prefix.length), prefix) === 0
    checkRange(binaryKeys, bytesKey, compareBytes, startsWith)
  })

  it('select the same keys as a filter over strings, by code point', () => {
    const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
    checkRange(utf8Keys, textKey, compare, (key, prefix) => key.startsWith(prefix))
  })

  it('select the same keys as a filter over tuples, whose prefixes are whole elements', () => {
    const startsWith = (key: readonly never[], prefix: readonly never[]): boolean =>
      compareTuples(key.slice(0, prefix.length), prefix) === 0
    checkRange(tupleKeys, tupleArbitrary, compareTuples, startsWith as never)
    const us = resolveRange({ prefix: ['US'] }, tupleKeys)
    expect(isWithinBounds(tupleKeys.encode(['US', 5]), us)).toBe(true)
    expect(isWithinBounds(tupleKeys.encode(['US']), us)).toBe(true)
    expect(isWithinBounds(tupleKeys.encode(['USA']), us)).toBe(false)
    expect(isWithinBounds(tupleKeys.encode(['US\0']), us)).toBe(false)
  })

  it('intersect to the keys within both', () => {
    const bounds = fc.record({
      lower: fc.option(bytesKey, { nil: undefined }),
      upper: fc.option(bytesKey, { nil: undefined }),
    })
    fc.assert(
      fc.property(bounds, bounds, bytesKey, (a, b, key) => {
        expect(isWithinBounds(key, intersectBounds(a, b))).toBe(
          isWithinBounds(key, a) && isWithinBounds(key, b),
        )
      }),
    )
  })

  it('are exact at the longest key', () => {
    const greatest = new Uint8Array(KEY_BYTES_MAX).fill(0xff)
    expect(keySuccessor(greatest)).toBeUndefined()
    expect(resolveRange({ gt: greatest }, binaryKeys).empty).toBe(true)
    expect(resolveRange({ gt: greatest, lt: Uint8Array.of(1) }, binaryKeys).empty).toBe(true)
    expect(resolveRange({ lte: greatest }, binaryKeys)).toMatchObject({ upper: undefined, empty: false })
    expect(resolveRange({ gte: greatest }, binaryKeys)).toMatchObject({ lower: greatest, empty: false })
    const long = new Uint8Array(KEY_BYTES_MAX)
    expect(resolveRange({ gt: long }, binaryKeys).lower?.length).toBe(KEY_BYTES_MAX)
    expect(() => resolveRange({ gt: new Uint8Array(KEY_BYTES_MAX + 1) }, binaryKeys)).toThrow(tooLarge)
    expect(() => resolveRange({ prefix: new Uint8Array(KEY_BYTES_MAX + 1) }, binaryKeys)).toThrow(tooLarge)
  })

  it('do not change when the caller changes its keys afterwards', () => {
    const lower = Uint8Array.of(1)
    const upper = Uint8Array.of(9)
    const range = resolveRange({ gte: lower, lt: upper }, binaryKeys)
    const prefixed = resolveRange({ prefix: lower }, binaryKeys)
    lower[0] = 200
    upper[0] = 0
    expect(range).toMatchObject({ lower: Uint8Array.of(1), upper: Uint8Array.of(9) })
    expect(prefixed).toMatchObject({ lower: Uint8Array.of(1), upper: Uint8Array.of(2) })
  })
})

describe('options', () => {
  it('default to the full range', () => {
    const everything = {
      lower: undefined,
      upper: undefined,
      empty: false,
      reverse: false,
      limit: Infinity,
      offset: 0,
    }
    expect(resolveRange(undefined, utf8Keys)).toEqual(everything)
    expect(resolveRange({}, utf8Keys)).toEqual(everything)
    expect(resolveRange({ gt: undefined, limit: undefined, reverse: undefined }, utf8Keys)).toEqual(
      everything,
    )
    expect(resolveRange({ prefix: '' }, utf8Keys)).toMatchObject({ upper: undefined, empty: false })
    expect(resolveRange({ lt: '' }, utf8Keys).empty).toBe(true)
  })

  it('keep direction, limit and offset', () => {
    const range = resolveRange({ reverse: true, limit: 5, offset: 2 }, utf8Keys)
    expect(range).toMatchObject({ reverse: true, limit: 5, offset: 2, empty: false })
    expect(resolveRange({ limit: 0 }, utf8Keys).empty).toBe(true)
    expect(resolveRange({ limit: Infinity }, utf8Keys).limit).toBe(Infinity)
    expect(Object.is(resolveRange({ limit: -0 }, utf8Keys).limit, 0)).toBe(true)
  })

  it.each([
    ['an unknown name', { above: 'a' }],
    ['an unknown symbol', { [Symbol('gt')]: 'a' }],
    ['a negative limit', { limit: -1 }],
    ['a fractional limit', { limit: 1.5 }],
    ['NaN as limit', { limit: Number.NaN }],
    ['a string as limit', { limit: '5' }],
    ['a negative offset', { offset: -1 }],
    ['an infinite offset', { offset: Infinity }],
    ['a number as reverse', { reverse: 1 }],
    ['a key of another type', { gt: 5 }],
    ['null as key', { gte: null }],
    ['null', null],
    ['an array', []],
    ['a string', 'abc'],
    ['bytes', Uint8Array.of(1)],
  ])('refuse %s', (_, range) => {
    expect(() => resolveRange(range as RangeOptions<string>, utf8Keys)).toThrow(invalid)
  })

  it('are read as own properties only', () => {
    const inherited = Object.create({ gt: 'x', limit: 0, above: 1 }) as RangeOptions<string>
    expect(resolveRange(inherited, utf8Keys)).toMatchObject({ lower: undefined, limit: Infinity })
    const polluted = JSON.parse('{"__proto__": {"gt": "x"}}') as RangeOptions<string>
    expect(() => resolveRange(polluted, utf8Keys)).toThrow(invalid)
  })

  it('refuse a prefix when the encoding has none', () => {
    const encoding = keyEncoding<number>({
      name: 'byte',
      encode: (key) => Uint8Array.of(key),
      decode: (bytes) => bytes[0] ?? 0,
    })
    expect(resolveRange({ gte: 3, lte: 5 }, encoding)).toMatchObject({
      lower: Uint8Array.of(3),
      upper: Uint8Array.of(5, 0),
    })
    expect(() => resolveRange({ prefix: 3 }, encoding)).toThrow(invalid)
  })
})
