import { PageCache } from '@ldb/cache'
import { expect, test } from 'vitest'
import { BTree } from '../src/btree.js'
import { keyOf, TreeHarness } from './tree-harness.js'

const COUNT = 300

test('a write finds the pages resident that a prefetch has loaded for it', () => {
  const harness = new TreeHarness()
  for (let number = 0; number < COUNT; number += 1) harness.put(`k${1000 + number}`, 'v'.repeat(30))
  harness.tree.checkpoint()
  harness.tree.close()
  const cache = new PageCache({ bytes: 256 * 512, pageBytes: 512 })
  harness.tree = BTree.open(harness.vfs, harness.path, { cache })
  const missesBefore = cache.stats().missCount

  const key = keyOf('k1150')
  harness.tree.prefetch(Uint8Array.from([...key, 7, 7]), key.length)
  const misses = cache.stats().missCount
  expect(misses).toBeGreaterThan(missesBefore)
  harness.apply((batch) => {
    batch.put(0, key, keyOf('changed'))
  })
  expect(cache.stats().missCount).toBe(misses)
  expect(harness.tree.get(key)).toEqual(keyOf('changed'))
  // Leaves of distant keys were not loaded.
  harness.tree.get(keyOf('k1290'))
  expect(cache.stats().missCount).toBeGreaterThan(misses)
  harness.tree.close()
  expect(() => {
    harness.tree.prefetch(key)
  }).toThrow(expect.objectContaining({ code: 'LDB_CLOSED' }))
})
