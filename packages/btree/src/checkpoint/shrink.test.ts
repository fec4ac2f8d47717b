import { expect, test } from 'vitest'
import { entriesOf, findingsOf, TreeHarness } from '../../test/tree-harness.js'

/** Fills a tree and deletes 900 of 1000 keys, so that free pages are between live ones. */
function sparseTree(options: {
  valueBytes: (index: number) => number
  keyTail?: string
  cachePages?: number
}): TreeHarness {
  const { valueBytes, keyTail = '', cachePages = 32 } = options
  const harness = new TreeHarness({ pageBytes: 512, cachePages })
  for (let index = 0; index < 1000; index += 1) {
    harness.put(`${String(index).padStart(6, '0')}${keyTail}`, String(index % 10).repeat(valueBytes(index)))
  }
  harness.tree.checkpoint()
  for (let index = 0; index < 900; index += 1) harness.delete(`${String(index).padStart(6, '0')}${keyTail}`)
  harness.tree.checkpoint()
  return harness
}

test.each([
  ['values in leaves', { valueBytes: () => 100 }],
  ['values in extents', { valueBytes: () => 2000 }],
  ['some of each', { valueBytes: (index: number) => (index % 3) * 300 }],
  ['long keys', { valueBytes: () => 10, keyTail: 'k'.repeat(200) }],
])('a file with live pages at its end is shrunk: %s', (_, options) => {
  const harness = sparseTree(options)
  const expected = harness.expected()
  harness.tree.compact()
  const { fileBytes, liveBytes } = harness.tree.stats()
  expect(fileBytes).toBeLessThan(liveBytes * 1.25 + 8 * 512)
  expect(harness.vfs.status(harness.path)!.length).toBe(fileBytes)
  expect(harness.actual()).toEqual(expected)
  expect(findingsOf(harness.tree)).toEqual([])
  harness.reopen()
  expect(harness.actual()).toEqual(expected)
  expect(findingsOf(harness.tree)).toEqual([])
})

test('an open snapshot keeps its entries, and its pages are reused after its release', () => {
  const harness = sparseTree({ valueBytes: (index) => (index % 2) * 700 + 10 })
  const expected = harness.expected()
  const snapshot = harness.tree.snapshot()
  harness.tree.compact()
  expect(entriesOf(snapshot)).toEqual(expected)
  snapshot.release()
  harness.tree.compact()
  const { fileBytes, liveBytes } = harness.tree.stats()
  expect(fileBytes).toBeLessThan(liveBytes * 1.25 + 8 * 512)
  expect(harness.actual()).toEqual(expected)
  expect(findingsOf(harness.tree)).toEqual([])
})

test('repeated shrinking does not grow the file', () => {
  const harness = sparseTree({ valueBytes: () => 60 })
  harness.tree.compact()
  const { fileBytes } = harness.tree.stats()
  for (let round = 0; round < 5; round += 1) harness.tree.compact()
  expect(harness.tree.stats().fileBytes).toBeLessThanOrEqual(fileBytes)
  expect(findingsOf(harness.tree)).toEqual([])
})

test('an empty tree can be shrunk', () => {
  const harness = new TreeHarness({ pageBytes: 512 })
  harness.tree.compact()
  expect(harness.actual()).toEqual([])
  expect(findingsOf(harness.tree)).toEqual([])
})
