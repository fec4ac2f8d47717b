// Strategy: puts that take the fast paths (in a resident leaf, in place, through the hash index) are mixed with all other changes
// of a tree; a map receives the same changes. After every batch each key is read twice, so that it is indexed, and an older snapshot is read.
// Pages are small, so that most are split, merged and compacted. Invariants: the tree has the entries of the map, and `verify` has no findings.
import { PageSpace } from '@ldb/cache'
import { describe, expect, test, vi } from 'vitest'
import { TreeHarness, entriesOf, findingsOf, keyOf, textOf } from '../../test/tree-harness.js'

const KEYS = 400
const LENGTHS = [0, 1, 15, 16, 17, 40, 40, 40, 100, 200]

/** Returns a generator of numbers below `limit`. */
function picks(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

function expectModel(harness: TreeHarness): void {
  for (let round = 0; round < 2; round += 1) {
    for (const [key, value] of harness.model) {
      const found = harness.tree.get(keyOf(key))
      if (found === undefined || textOf(found) !== value) expect.unreachable(`${key} in round ${round}`)
    }
  }
}

describe.each([
  ['a cache for all pages', { pageBytes: 512, cachePages: 1024 }],
  ['a cache for some pages', { pageBytes: 512, cachePages: 40 }],
  ['large pages', { pageBytes: 4096, cachePages: 64 }],
])('the fast paths of a put, %s', (_, options) => {
  test.each([1, 2, 3])('leave the entries of the map, seed %i', (seed) => {
    const pick = picks(seed)
    const harness = new TreeHarness(options)
    for (let batch = 0; batch < 60; batch += 1) {
      const snapshot = batch % 3 === 0 ? harness.tree.snapshot() : undefined
      const before = [...harness.model].sort(([a], [b]) => (a < b ? -1 : 1))
      harness.apply((write) => {
        for (let count = 0; count < 40; count += 1) {
          const key = `key ${String(pick(KEYS)).padStart(4, '0')}`
          const value = String.fromCharCode(33 + pick(90)).repeat(LENGTHS[pick(LENGTHS.length)]!)
          if (pick(8) === 0) {
            write.delete(0, keyOf(key))
            harness.model.delete(key)
          } else {
            write.put(0, keyOf(key), keyOf(value))
            harness.model.set(key, value)
          }
        }
      })
      expectModel(harness)
      if (snapshot !== undefined) {
        expect(entriesOf(snapshot)).toEqual(before)
        snapshot.release()
      }
      if (batch % 7 === 6) harness.tree.checkpoint()
    }
    expect(findingsOf(harness.tree)).toEqual([])
    harness.tree.checkpoint()
    harness.reopen()
    expectModel(harness)
    expect(findingsOf(harness.tree)).toEqual([])
    harness.tree.close()
  })
})

test('the hash index keeps a leaf whose values are overwritten in place, across checkpoints', () => {
  const harness = new TreeHarness({ pageBytes: 4096, cachePages: 256 })
  const keys = Array.from({ length: 500 }, (_, index) => `key ${String(index).padStart(4, '0')}`)
  const put = (value: string, some = keys): void => {
    for (const key of some) harness.apply((write) => write.put(0, keyOf(key), keyOf(value)))
  }
  put('value 0')
  const invalidated = vi.spyOn(PageSpace.prototype, 'invalidateIndex')
  const calls = (change: () => void): number => {
    harness.tree.checkpoint()
    invalidated.mockClear()
    change()
    return invalidated.mock.calls.length
  }
  for (let round = 0; round < 4; round += 1) for (const key of keys) harness.tree.get(keyOf(key))
  for (let round = 1; round < 4; round += 1) {
    expect(calls(() => put(`value ${round}`))).toBe(0)
    for (const key of keys) expect(textOf(harness.tree.get(keyOf(key))!)).toBe(`value ${round}`)
  }
  expect(calls(() => put('longer value', keys.slice(7, 8)))).toBeGreaterThan(0)
  expect(calls(() => put('value', ['key 0001 and more']))).toBeGreaterThan(0)
  invalidated.mockRestore()
  expect(findingsOf(harness.tree)).toEqual([])
  harness.tree.close()
})
