// What the drivers have found, as plain code.
import { expect, test } from 'vitest'
import { encodeUtf8, toSeq, WriteBatch } from '@ldb/base'
import { BTree } from '@ldb/btree'
import { Database } from '@ldb/core'
import { Wal } from '@ldb/wal'
import { crashPlan } from '../src/crash-plan.js'
import { CrashVfs } from '../src/crash-vfs.js'
import { FaultVfs } from '../src/fault-vfs.js'
import { seededRandom } from '../src/test-random.js'
import type { FaultEffect } from '../src/fault.js'

/** Fails the nth sync of a path. */
function failing(
  disk: CrashVfs,
  calls: 'sync' | 'syncDirectory',
  nth: number,
  path: (path: string) => boolean,
): FaultVfs {
  const effect: FaultEffect = { kind: 'sync', errno: 'EIO', failure: 'kept' }
  return new FaultVfs(disk, seededRandom(1), { effect, calls: [calls], nth, path })
}

test('a database whose making failed behind the rename is not lost when it is opened again and used', () => {
  const disk = new CrashVfs()
  const vfs = failing(disk, 'syncDirectory', 1, (path) => path === '.')
  expect(() => Database.open('data', { vfs })).toThrow(/EIO/)
  const db = Database.open('data', { vfs })
  db.put('a', '1')
  const after = Database.open('data', { vfs: disk.image(crashPlan('none', 1)), createIfMissing: false })
  expect(after.get('a')).toBe('1')
})

test('a tree whose making failed behind the rename is not lost when it is opened again and used', () => {
  const disk = new CrashVfs()
  const vfs = failing(disk, 'syncDirectory', 1, () => true)
  expect(() => BTree.open(vfs, 'tree.ldb')).toThrow(/EIO/)
  BTree.open(vfs, 'tree.ldb').checkpoint()
  expect(disk.image(crashPlan('none', 1)).status('tree.ldb')).toBeDefined()
})

test('a log whose directory was made by somebody who failed is not lost when it is opened again and used', () => {
  const disk = new CrashVfs()
  const vfs = failing(disk, 'syncDirectory', 1, () => true)
  expect(() => Wal.open(vfs, 'log')).toThrow(/EIO/)
  const wal = Wal.open(vfs, 'log')
  wal.append(Uint8Array.of(1))
  wal.sync()
  const after = Wal.open(disk.image(crashPlan('none', 1)), 'log', { mustExist: true })
  expect(after.read(after.firstLsn).next()).toBe(true)
})

test('a checkpoint whose last sync failed is made durable by whoever opens the tree and finds it', () => {
  const disk = new CrashVfs()
  const batch = new WriteBatch()
  batch.put(1, encodeUtf8('a'), encodeUtf8('1'))
  const [section] = batch.sections()
  BTree.open(disk, 'tree.ldb').close()
  // The opening syncs once, the checkpoint twice.
  const vfs = failing(disk, 'sync', 3, () => true)
  const tree = BTree.open(vfs, 'tree.ldb')
  if (section !== undefined) tree.apply(section, toSeq(1))
  expect(() => {
    tree.checkpoint()
  }).toThrow(/EIO/)
  const again = BTree.open(disk, 'tree.ldb')
  expect(again.durableSeq).toBe(1)
  expect(BTree.open(disk.image(crashPlan('none', 1)), 'tree.ldb').durableSeq).toBe(1)
})
