import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createKeyGenerator, KEY_BYTES, KEY_SHAPES } from './keys.js'
import type { Key, KeyShape } from './keys.js'
import { entryIndexOf, ValueGenerator } from './values.js'

const BYTE_SHAPES = KEY_SHAPES.filter((shape) => shape !== 'tuple')
const text = (key: Key): string =>
  key instanceof Uint8Array ? Buffer.from(key).toString('hex') : JSON.stringify(key)

test.each(KEY_SHAPES)('%s keys are distinct, and absent keys equal none of them', (shape) => {
  const keys = createKeyGenerator(shape, false)
  const seen = new Set<string>()
  for (let index = 0; index < 20_000; index++) seen.add(text(keys.of(index)))
  expect(seen.size).toBe(20_000)
  for (let index = 0; index < 20_000; index++) expect(seen.has(text(keys.absent(index)))).toBe(false)
})

test.each(BYTE_SHAPES)('%s keys have one length and share one buffer', (shape) => {
  const keys = createKeyGenerator(shape, false)
  expect((keys.of(5) as Uint8Array).length).toBe(KEY_BYTES[shape])
  expect(keys.of(5)).toBe(keys.of(6))
})

test.each(['decimal', 'url'] as KeyShape[])('%s keys sort in the order of their numbers', (shape) => {
  const keys = createKeyGenerator(shape, true)
  const number = fc.integer({ min: 0, max: 100_000_000 })
  fc.assert(
    fc.property(number, number, (a, b) => {
      const first = Buffer.from(keys.of(a) as Uint8Array)
      const second = Buffer.from(keys.of(b) as Uint8Array)
      expect(Math.sign(first.compare(second))).toBe(Math.sign(a - b))
      expect(Buffer.from(keys.absent(a) as Uint8Array).compare(first)).toBe(1)
    }),
  )
})

test('decimal and URL keys have the documented form', () => {
  expect(Buffer.from(createKeyGenerator('decimal', false).of(61) as Uint8Array).toString()).toBe(
    '0000000000000122',
  )
  expect(Buffer.from(createKeyGenerator('url', true).of(61) as Uint8Array).toString()).toBe(
    'https://www.example.com/item000000000122',
  )
})

test.each([
  [true, true],
  [false, false],
])('keys and values are Buffers: %s, when asBuffer is %s', (asBuffer, isBuffer) => {
  for (const shape of BYTE_SHAPES)
    expect(Buffer.isBuffer(createKeyGenerator(shape, asBuffer).of(1))).toBe(isBuffer)
  expect(Buffer.isBuffer(new ValueGenerator(20, asBuffer).of(1))).toBe(isBuffer)
})

test('a value contains the index of its entry', () => {
  const values = new ValueGenerator(20, false)
  expect(entryIndexOf(values.of(77).slice())).toBe(77)
})
