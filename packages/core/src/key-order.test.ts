// Strategy: keys of shapes that take every way through the sort (few and many, all alike, long common beginnings, one the beginning
// of another with zeros behind it, ties at each depth) beside a plain stable sort. Invariant: the same order.
import { compareBytes, WriteBatch } from '@ldb/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeyOrder } from './key-order.js'
import { OperationTable } from './operation-table.js'

function bytesOf(text: string): number[] {
  return Array.from({ length: text.length }, (_, index) => text.charCodeAt(index))
}

const byte = fc.constantFrom(0, 0, 1, 0x30, 0x31, 0x7f, 0x80, 0xff)
const anyKey = fc.oneof(
  fc.array(byte, { maxLength: 12 }),
  fc.nat(40).map((count): number[] => new Array<number>(count).fill(0)),
  fc.nat(99_999).map((number) => bytesOf(String(number).padStart(16, '0'))),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => [...bytes]),
  fc
    .tuple(fc.constantFrom('https://www.example.com/', 'https://www.example.org/a/b/c/'), fc.nat(3000))
    .map(([front, number]) => bytesOf(`${front}${number}`)),
)

const order = new KeyOrder()

function expectSorted(keys: readonly (readonly number[])[]): void {
  const batch = new WriteBatch()
  for (const key of keys) batch.put(1, Uint8Array.from(key), Uint8Array.of(7))
  const table = new OperationTable(1 << 20)
  for (const section of batch.sections()) table.add(section)
  const found = new Int32Array(keys.length)
  order.sort(table, found, 0, keys.length)
  const expected = keys.map((_, index) => index)
  expected.sort((a, b) => compareBytes(Uint8Array.from(keys[a]!), Uint8Array.from(keys[b]!)) || a - b)
  expect([...found]).toEqual(expected)
}

test.each([20, 300, 6000])('operations come in the order of their keys, up to %i of them', (maxLength) => {
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
