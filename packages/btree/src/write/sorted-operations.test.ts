// Strategy: sorted sections, with few or many operations for a leaf, at its ends, in the middle and over many leaves, are applied to a tree
// and a map. Keys and values have all lengths, including those in extents. Snapshots stay open, pages are small, and the cache
// is too small for all of them. Invariants: the tree has the entries of the map, `verify` has no findings, snapshots do not change.
import { WriteBatch } from '@ldb/base'
import { describe, expect, test } from 'vitest'
import { TreeHarness, entriesOf, findingsOf, keyOf, textOf } from '../../test/tree-harness.js'

const VALUE_BYTES = [0, 1, 15, 16, 17, 40, 40, 40, 100, 200, 700]

/** Returns a generator of numbers below `limit`. */
function picks(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

/** An operation; `undefined` deletes the key. */
type Operation = readonly [key: string, value: string | undefined]

function sectionOf(operations: readonly Operation[]): WriteBatch {
  const batch = new WriteBatch()
  for (const [key, value] of operations) {
    if (value === undefined) batch.delete(0, keyOf(key))
    else batch.put(0, keyOf(key), keyOf(value))
  }
  return batch
}

function applySorted(harness: TreeHarness, operations: readonly Operation[]): void {
  const sorted = [...new Map(operations)].sort(([a], [b]) => (a < b ? -1 : 1))
  const section = sectionOf(sorted).sections()[0]
  if (section === undefined) return
  const { bytes, start, end, operationCount } = section
  harness.tree.apply({ bytes, start, end, operationCount, isSorted: true }, harness.nextSeq())
  for (const [key, value] of sorted) {
    if (value === undefined) harness.model.delete(key)
    else harness.model.set(key, value)
  }
}

function expectWhole(harness: TreeHarness): void {
  const snapshot = harness.tree.snapshot()
  expect(entriesOf(snapshot)).toEqual([...harness.model].sort(([a], [b]) => (a < b ? -1 : 1)))
  snapshot.release()
  expect(harness.tree.entryCount).toBe(harness.model.size)
  expect(findingsOf(harness.tree)).toEqual([])
}

/** Returns operations: dense or sparse, in one range or everywhere, puts, deletes or both, with values of one length or of many. */
function someOperations(pick: (limit: number) => number): Operation[] {
  const operations: Operation[] = []
  const [first, span] = [pick(3000), [30, 300, 3000][pick(3)] ?? 1]
  const removed = [0, 0, 1, 5, 9, 10][pick(6)] ?? 0
  const onlyLength = pick(2) === 0 ? VALUE_BYTES[pick(VALUE_BYTES.length)] : undefined
  const prefix = ['', 'a long beginning that all of them share/'.repeat(4)][pick(8) === 0 ? 1 : 0] ?? ''
  for (let count = 1 + pick([3, 40, 400, 900][pick(4)] ?? 1); count > 0; count -= 1) {
    const key = `${prefix}key ${String(first + pick(span)).padStart(5, '0')}`
    const length = onlyLength ?? VALUE_BYTES[pick(VALUE_BYTES.length)] ?? 0
    operations.push([key, pick(10) < removed ? undefined : String.fromCharCode(33 + pick(90)).repeat(length)])
  }
  return operations
}

describe.each([
  ['a cache that holds all', { pageBytes: 512, cachePages: 4096 }],
  ['a cache that holds a part', { pageBytes: 512, cachePages: 40 }],
  ['large pages', { pageBytes: 4096, cachePages: 64 }],
])('operations in order, %s', (_, options) => {
  test.each([1, 2, 3, 4])('leave the entries of the map, seed %i', (seed) => {
    const pick = picks(seed)
    const harness = new TreeHarness(options)
    for (let round = 0; round < 40; round += 1) {
      const snapshot = round % 3 === 0 ? harness.tree.snapshot() : undefined
      const before = [...harness.model].sort(([a], [b]) => (a < b ? -1 : 1))
      applySorted(harness, someOperations(pick))
      if (pick(4) === 0) harness.put(`key ${pick(3000)}`, 'x')
      if (pick(20) === 0) {
        harness.apply((batch) => {
          batch.deleteRange(0, keyOf('key 01'), keyOf('key 02'))
        })
        for (const key of harness.model.keys()) {
          if (key >= 'key 01' && key < 'key 02') harness.model.delete(key)
        }
      }
      if (snapshot !== undefined) {
        expect(entriesOf(snapshot)).toEqual(before)
        snapshot.release()
      }
      if (round % 7 === 6) harness.tree.checkpoint()
      expectWhole(harness)
    }
    for (const [key, value] of harness.model) expect(textOf(harness.tree.get(keyOf(key))!)).toBe(value)
  })
})

test('sorted operations on an empty tree leave full pages', () => {
  const harness = new TreeHarness({ pageBytes: 4096, cachePages: 512 })
  const operations = Array.from({ length: 2000 }, (_, n): Operation => [
    String(n).padStart(6, '0'),
    'v'.repeat(50),
  ])
  applySorted(harness, operations)
  expectWhole(harness)
  const { liveBytes } = harness.tree.stats()
  // The copy of the meta block and the mirror of the free-space page.
  const copyBytes = 2 * 4096
  expect(liveBytes - copyBytes).toBeLessThan(2000 * 66 * 1.2)
})

test.each([
  ['descend', ['b', 'a', 'c', 'd', 'e', 'f', 'g', 'h']],
  ['come twice', ['a', 'a', 'b', 'c', 'd', 'e', 'f', 'g']],
])('operations that are said to be in order and %s are refused', (_, keys) => {
  const harness = new TreeHarness({ pageBytes: 512, cachePages: 64 })
  const section = sectionOf(keys.map((key): Operation => [key, 'x'])).sections()[0]!
  const { bytes, start, end, operationCount } = section
  expect(() => {
    harness.tree.apply({ bytes, start, end, operationCount, isSorted: true }, harness.nextSeq())
  }).toThrowError('in order')
})
