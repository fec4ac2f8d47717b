/**
 * Strategy: trees whose file the first write creates, over the memory file system, and over files that an interrupted creation or
 * another checkpoint has left.
 *
 * Invariants: no file before the first write; a file is used exactly if it contains a checkpoint of a commit; the first checkpoint
 * makes the file and both of its directory entries durable.
 */
import { isLdbError, toSeq, WriteBatch } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { BTree } from '../src/index.js'
import { PageCache } from '@ldb/cache'

const PATH = 'trees/1/tree'
const IDENTITY = { fileId: new Uint8Array(16).fill(7), pageBytes: 1024 }
const KEY = new Uint8Array([1])

function newVfs(): MemoryVfs {
  const vfs = new MemoryVfs()
  vfs.makeDirectory('trees')
  return vfs
}

function open(vfs: MemoryVfs, identity = IDENTITY): BTree {
  const cache = new PageCache({ bytes: 65_536, pageBytes: 1024 })
  return BTree.open(vfs, PATH, { cache, identity, creation: 'write', rewriteMeta: 'write' })
}

function put(tree: BTree, seq: number): void {
  const batch = new WriteBatch()
  batch.put(0, KEY, new Uint8Array([seq]))
  tree.apply(batch.sections()[0]!, toSeq(seq))
}

test('the file appears with the first checkpoint of a change', () => {
  const vfs = newVfs()
  const tree = open(vfs)
  expect(tree.get(KEY)).toBeUndefined()
  tree.checkpoint()
  put(tree, 1)
  expect(tree.get(KEY)).toEqual(new Uint8Array([1]))
  tree.verify({ finding: (finding) => expect(finding).toBeUndefined(), progress: () => undefined })
  expect(vfs.list('trees')).toEqual([])
  const synced: string[] = []
  const syncDirectory = vfs.syncDirectory.bind(vfs)
  vfs.syncDirectory = (path): void => {
    synced.push(path)
    syncDirectory(path)
  }
  tree.checkpoint()
  expect(vfs.list('trees/1')).toEqual(['tree'])
  expect(synced).toEqual(['trees/1', 'trees'])
  tree.close()
  const again = open(vfs)
  expect(again.durableSeq).toBe(1)
  expect(again.identity).toEqual(IDENTITY)
  expect(again.get(KEY)).toEqual(new Uint8Array([1]))
  again.close()
})

test('a tree that is closed before its first checkpoint leaves no file', () => {
  const vfs = newVfs()
  const tree = open(vfs)
  put(tree, 1)
  tree.close()
  expect(vfs.list('trees')).toEqual([])
  expect(() => tree.get(KEY)).toThrow(expect.toSatisfy((error) => isLdbError(error, 'LDB_CLOSED')))
})

test('evicted pages create the file, and are read back from it', () => {
  const vfs = newVfs()
  const tree = open(vfs)
  const batch = new WriteBatch()
  for (let index = 0; index < 2000; index++)
    batch.put(0, new Uint8Array([index >> 8, index & 255]), new Uint8Array(100).fill(index))
  tree.apply(batch.sections()[0]!, toSeq(1))
  expect(vfs.list('trees/1')).toEqual(['tree'])
  for (let index = 0; index < 2000; index++)
    expect(tree.get(new Uint8Array([index >> 8, index & 255]))?.[99]).toBe(index & 255)
  tree.close()
  // No checkpoint of a commit: the file is replaced.
  const again = open(vfs)
  expect(again.entryCount).toBe(0)
  put(again, 1)
  again.checkpoint()
  again.close()
  expect(open(vfs).entryCount).toBe(1)
})

test('a file without a whole checkpoint of a commit is replaced by the first write', () => {
  for (const content of [0, 100, 5000]) {
    const vfs = newVfs()
    vfs.makeDirectory('trees/1')
    const file = vfs.open(PATH, 'createNew')
    file.write(new Uint8Array(content).fill(9), 0, content, 0)
    file.close()
    const tree = open(vfs)
    put(tree, 3)
    tree.checkpoint()
    tree.close()
    expect(vfs.list('trees/1')).toEqual(['tree'])
    expect(open(vfs).get(KEY)).toEqual(new Uint8Array([3]))
  }
})

test('a file with a checkpoint of a commit must be the expected one', () => {
  const vfs = newVfs()
  const tree = open(vfs)
  put(tree, 1)
  tree.checkpoint()
  tree.close()
  const other = { ...IDENTITY, fileId: new Uint8Array(16).fill(8) }
  expect(() => open(vfs, other)).toThrow(expect.toSatisfy((error) => isLdbError(error, 'LDB_CORRUPTION')))
})

test('the creation at the first write needs an identity', () => {
  expect(() => BTree.open(newVfs(), PATH, { creation: 'write' })).toThrow('identity')
})
