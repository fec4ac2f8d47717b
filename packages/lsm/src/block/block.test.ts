import { compareBytes } from '@ldb/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Entry } from '../entry/entry.js'
import { EntryKind } from '../format.js'
import { BlockBuilder } from './block-builder.js'
import { BlockCursor } from './block-cursor.js'
import { Block } from './block.js'
import { RecordHeader } from './record-header.js'
import { decodeLongVarint, encodeLongVarint, longVarintBytes } from './long-varint.js'

interface Item {
  readonly key: Uint8Array
  readonly stamp: number
  readonly value: Uint8Array | undefined
}

const items = fc
  .uniqueArray(
    fc.record({
      key: fc.uint8Array({ maxLength: 6, max: 3 }),
      stamp: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
      value: fc.option(fc.uint8Array({ maxLength: 200 }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 40, selector: ({ key, stamp }) => `${key.join()}@${stamp}` },
  )
  .map((list) => list.sort((a, b) => compareBytes(a.key, b.key) || b.stamp - a.stamp))

function build(list: readonly Item[]): Uint8Array {
  const builder = new BlockBuilder()
  for (const { key, stamp, value } of list) {
    const kind = value === undefined ? EntryKind.Delete : EntryKind.Put
    builder.add(kind, stamp, key, 0, key.length, value ?? key, 0, value?.length ?? 0)
  }
  const target = new Uint8Array(builder.byteCountMax)
  return target.slice(0, builder.finish(target, 0))
}

test('a block returns the entries that were added, and finds each position', () => {
  fc.assert(
    fc.property(
      items,
      fc.uint8Array({ maxLength: 6, max: 3 }),
      fc.integer({ min: 0, max: 9 }),
      (list, key, stamp) => {
        const block = Block.decode(build(list))
        if (block === undefined) throw new Error('the block is malformed')
        const entry = new Entry()
        const cursor = new BlockCursor(entry)
        cursor.enter(block)
        const found: Item[] = []
        for (cursor.moveTo(0); cursor.isValid; cursor.next()) {
          const value = entry.valueBuffer.slice(entry.valueStart, entry.valueEnd)
          found.push({
            key: entry.copyKey(),
            stamp: entry.stamp,
            value: entry.kind === EntryKind.Put ? value : undefined,
          })
        }
        expect(found).toEqual(list.map((item) => ({ ...item, key: Uint8Array.from(item.key) })))
        const expected = list.findIndex((item) => (compareBytes(item.key, key) || stamp - item.stamp) >= 0)
        expect(block.search(key, key.length, stamp)).toBe(expected === -1 ? list.length : expected)
        const at = list[expected]
        if (at === undefined) return
        expect(block.isKeyAt(expected, key, key.length, new RecordHeader())).toBe(
          compareBytes(at.key, key) === 0,
        )
      },
    ),
  )
})

test('a key that differs from an entry in the common prefix only is not in the block', () => {
  const keyOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))
  const block = Block.decode(build([{ key: keyOf('key91'), stamp: 1, value: keyOf('value') }]))
  const key = keyOf('key76')
  expect(block?.search(key, 5, 9)).toBe(0)
  expect(block?.isKeyAt(0, key, 5, new RecordHeader())).toBe(false)
  expect(block?.isKeyAt(0, keyOf('key91'), 5, new RecordHeader())).toBe(true)
})

test('a damaged payload is refused, or is another well-formed block', () => {
  fc.assert(
    fc.property(items, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, at, change) => {
      const payload = build(list)
      payload[at % payload.length]! ^= change
      const block = Block.decode(payload)
      if (block === undefined) return
      const entry = new Entry()
      const cursor = new BlockCursor(entry)
      cursor.enter(block)
      let count = 0
      for (cursor.moveTo(0); cursor.isValid; cursor.next()) {
        expect(entry.valueEnd).toBeLessThanOrEqual(payload.length)
        count++
      }
      expect(count).toBe(block.count)
    }),
    { numRuns: 2000 },
  )
})

test('every truncation of a payload is refused', () => {
  const payload = build([
    { key: Uint8Array.of(1, 2), stamp: 7, value: Uint8Array.of(1) },
    { key: Uint8Array.of(1, 3), stamp: 5, value: undefined },
  ])
  for (let length = 0; length < payload.length; length++) {
    expect(Block.decode(payload.slice(0, length))).toBeUndefined()
  }
  expect(Block.decode(payload)?.count).toBe(2)
})

test.each([
  ['their heads descend', 'ab', 1, 'aa', 2],
  ['the bytes behind equal heads descend', 'aabcde', 1, 'aabcdd', 2],
  ['a key has a version that is not older', 'a', 1, 'a', 1],
])('a block whose entries do not ascend is refused: %s', (_, first, firstStamp, second, secondStamp) => {
  const item = (key: string, stamp: number): Item => ({
    key: new TextEncoder().encode(key),
    stamp,
    value: Uint8Array.of(1),
  })
  // The prefix of a block is that of its first and its last key.
  const list = [item('a', 9), item(first, firstStamp), item(second, secondStamp), item('b', 3)]
  expect(Block.decode(build(list))).toBeUndefined()
})

test('long varints hold every safe integer', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      const bytes = new Uint8Array(8)
      const end = encodeLongVarint(value, bytes, 0)
      expect(end).toBe(longVarintBytes(value))
      expect(decodeLongVarint(bytes, 0, end)).toBe(value)
      expect(decodeLongVarint(bytes, 0, end - 1)).toBe(-1)
    }),
  )
  expect(decodeLongVarint(Uint8Array.of(0x80, 0), 0, 2)).toBe(-1)
  expect(decodeLongVarint(new Uint8Array(9).fill(0xff), 0, 9)).toBe(-1)
})
