import { toSeq, WriteBatch } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { BTree } from '../src/btree.js'
import { keyOf } from './tree-harness.js'

const PAGE_BYTES = 512
const KEYS = 8000
/** One key of each leaf, which has three or four entries. */
const STEP = 4
const KEYS_REPEATED = 2000

const nameOf = (index: number): Uint8Array => keyOf(String(index).padStart(5, '0'))

const cacheOf = (): PageCache => new PageCache({ bytes: 1024 * PAGE_BYTES, pageBytes: PAGE_BYTES })

test('records are indexed when a leaf is used repeatedly, not when it is loaded', () => {
  const vfs = new MemoryVfs()
  const filled = BTree.open(vfs, '/tree.ldb', { cache: cacheOf() })
  const batch = new WriteBatch()
  for (let index = 0; index < KEYS; index += 1) batch.put(0, nameOf(index), new Uint8Array(100).fill(index))
  for (const section of batch.sections()) filled.apply(section, toSeq(1))
  filled.checkpoint()
  filled.close()

  const cache = cacheOf()
  // The state of frames counts as part of the index.
  cache.growArena()
  const tree = BTree.open(vfs, '/tree.ldb', { cache })
  const lookUp = (end: number): number => {
    const before = cache.stats().hashIndexBytes
    for (let index = 0; index < end; index += STEP) expect(tree.get(nameOf(index))?.[0]).toBe(index & 255)
    return cache.stats().hashIndexBytes - before
  }
  expect(lookUp(KEYS)).toBe(0)
  expect(cache.stats().missCount).toBeGreaterThan(1500)
  // The leaves of these keys fit into the cache. They are used repeatedly, and the index grows.
  let grown = 0
  for (let round = 0; round < 4; round += 1) grown += lookUp(KEYS_REPEATED)
  expect(grown).toBeGreaterThan(0)

  tree.close()
})
