// A tree whose directory is moved and replaced while it is open: it works on its own file, and refuses the other one.
import { toSeq, WriteBatch } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { beforeEach, expect, it } from 'vitest'
import { BTree } from '../src/btree.js'

let vfs: MemoryVfs
let foreign: number[]

beforeEach(() => {
  vfs = new MemoryVfs()
  for (const directory of ['/own', '/foreign']) {
    vfs.makeDirectory(directory)
    BTree.open(vfs, `${directory}/tree`).close()
  }
  foreign = bytesOf('/foreign/tree')
})

function bytesOf(path: string): number[] {
  const file = vfs.open(path, 'read')
  const bytes = new Uint8Array(file.length())
  file.read(bytes, 0, bytes.length, 0)
  file.close()
  return [...bytes]
}

function replace(): void {
  vfs.rename('/own', '/moved')
  vfs.rename('/foreign', '/own')
}

function put(tree: BTree, text: string): void {
  const batch = new WriteBatch()
  batch.put(
    0,
    Uint8Array.of(text.length),
    Uint8Array.from(text, (each) => each.charCodeAt(0)),
  )
  for (const section of batch.sections()) tree.apply(section, toSeq(tree.seq + 1))
}

it('a blocking checkpoint is one of the moved file', () => {
  const tree = BTree.open(vfs, '/own/tree')
  replace()
  put(tree, 'a')
  tree.checkpoint()
  tree.close()
  expect(bytesOf('/own/tree')).toEqual(foreign)
  expect(BTree.open(vfs, '/moved/tree').entryCount).toBe(1)
})

it('an asynchronous checkpoint is refused', async () => {
  const tree = BTree.open(vfs, '/own/tree')
  replace()
  put(tree, 'a')
  await expect(tree.beginCheckpoint().syncAsync()).rejects.toMatchObject({ code: 'LDB_POISONED' })
  tree.close()
  expect(bytesOf('/own/tree')).toEqual(foreign)
  expect(BTree.open(vfs, '/moved/tree').entryCount).toBe(0)
})

it('the rewrite of the recovered meta block is refused', () => {
  const tree = BTree.open(vfs, '/own/tree', { rewriteMeta: 'write' })
  replace()
  put(tree, 'a')
  expect(() => {
    tree.checkpoint()
  }).toThrowError(expect.objectContaining({ code: 'LDB_POISONED' }))
  tree.close()
  expect(bytesOf('/own/tree')).toEqual(foreign)
})
