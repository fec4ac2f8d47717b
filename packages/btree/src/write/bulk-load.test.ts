import { isLdbError, toSeq } from '@ldb/base'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keys, values } from '../../test/key-arbitraries.js'
import { ascending } from '../../test/page-builder.js'
import { entriesOf, findingsOf, TreeHarness, textOf } from '../../test/tree-harness.js'
import { metaCopyEnd } from '../format.js'

type Entry = [key: Uint8Array, value: Uint8Array]

function numbered(count: number, valueBytes = 10): Entry[] {
  return Array.from({ length: count }, (_, index) => [
    Uint8Array.from(String(index).padStart(8, '0'), (character) => character.charCodeAt(0)),
    new Uint8Array(valueBytes).fill(index),
  ])
}

function codeOf(part: () => unknown): string {
  try {
    part()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'nothing thrown'
}

test.each([512, 1024])('a load has the result of puts, pages of %d bytes', (pageBytes) => {
  const entries = fc.array(fc.tuple(keys(pageBytes), values(pageBytes)), { maxLength: 150, size: 'max' })
  fc.assert(
    fc.property(entries, (some) => {
      const byText = new Map(some.map(([key, value]) => [textOf(key), value]))
      const sorted = ascending(some.map(([key]) => key)).map((key): Entry => [key, byText.get(textOf(key))!])
      const harness = new TreeHarness({ pageBytes, cachePages: 32 })
      harness.tree.load(sorted, toSeq(7))
      expect(harness.tree.seq).toBe(7)
      expect(harness.tree.entryCount).toBe(sorted.length)
      expect(harness.actual()).toEqual(sorted.map(([key, value]) => [textOf(key), textOf(value)]))
      expect(findingsOf(harness.tree)).toEqual([])
      harness.tree.checkpoint()
      harness.reopen()
      expect(harness.tree.entryCount).toBe(sorted.length)
      expect(findingsOf(harness.tree)).toEqual([])
    }),
    { numRuns: 30 },
  )
})

test('a load leaves full pages', () => {
  const harness = new TreeHarness({ pageBytes: 8192, cachePages: 256 })
  const entries = numbered(50_000, 20)
  harness.tree.load(entries, toSeq(1))
  harness.tree.checkpoint()
  const contentBytes = entries.length * (8 + 20 + 2 + 8)
  // The copy of the meta block and the mirror of the free-space page.
  const copyBytes = 2 * 8192
  expect(harness.tree.stats().fileBytes - copyBytes).toBeLessThan(contentBytes * 1.04)
})

describe('a faulty source', () => {
  test.each([0, 1, 99, 100, 3999])(
    'out of order at entry %d is refused, and the tree is empty and usable',
    (index) => {
      const harness = new TreeHarness({ pageBytes: 512, cachePages: 32 })
      const entries = numbered(4000, 40)
      entries.splice(index + 1, 0, entries[index]!)
      expect(codeOf(() => harness.tree.load(entries, toSeq(1)))).toBe('LDB_INVALID_ARGUMENT')
      expect([harness.tree.entryCount, harness.tree.seq]).toEqual([0, 0])
      expect(harness.actual()).toEqual([])
      expect(findingsOf(harness.tree)).toEqual([])
      harness.put('a', 'b')
      harness.tree.compact()
      expect(harness.actual()).toEqual([['a', 'b']])
      expect(findingsOf(harness.tree)).toEqual([])
      expect(harness.tree.stats().fileBytes).toBeLessThan((metaCopyEnd(512) + 4) * 512)
    },
  )

  const ONE = Uint8Array.of(1)
  test.each<[string, unknown, string]>([
    ['a key of text', ['a', ONE], 'LDB_INVALID_ARGUMENT'],
    ['a value of text', [ONE, 'a'], 'LDB_INVALID_ARGUMENT'],
    ['a key of other numbers', [new Uint16Array([300]), ONE], 'LDB_INVALID_ARGUMENT'],
    ['no value', [ONE], 'LDB_INVALID_ARGUMENT'],
    ['no entry', 5, 'LDB_INVALID_ARGUMENT'],
    ['nothing', undefined, 'LDB_INVALID_ARGUMENT'],
    ['a key over its limit', [new Uint8Array(65_536).fill(255), ONE], 'LDB_TOO_LARGE'],
  ])('with an element that is no entry, %s: refused, and the tree is empty and usable', (_, entry, code) => {
    const harness = new TreeHarness({ pageBytes: 512, cachePages: 32 })
    const entries = [...numbered(3), entry] as Entry[]
    expect(codeOf(() => harness.tree.load(entries, toSeq(1)))).toBe(code)
    expect(harness.actual()).toEqual([])
    expect(findingsOf(harness.tree)).toEqual([])
    harness.tree.load([[Uint8Array.of(1), Buffer.from('of a subclass')]], toSeq(2))
    expect(harness.actual()).toEqual([['\x01', 'of a subclass']])
  })

  test.each([null, undefined, 5])('that is not iterable: %s', (entries) => {
    const harness = new TreeHarness({ pageBytes: 512, cachePages: 32 })
    expect(codeOf(() => harness.tree.load(entries as never, toSeq(1)))).toBe('LDB_INVALID_ARGUMENT')
    harness.tree.load(numbered(3), toSeq(2))
    expect(harness.tree.entryCount).toBe(3)
  })

  test('that throws: the error is passed on, and the tree is empty and usable', () => {
    const harness = new TreeHarness({ pageBytes: 512, cachePages: 32 })
    function* failing(): Generator<Entry> {
      yield* numbered(500)
      throw new Error('the source broke')
    }
    expect(() => harness.tree.load(failing(), toSeq(1))).toThrow('the source broke')
    expect(harness.tree.entryCount).toBe(0)
    harness.put('a', 'b')
    expect(findingsOf(harness.tree)).toEqual([])
  })
})

const uses: [string, (harness: TreeHarness) => unknown][] = [
  ['a get', ({ tree }) => tree.get(Uint8Array.of(1))],
  ['a snapshot', ({ tree }) => tree.snapshot()],
  ['a change', (harness) => harness.put('key', 'value')],
  ['a load', ({ tree }) => tree.load([], toSeq(9))],
  ['a checkpoint', ({ tree }) => tree.checkpoint()],
  ['a close', ({ tree }) => tree.close()],
]

test.each(uses)('the source may not use the tree: %s', (_, use) => {
  const harness = new TreeHarness({ pageBytes: 512, cachePages: 32 })
  const entries = numbered(200)
  function* source(): Generator<Entry> {
    for (const [index, entry] of entries.entries()) {
      if (index === 100) expect(codeOf(() => use(harness))).toBe('LDB_INVALID_ARGUMENT')
      yield entry
    }
  }
  harness.tree.load(source(), toSeq(7))
  const loaded = entries.map(([key, value]) => [textOf(key), textOf(value)])
  expect(harness.actual()).toEqual(loaded)
  harness.tree.checkpoint()
  harness.reopen()
  expect(harness.actual()).toEqual(loaded)
  expect(findingsOf(harness.tree)).toEqual([])
})

test('a load requires an empty tree, which may have been emptied', () => {
  const harness = new TreeHarness({ pageBytes: 512 })
  harness.put('a', 'b')
  expect(codeOf(() => harness.tree.load(numbered(1), toSeq(9)))).toBe('LDB_INVALID_ARGUMENT')
  expect(harness.actual()).toEqual([['a', 'b']])
  harness.delete('a')
  harness.tree.load(numbered(1000), toSeq(9))
  expect(harness.tree.entryCount).toBe(1000)
})

test('a snapshot that was taken before a load stays empty', () => {
  const harness = new TreeHarness({ pageBytes: 512, cachePages: 32 })
  const snapshot = harness.tree.snapshot()
  harness.tree.load(numbered(2000), toSeq(1))
  expect(entriesOf(snapshot)).toEqual([])
  snapshot.release()
  expect(findingsOf(harness.tree)).toEqual([])
})

test('the source may reuse one buffer for all keys', () => {
  const harness = new TreeHarness({ pageBytes: 512 })
  function* reusing(): Generator<Entry> {
    const key = new Uint8Array(8)
    for (const [each, value] of numbered(500)) {
      key.set(each)
      yield [key, value]
    }
  }
  harness.tree.load(reusing(), toSeq(1))
  expect(harness.tree.entryCount).toBe(500)
  expect(findingsOf(harness.tree)).toEqual([])
})
