import { toSeq, WriteBatch } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { BTree } from '../src/btree.js'
import { keyOf } from './tree-harness.js'

const PAGE_BYTES = 512
const KEYS = 8000
/** Of a leaf with three or four entries, one. */
const STEP = 4
const KEYS_AGAIN = 2000

const nameOf = (index: number): Uint8Array => keyOf(String(index).padStart(5, '0'))

const cacheOf = (): PageCache => new PageCache({ bytes: 1024 * PAGE_BYTES, pageBytes: PAGE_BYTES })

test('places are noted at the second use of a leaf, not when it comes from the file', () => {
  const vfs = new MemoryVfs()
  const filled = BTree.open(vfs, '/tree.ldb', { cache: cacheOf() })
  const batch = new WriteBatch()
  for (let index = 0; index < KEYS; index += 1) batch.put(0, nameOf(index), new Uint8Array(100).fill(index))
  for (const section of batch.sections()) filled.apply(section, toSeq(1))
  filled.checkpoint()
  filled.close()

  const cache = cacheOf()
  const tree = BTree.open(vfs, '/tree.ldb', { cache })
  const seek = (end: number): number => {
    const before = cache.stats().hashIndexBytes
    for (let index = 0; index < end; index += STEP) expect(tree.get(nameOf(index))?.[0]).toBe(index & 255)
    return cache.stats().hashIndexBytes - before
  }
  expect(seek(KEYS)).toBe(0)
  expect(cache.stats().missCount).toBeGreaterThan(1500)
  // These fit: from now on they are used again and again, and the index has to grow for their places.
  let grown = 0
  for (let round = 0; round < 4; round += 1) grown += seek(KEYS_AGAIN)
  expect(grown).toBeGreaterThan(0)

  tree.close()
})
