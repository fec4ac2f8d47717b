// Strategy: keys that reach every branch of the sort (few and many, all equal, long common prefixes, prefixes of each other followed by
// zeros, equal heads at each level, thousands of depths) are compared with a plain stable sort. Invariant: the same order.
import { BatchReader, compareBytes, WriteBatch } from '@ldb/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeyOrder } from './key-order.js'

function bytesOf(text: string): number[] {
  return Array.from({ length: text.length }, (_, index) => text.charCodeAt(index))
}

const byte = fc.constantFrom(0, 0, 1, 0x30, 0x31, 0x7f, 0x80, 0xff)
const anyKey = fc.oneof(
  fc.array(byte, { maxLength: 12 }),
  fc
    .oneof(fc.nat(40), fc.constantFrom(127, 128, 300))
    .map((count): number[] => new Array<number>(count).fill(0)),
  fc.nat(99_999).map((number) => bytesOf(String(number).padStart(16, '0'))),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => [...bytes]),
  fc
    .tuple(fc.constantFrom('https://www.example.com/', 'https://www.example.org/a/b/c/'), fc.nat(3000))
    .map(([front, number]) => bytesOf(`${front}${number}`)),
)

const order = new KeyOrder()

function expectSorted(keys: readonly ArrayLike<number>[]): void {
  const arrays = keys.map((key) => Uint8Array.from(key))
  const batch = new WriteBatch()
  for (const key of arrays) batch.put(1, key, Uint8Array.of(7))
  const section = [...batch.sections()][0]
  if (section === undefined) return
  const starts = new Int32Array(keys.length)
  const reader = new BatchReader()
  reader.reset(section)
  for (let index = 0, at = section.start; reader.next(); at = reader.valueEnd) starts[index++] = at
  const numbers = new Map([...starts].map((start, number) => [start, number]))
  order.sort(section.bytes, starts, 0, keys.length)
  const expected = keys.map((_, index) => index)
  expected.sort((a, b) => compareBytes(arrays[a]!, arrays[b]!) || a - b)
  expect([...starts].map((start) => numbers.get(start))).toEqual(expected)
}

test.each([20, 300, 6000])('operations are sorted by key, up to %i of them', (maxLength) => {
  const numRuns = maxLength > 1000 ? 20 : 200
  fc.assert(fc.property(fc.array(anyKey, { maxLength, size: 'max' }), expectSorted), { numRuns })
})

test.each(['one key', 'digits', 'ascending', 'descending'])('many operations on %s are sorted', (kind) => {
  const digits = (number: number): number[] => bytesOf(String(number).padStart(16, '0'))
  const numberOf = (index: number): number => {
    if (kind === 'one key') return 7
    if (kind === 'digits') return Math.imul(index, 2_654_435_761) >>> 8
    return kind === 'ascending' ? index : 10_000 - index
  }
  expectSorted(Array.from({ length: 10_000 }, (_, index) => digits(numberOf(index))))
})

const X = 'x'.charCodeAt(0)
const Y = 'y'.charCodeAt(0)

test.each([
  ['have ascending lengths', 4500, (index: number) => new Uint8Array(5 * index + 1).fill(X).fill(Y, -1)],
  ['consist of more and more zeros', 900, (index: number) => new Uint8Array(8 * index)],
  [
    'differ after long common prefixes',
    40,
    (index: number) => new Uint8Array(65_001).fill(X).fill(index, -1),
  ],
])('keys that %s are sorted', (_, count, keyOf) => {
  expectSorted(Array.from({ length: count }, (_, index) => keyOf((index * 1237) % count)))
})
