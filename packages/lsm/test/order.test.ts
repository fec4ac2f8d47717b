import { toSeq, WriteBatch } from '@ldb/base'
import type { StoreLog } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { LsmTree } from '../src/index.js'
import { bytesOf, fileBytes, SMALL } from './lsm-harness.js'

function put(store: LsmTree, key: string, seq: number): void {
  const batch = new WriteBatch()
  batch.put(0, bytesOf(key), bytesOf('value'))
  for (const section of batch.sections()) store.apply(section, toSeq(seq))
}

test('the log is synced before the manifest names what it contains', () => {
  const vfs = new MemoryVfs()
  const manifests: Uint8Array[] = []
  const log: StoreLog = {
    segmentId: new Uint8Array(16).fill(3),
    sync: () => manifests.push(fileBytes(vfs, 'store/MANIFEST')),
    syncAsync: () => Promise.resolve(),
  }
  const store = LsmTree.open(vfs, 'store', SMALL)
  put(store, 'a', 1)
  const before = fileBytes(vfs, 'store/MANIFEST')
  store.beginCheckpoint(log).sync()
  // The table exists, and no manifest names it.
  expect(manifests).toEqual([before])
  expect(vfs.list('store').filter((name) => name.endsWith('.sst'))).toHaveLength(1)
  expect(fileBytes(vfs, 'store/MANIFEST').length).toBeGreaterThan(before.length)
  expect(store.durableSeq).toBe(1)
  expect(store.durableSegmentId).toEqual(log.segmentId)
  store.close()
})

test('a checkpoint with a part of a replay does not count as durable', () => {
  const vfs = new MemoryVfs()
  const open = (): LsmTree => LsmTree.open(vfs, 'store', SMALL)
  let store = open()
  put(store, 'a', 5)
  store.checkpoint()
  store.beginReplay()
  put(store, 'b', 9)
  store.checkpoint()
  // Commits 6 to 8 may follow.
  expect(store.durableSeq).toBe(5)
  put(store, 'c', 9)
  store.endReplay(toSeq(9))
  store.checkpoint()
  expect(store.durableSeq).toBe(9)
  store.close()
  store = open()
  expect(['a', 'b', 'c'].map((key) => store.has(bytesOf(key)))).toEqual([true, true, true])
  store.close()
})
