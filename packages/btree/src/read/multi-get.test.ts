// Strategy: read large values together with short, indexed ones, in a cache so small that loads of the large ones evict leaves. Each
// large value contains an image of such a leaf with another value. Invariant: every read returns the value that was put.
import { equalBytes, toSeq, WriteBatch } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { seeded } from '../../test/crash-vfs.js'
import { keyOf } from '../../test/tree-harness.js'
import { BTree } from '../btree.js'
import { OVERFLOW_EXTENT_BYTES } from '../format.js'

const PAGE_BYTES = 512
const PATH = '/tree.ldb'

function open(vfs: MemoryVfs, frames: number): { readonly tree: BTree; readonly cache: PageCache } {
  const cache = new PageCache({ bytes: frames * PAGE_BYTES, pageBytes: PAGE_BYTES })
  return { tree: BTree.open(vfs, PATH, { cache }), cache }
}

function put(tree: BTree, entries: readonly (readonly [string, Uint8Array])[]): void {
  const batch = new WriteBatch()
  for (const [key, value] of entries) batch.put(0, keyOf(key), value)
  for (const section of batch.sections()) tree.apply(section, toSeq(tree.seq + 1))
}

/** Returns the content of an extent of two pages whose frames resemble `page` as far as possible. */
function likePage(page: Uint8Array): Uint8Array {
  const extent = new Uint8Array(2 * PAGE_BYTES)
  extent.set(page)
  extent.set(page, PAGE_BYTES)
  return extent.subarray(OVERFLOW_EXTENT_BYTES)
}

test('loading large values does not change the other values of a multi-get', () => {
  const vfs = new MemoryVfs()
  const shortKeys = Array.from({ length: 600 }, (_, index) => `entry ${index + 100}`)
  const largeKeys = Array.from({ length: 40 }, (_, index) => `large ${index + 10}`)
  const right = keyOf('right value')
  const sought = shortKeys[300] as string
  const made = open(vfs, 400)
  put(
    made.tree,
    shortKeys.map((key) => [key, keyOf('other value')]),
  )
  put(made.tree, [[sought, right]])
  const at = Buffer.from(made.cache.bytes).indexOf(right)
  const leaf = made.cache.bytes.slice(at - (at % PAGE_BYTES), at - (at % PAGE_BYTES) + PAGE_BYTES)
  leaf.set(keyOf('wrong'), at % PAGE_BYTES)
  const large = likePage(leaf)
  put(
    made.tree,
    largeKeys.map((key) => [key, large]),
  )
  made.tree.checkpoint()
  made.tree.close()

  const { tree } = open(vfs, 32)
  const random = seeded(1)
  const someLarge = (count: number): string[] => {
    const from = random(largeKeys.length)
    return Array.from({ length: count }, (_, index) => largeKeys[(from + index) % largeKeys.length] as string)
  }
  for (let round = 0; round < 150; round += 1) {
    for (let count = 3; count > 0; count -= 1) tree.has(keyOf(sought))
    // Recently evicted pages go to the main queue when they are loaded again, and then outlast the leaf.
    for (let count = random(6); count > 0; count -= 1) {
      const keys = someLarge(1 + random(8))
      for (const key of [...keys, ...keys]) tree.get(keyOf(key))
    }
    const [first, second] = [someLarge(random(16)), someLarge(random(8))]
    for (const key of first) tree.get(keyOf(key))
    const keys = [...first, ...second, ...second, sought]
    let end = 0
    const values = tree.getMany(
      keyOf(keys.join('')),
      keys.map((key) => (end += key.length)),
    )
    expect(values.pop()).toEqual(right)
    expect(values.every((value) => value !== undefined && equalBytes(value, large))).toBe(true)
  }
  tree.close()
})
