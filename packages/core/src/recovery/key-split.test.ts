// Strategy: keys of several shapes, of which some are the sample. Invariants: a greater key never has a lesser head, whether or not it is
// like the sample; heads distinguish keys like the sample; parts ascend with heads, and have about equal sizes.
import { compareBytes, WriteBatch } from '@ldb/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeySplit } from './key-split.js'
import { keyBytesOf, keyStartOf, operationEnd } from './operation-location.js'

interface Operations {
  readonly bytes: Uint8Array
  readonly starts: Int32Array
}

function operationsOf(keys: readonly Uint8Array[]): Operations {
  const batch = new WriteBatch()
  for (const key of keys) batch.put(1, key, Uint8Array.of(7))
  const [section] = batch.sections()
  if (section === undefined) throw new Error('there is no key')
  const starts = new Int32Array(keys.length)
  let at = section.start
  for (let index = 0; index < keys.length; index++) {
    starts[index] = at
    at = operationEnd(section.bytes, at)
  }
  return { bytes: section.bytes.slice(0, section.end), starts }
}

function headsOf(split: KeySplit, { bytes, starts }: Operations): number[] {
  const view = new DataView(bytes.buffer)
  return [...starts].map((start) => {
    const keyStart = keyStartOf(bytes, start)
    return split.headOf(bytes, view, keyStart, keyStart + keyBytesOf(bytes, start)) >>> 0
  })
}

const textBytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0))
const anyKey = fc.oneof(
  fc.nat(99_999_999).map((number) => textBytes(String(number).padStart(16, '0'))),
  fc.nat(99_999_999).map((number) => textBytes(`user/${number}`)),
  fc.uint8Array({ maxLength: 14 }),
  fc.array(fc.constantFrom(0, 0x30, 0x31, 0xff), { maxLength: 12 }).map((bytes) => Uint8Array.from(bytes)),
)

test('a greater key never has a lesser head', () => {
  const keys = fc.array(anyKey, { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(keys, fc.nat(60), fc.integer({ min: 1, max: 9 }), (all, sampled, partCount) => {
      const sorted = [...all].sort(compareBytes)
      const operations = operationsOf(sorted)
      // The sample is often uniform, and the other keys unlike it.
      const sample = operationsOf(all.slice(0, 1 + (sampled % all.length)))
      const split = new KeySplit(sample.bytes, sample.starts, partCount)
      const heads = headsOf(split, operations)
      expect(heads).toEqual([...heads].sort((a, b) => a - b))
      const parts = heads.map((head) => split.partOf(head | 0))
      expect(parts).toEqual([...parts].sort((a, b) => a - b))
      expect(Math.max(...parts)).toBeLessThan(partCount)
    }),
    { numRuns: 2000 },
  )
})

test('keys like the sample have distinct heads, and the parts have about equal sizes', () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => textBytes(String(index * 4999).padStart(16, '0')))
  const operations = operationsOf(keys)
  const sample = operations.starts.filter((_, index) => index % 5 === 2)
  const split = new KeySplit(operations.bytes, sample, 16)
  const heads = headsOf(split, operations)
  expect(new Set(heads).size).toBe(keys.length)
  const counts = new Array<number>(16).fill(0)
  for (const head of heads) counts[split.partOf(head | 0)]! += 1
  expect(Math.max(...counts)).toBeLessThan(1.2 * (keys.length / 16))
})
