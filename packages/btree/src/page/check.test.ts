import { describe, expect, test } from 'vitest'
import { ascending, fillBranch, fillLeaf, makeMemory } from '../../test/page-builder.js'
import { PAGE_HEADER_BYTES, EXTENT_REFERENCE_BYTES, VALUE_IS_ENCODED, VALUE_IS_EXTENT } from '../format.js'
import {
  heapStart,
  setDeadBytes,
  setHeapStart,
  setPageNumber,
  setPrefixBytes,
  setSlotCount,
  SLOTS_WORD,
} from './page.js'
import { checkTreePage } from './check.js'
import { removeSlot } from './edit.js'
import type { PageMemory } from './memory.js'
import { recordOffset, setChild, setValueField } from './record.js'
import { searchBranch, searchLeaf } from './search.js'

const PAGE_BYTES = 512
const KEYS = ascending(
  ['prefix-a', 'prefix-b', 'prefix-bb', 'prefix-c', `prefix-${'x'.repeat(100)}`].map((text) =>
    Uint8Array.from(text, (character) => character.charCodeAt(0)),
  ),
)

function leaf(): PageMemory {
  const { memory, extents } = makeMemory(PAGE_BYTES)
  expect(fillLeaf(memory, extents, 0, { keys: KEYS, valueBytes: 10 })).toBe(5)
  return memory
}

function branch(): PageMemory {
  const { memory, extents } = makeMemory(PAGE_BYTES)
  expect(fillBranch(memory, extents, 0, { keys: KEYS })).toBe(6)
  return memory
}

/** Sets where a slot's record begins. */
function setRecordOffset(memory: PageMemory, slot: number, offset: number): void {
  memory.u16[(SLOTS_WORD + slot * 2 + 1) * 2] = offset
}

/** Sets the length of a slot's key. */
function setKeyBytes(memory: PageMemory, slot: number, bytes: number): void {
  memory.u16[(SLOTS_WORD + slot * 2 + 1) * 2 + 1] = bytes
}

describe('a valid page passes', () => {
  test('leaves and branches, full, empty and with dead bytes', () => {
    expect(checkTreePage(leaf(), 0, 1, 0)).toBeUndefined()
    expect(checkTreePage(branch(), 0, 1, 1)).toBeUndefined()
    const { memory, extents } = makeMemory(PAGE_BYTES)
    fillLeaf(memory, extents, 0, { keys: [] })
    expect(checkTreePage(memory, 0, 1, 0)).toBeUndefined()
    const fragmented = leaf()
    removeSlot(fragmented, 0, 1)
    removeSlot(fragmented, 0, 2)
    expect(checkTreePage(fragmented, 0, 1, 0)).toBeUndefined()
  })
})

describe('the fault of an invalid page is reported', () => {
  test.each<[string, (memory: PageMemory) => void]>([
    ['another page number', (memory) => setPageNumber(memory, 0, 2)],
    ['another kind', (memory) => (memory.bytes[12] = 2)],
    ['kind', (memory) => (memory.bytes[12] = 9)],
    ['level', (memory) => (memory.bytes[13] = 1)],
    ['reserved', (memory) => (memory.bytes[14]! |= 2)],
    ['reserved', (memory) => (memory.bytes[15] = 1)],
    ['overlap', (memory) => setHeapStart(memory, 0, PAGE_BYTES + 1)],
    ['overlap', (memory) => setHeapStart(memory, 0, PAGE_HEADER_BYTES + 39)],
    ['overlap', (memory) => setSlotCount(memory, 0, 65_535)],
    ['outside of the heap', (memory) => setRecordOffset(memory, 2, heapStart(memory, 0) - 1)],
    ['outside of the heap', (memory) => setRecordOffset(memory, 2, PAGE_BYTES - 1)],
    ['outside of the heap', (memory) => setRecordOffset(memory, 2, 65_535)],
    ['past the end', (memory) => setRecordOffset(memory, 2, PAGE_BYTES - 12)],
    ['past the end', (memory) => setKeyBytes(memory, 0, 60)],
    ['add up', (memory) => setDeadBytes(memory, 0, 1)],
    ['add up', (memory) => setKeyBytes(memory, 3, 9)],
    ['past the end', (memory) => setValueField(memory, recordOffset(memory, 0, 3), (PAGE_BYTES >> 2) + 1)],
    [
      'past the end',
      (memory) =>
        setValueField(memory, recordOffset(memory, 0, 3), VALUE_IS_EXTENT | (EXTENT_REFERENCE_BYTES - 1)),
    ],
    ['past the end', (memory) => setValueField(memory, recordOffset(memory, 0, 3), VALUE_IS_ENCODED | 3)],
    [
      'past the end',
      (memory) =>
        setValueField(
          memory,
          recordOffset(memory, 0, 3),
          VALUE_IS_ENCODED | VALUE_IS_EXTENT | EXTENT_REFERENCE_BYTES,
        ),
    ],
    ['prefix is too long', (memory) => setPrefixBytes(memory, 0, memory.prefixMax + 1)],
    ['shorter than the prefix', (memory) => setPrefixBytes(memory, 0, 9)],
    ['head', (memory) => setPrefixBytes(memory, 0, 6)],
    ['head', (memory) => (memory.i32[SLOTS_WORD + 2]! ^= 1)],
    ['prefix of its page', (memory) => (memory.bytes[recordOffset(memory, 0, 3) + 2] = 0)],
  ])('a leaf: %s', (message, damage) => {
    const memory = leaf()
    damage(memory)
    expect(checkTreePage(memory, 0, 1, 0)).toContain(message)
  })

  test.each<[string, (memory: PageMemory) => void]>([
    ['no child', (memory) => setSlotCount(memory, 0, 0)],
    ['has no child', (memory) => setChild(memory, 0, 2, 0)],
    ['has no child', (memory) => setChild(memory, 0, 2, -1)],
    ['not aligned', (memory) => setRecordOffset(memory, 2, (recordOffset(memory, 0, 2) & 0xffff) + 2)],
    ['not aligned', (memory) => setHeapStart(memory, 0, heapStart(memory, 0) - 2)],
    ['has a separator', (memory) => (memory.i32[SLOTS_WORD] = 1)],
    ['head', (memory) => (memory.i32[SLOTS_WORD + 2]! ^= 1)],
  ])('a branch: %s', (message, damage) => {
    const memory = branch()
    damage(memory)
    expect(checkTreePage(memory, 0, 1, 1)).toContain(message)
  })

  test('keys out of order, at the head and behind it, twice the same, and long ones', () => {
    for (const [a, b] of [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
    ] as const) {
      const memory = leaf()
      const words = memory.i32.subarray(SLOTS_WORD)
      const swap = [words[a * 2]!, words[a * 2 + 1]!]
      words.copyWithin(a * 2, b * 2, b * 2 + 2)
      words.set(swap, b * 2)
      expect(checkTreePage(memory, 0, 1, 0)).toContain('order')
      words.copyWithin(b * 2, a * 2, a * 2 + 2)
      expect(checkTreePage(memory, 0, 1, 0)).toMatch(/order|add up/)
    }
  })
})

/**
 * Strategy: flip every bit of a page without a checksum, as an attacker could who computes a valid one.
 * Invariant: the page is refused, or every search in it ends within its slots.
 */
test('no flipped bit of a page that passes leads a search out of its slots', () => {
  for (const [make, level] of [
    [leaf, 0],
    [branch, 1],
  ] as const) {
    const whole = make()
    for (let bit = 0; bit < PAGE_BYTES * 8; bit += 1) {
      whole.bytes[bit >> 3]! ^= 1 << (bit & 7)
      if (checkTreePage(whole, 0, 1, level) === undefined) {
        for (const key of KEYS) {
          const found =
            level === 0
              ? searchLeaf(whole, 0, key, 0, key.length)
              : searchBranch(whole, 0, key, 0, key.length)
          const slot = found < 0 ? ~found : found
          if (slot > 6) expect.unreachable(`bit ${bit} leads to slot ${slot}`)
        }
      }
      whole.bytes[bit >> 3]! ^= 1 << (bit & 7)
    }
  }
})

test('a whole key and a long key with a common beginning are left to verify, in both orders', () => {
  const { memory, extents } = makeMemory(1024)
  const whole = new Uint8Array(127).fill(97)
  const long = new Uint8Array(140).fill(97)
  const above = Uint8Array.from([...new Uint8Array(126).fill(97), 98])
  expect(fillLeaf(memory, extents, 0, { keys: [whole, long, above] })).toBe(3)
  expect(checkTreePage(memory, 0, 1, 0)).toBeUndefined()
})
