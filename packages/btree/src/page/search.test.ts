import { compareBytes } from '@ldb/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keys } from '../../test/key-arbitraries.js'
import { ascending, fillBranch, fillLeaf, makeMemory } from '../../test/page-builder.js'
import { searchBranch, searchLeaf } from './search.js'
import { firstHeadNotBelow, keyHead } from './search-slots.js'

/** Returns the expected result of `searchLeaf`, by linear search. */
function naiveSearch(stored: readonly Uint8Array[], key: Uint8Array): number {
  for (const [index, each] of stored.entries()) {
    const order = compareBytes(key, each)
    if (order === 0) return index
    if (order < 0) return ~index
  }
  return ~stored.length
}

test('heads sort as the first four bytes of their keys', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 8 }),
      fc.uint8Array({ maxLength: 8 }),
      fc.nat(3),
      (a, b, offset) => {
        const pad = (key: Uint8Array): Uint8Array =>
          Uint8Array.from([...new Uint8Array(offset).fill(7), ...key, 99])
        const headOf = (key: Uint8Array): number => keyHead(pad(key), offset, offset + key.length, 0)
        const order = compareBytes(a, b)
        if (order < 0) expect(headOf(a)).toBeLessThanOrEqual(headOf(b))
        if (order === 0) expect(headOf(a)).toBe(headOf(b))
        expect(headOf(a)).toBe(
          ((a[0] ?? 0) * 2 ** 24 + ((a[1] ?? 0) << 16) + ((a[2] ?? 0) << 8) + (a[3] ?? 0)) >>> 1,
        )
      },
    ),
    { numRuns: 500 },
  )
})

test('the head search finds the first head that is not below, for every length and base', () => {
  const heads = fc.array(fc.oneof(fc.constantFrom(0, 1, 0x7fffffff), fc.integer({ min: 0, max: 60 })), {
    maxLength: 80,
  })
  fc.assert(
    fc.property(heads, fc.constantFrom(0, 2, 6), (unsorted, base) => {
      const sorted = [...unsorted].sort((a, b) => a - b)
      const i32 = new Int32Array(base + sorted.length * 2 + 2).fill(-1)
      sorted.forEach((head, index) => (i32[base + index * 2] = head))
      for (const head of [0, 1, 2, 30, 59, 60, 61, 0x7ffffffe, 0x7fffffff, ...sorted]) {
        const found = sorted.findIndex((each) => each >= head)
        expect(firstHeadNotBelow(i32, base, sorted.length, head)).toBe(found < 0 ? sorted.length : found)
      }
    }),
    { numRuns: 500 },
  )
})

test.each([512, 1024, 8192])(
  'a search of a leaf of %d bytes equals a linear search, at both edges too',
  (pageBytes) => {
    fc.assert(
      fc.property(
        fc.array(keys(pageBytes), { maxLength: 60 }),
        fc.array(keys(pageBytes), { maxLength: 20 }),
        (some, others) => {
          const { memory, extents } = makeMemory(pageBytes, 2)
          const sorted = ascending(some)
          const stored = sorted.slice(0, fillLeaf(memory, extents, pageBytes, { keys: sorted }))
          for (const key of [...some, ...others, new Uint8Array(0), new Uint8Array(70_000).fill(255)]) {
            expect(searchLeaf(memory, pageBytes, key, 0, key.length)).toBe(naiveSearch(stored, key))
          }
        },
      ),
      { numRuns: 150 },
    )
  },
)

test('a search between two fences compares the bytes after their common prefix', () => {
  const rest = fc.uint8Array({ minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 45 }),
      fc.array(rest, { minLength: 2, maxLength: 30 }),
      fc.array(rest),
      (prefix, some, others) => {
        const withPrefix = (key: Uint8Array): Uint8Array => Uint8Array.from([...prefix, ...key])
        const all = ascending(some.map(withPrefix))
        const [lower, upper] = [all[0]!, all.at(-1)!]
        const { memory, extents } = makeMemory(1024)
        const inside = all.slice(0, -1)
        const stored = inside.slice(0, fillLeaf(memory, extents, 0, { keys: inside, lower, upper }))
        for (const key of [...all, ...others.map(withPrefix)]) {
          if (compareBytes(key, lower) < 0 || compareBytes(key, upper) >= 0) continue
          expect(searchLeaf(memory, 0, key, 0, key.length)).toBe(naiveSearch(stored, key))
        }
      },
    ),
    { numRuns: 200 },
  )
})

test('many keys with equal heads and a long common prefix are distinguished', () => {
  const { memory, extents } = makeMemory(8192)
  // At least four equal bytes follow the page prefix.
  const all = ascending(
    Array.from({ length: 150 }, (_, index) =>
      Uint8Array.from(
        `${index < 75 ? 'a' : 'b'}same${'-'.repeat(20)}${String(index).padStart(4, '0')}`,
        (c) => c.charCodeAt(0),
      ),
    ),
  )
  const stored = all.filter((_, index) => index % 2 === 0)
  expect(fillLeaf(memory, extents, 0, { keys: stored })).toBe(stored.length)
  for (const key of all) expect(searchLeaf(memory, 0, key, 0, key.length)).toBe(naiveSearch(stored, key))
})

test.each([512, 8192])(
  'a search of a branch of %d bytes returns the child whose key range contains the key',
  (pageBytes) => {
    fc.assert(
      fc.property(
        fc.array(keys(pageBytes), { maxLength: 40 }),
        fc.array(keys(pageBytes), { maxLength: 20 }),
        (some, others) => {
          const { memory, extents } = makeMemory(pageBytes)
          const sorted = ascending(some).filter((key) => key.length > 0)
          const separators = sorted.slice(0, fillBranch(memory, extents, 0, { keys: sorted }) - 1)
          for (const key of [...some, ...others]) {
            const expected = separators.filter((separator) => compareBytes(separator, key) <= 0).length
            expect(searchBranch(memory, 0, key, 0, key.length)).toBe(expected)
          }
        },
      ),
      { numRuns: 150 },
    )
  },
)

test('a search reads no bytes outside of `start` and `end`', () => {
  const { memory, extents } = makeMemory(512)
  const stored = ['aa', 'aab', 'ab'].map((text) => Uint8Array.from(text, (c) => c.charCodeAt(0)))
  fillLeaf(memory, extents, 0, { keys: stored })
  const window = Uint8Array.from('xxaabyy', (c) => c.charCodeAt(0))
  expect(searchLeaf(memory, 0, window, 2, 4)).toBe(0)
  expect(searchLeaf(memory, 0, window, 2, 5)).toBe(1)
  expect(searchLeaf(memory, 0, window, 2, 6)).toBe(~2)
})
