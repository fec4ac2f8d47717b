import fc from 'fast-check'
import type { Text, TextRange } from './model.js'

const LONGEST = 65_535
const bytePart = fc.constantFrom('\x00', '\xff', 'a', 'b', 'c')

/**
 * Few distinct keys, so that operations collide: the empty key, sequences of 0x00 and 0xFF, long shared prefixes, the
 * longest key.
 */
export const keyTexts: fc.Arbitrary<Text> = fc.oneof(
  { weight: 12, arbitrary: fc.string({ unit: bytePart, maxLength: 3 }) },
  {
    weight: 6,
    arbitrary: fc.integer({ min: 0, max: 99 }).map((number) => `key${String(number).padStart(3, '0')}`),
  },
  { weight: 2, arbitrary: fc.constant('') },
  { weight: 2, arbitrary: fc.nat(40).map((count) => '\x00'.repeat(count)) },
  { weight: 2, arbitrary: fc.nat(40).map((count) => '\xff'.repeat(count)) },
  { weight: 2, arbitrary: fc.nat(300).map((count) => 'prefix'.repeat(20) + 'x'.repeat(count)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\xff'.repeat(LONGEST), 'k'.repeat(LONGEST), 'k'.repeat(LONGEST - 1)),
  },
)

export const valueTexts: fc.Arbitrary<Text> = fc.oneof(
  { weight: 8, arbitrary: fc.string({ unit: bytePart, maxLength: 12 }) },
  { weight: 2, arbitrary: fc.nat(600).map((count) => 'v'.repeat(count)) },
  { weight: 1, arbitrary: fc.nat(70_000).map((count) => 'w'.repeat(count)) },
)

const bounds = fc.record(
  { gt: keyTexts, gte: keyTexts, lt: keyTexts, lte: keyTexts, prefix: keyTexts, reverse: fc.boolean() },
  { requiredKeys: [] },
)
/** Bounds of every kind, inverted ones included. */
export const bareBounds = fc.oneof(
  fc.constant({}),
  fc.record({ gte: keyTexts, lt: keyTexts }),
  fc.record({ reverse: fc.boolean() }),
  bounds,
)
/** Ranges with bounds, limits and offsets. */
export const ranges: fc.Arbitrary<TextRange> = fc
  .tuple(bareBounds, fc.record({ limit: fc.nat(8), offset: fc.nat(5) }, { requiredKeys: [] }))
  .map(([bound, counts]) => ({ ...bound, ...counts }))
