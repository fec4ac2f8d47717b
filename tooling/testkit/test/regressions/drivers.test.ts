// Regression tests of failures that the crash and fault drivers found.
import { expect, test } from 'vitest'
import { encodeUtf8, toSeq, WriteBatch } from '@ldb/base'
import { BTree } from '@ldb/btree'
import { Database } from '@ldb/core'
import { Wal } from '@ldb/wal'
import { crashPlan } from '../../src/crash/plan.js'
import type { SyncFailure } from '../../src/vfs/sync-failure.js'
import { CrashVfs } from '../../src/crash/crash-vfs.js'
import { FaultVfs } from '../../src/vfs/fault-vfs.js'
import { seededRandom } from '../../src/base/test-random.js'
import type { FaultEffect } from '../../src/vfs/fault.js'

/** Fails the nth sync of a path. */
function failing(
  disk: CrashVfs,
  calls: 'sync' | 'syncDirectory',
  nth: number,
  path: (path: string) => boolean,
  failure: SyncFailure = 'kept',
): FaultVfs {
  const effect: FaultEffect = { kind: 'sync', errno: 'EIO', failure }
  return new FaultVfs(disk, seededRandom(1), { effect, calls: [calls], nth, path })
}

test('a database whose creation failed after the rename is durable once it is reopened and used', () => {
  const disk = new CrashVfs()
  const vfs = failing(disk, 'syncDirectory', 1, (path) => path === '.')
  expect(() => Database.open('data', { vfs })).toThrow(/EIO/)
  const db = Database.open('data', { vfs })
  db.put('a', '1')
  const after = Database.open('data', { vfs: disk.image(crashPlan('none', 1)), createIfMissing: false })
  expect(after.get('a')).toBe('1')
})

test('a tree whose creation failed after the rename is durable once it is reopened and used', () => {
  const disk = new CrashVfs()
  const vfs = failing(disk, 'syncDirectory', 1, () => true)
  expect(() => BTree.open(vfs, 'tree.ldb')).toThrow(/EIO/)
  BTree.open(vfs, 'tree.ldb').checkpoint()
  expect(disk.image(crashPlan('none', 1)).status('tree.ldb')).toBeDefined()
})

test('a log whose directory was created by a failed open is durable once it is reopened and used', () => {
  const disk = new CrashVfs()
  const vfs = failing(disk, 'syncDirectory', 1, () => true)
  expect(() => Wal.open(vfs, 'log')).toThrow(/EIO/)
  const wal = Wal.open(vfs, 'log')
  wal.append(Uint8Array.of(1))
  wal.sync()
  const after = Wal.open(disk.image(crashPlan('none', 1)), 'log', { mustExist: true })
  expect(after.read(after.firstLsn).next()).toBe(true)
})

/** Returns the bytes of the seal of the first segment. */
function firstSealOn(disk: CrashVfs): Uint8Array {
  const seal = new Uint8Array(56)
  const file = disk.open('log/0000000001.wal', 'read')
  file.read(seal, 0, seal.length, 4096)
  file.close()
  return seal
}

/** Returns a disk with a log of two segments. The seal of the first one is written but not synced. */
function logWithLostSeal(): CrashVfs {
  const disk = new CrashVfs()
  // The syncs are that of the record and of the seal.
  const wal = Wal.open(
    failing(disk, 'sync', 2, (path) => path.endsWith('1.wal'), 'lost'),
    'log',
  )
  wal.append(Uint8Array.of(1))
  wal.sync()
  expect(() => {
    wal.rotate()
  }).toThrow(/EIO/)
  wal.close({ clean: false })
  expect(firstSealOn(disk).some((byte) => byte !== 0)).toBe(true)
  expect(firstSealOn(disk.image(crashPlan('none', 1))).every((byte) => byte === 0)).toBe(true)
  return disk
}

test('a seal whose sync failed is written again when the log is opened', () => {
  const disk = logWithLostSeal()
  Wal.open(disk, 'log').close({ clean: false })
  expect(firstSealOn(disk.image(crashPlan('none', 1)))).toEqual(firstSealOn(disk))
})

test('a rewritten seal is durable before the next segment, after which it is not read again', () => {
  const disk = logWithLostSeal()
  // This open fails at the seal of the second segment, after it has created a third.
  const vfs = failing(disk, 'sync', 1, (path) => path.endsWith('2.wal'), 'lost')
  expect(() => Wal.open(vfs, 'log')).toThrow(/EIO/)
  expect(disk.status('log/0000000003.wal')).toBeDefined()
  expect(firstSealOn(disk.image(crashPlan('none', 1)))).toEqual(firstSealOn(disk))
})

test.each([
  ['lost', 'open'],
  ['lost', 'write'],
  ['kept', 'open'],
  ['kept', 'write'],
] as const)(
  'a checkpoint whose last sync failed (%s) is durable after the next open (confirm: %s)',
  (failure, confirm) => {
    const disk = new CrashVfs()
    BTree.open(disk, 'tree.ldb').close()
    // The open syncs three times; the checkpoint syncs twice after one early writeback.
    const vfs = failing(disk, 'sync', 6, () => true, failure)
    const tree = BTree.open(vfs, 'tree.ldb')
    putOne(tree, 1)
    expect(() => {
      tree.checkpoint()
    }).toThrow(/EIO/)
    expect(BTree.open(disk.image(crashPlan('none', 1)), 'tree.ldb').durableSeq).toBe(0)
    const again = BTree.open(disk, 'tree.ldb', { rewriteMeta: confirm })
    expect(again.durableSeq).toBe(1)
    // A checkpoint without new data persists the recovered meta block again.
    if (confirm === 'write') again.checkpoint()
    expect(BTree.open(disk.image(crashPlan('none', 1)), 'tree.ldb').durableSeq).toBe(1)
  },
)

test('two opens with a failed meta rewrite and a crash leave a consistent tree', () => {
  for (let first = 1; first <= 3; first++) {
    for (let second = 1; second <= 3; second++) {
      const disk = new CrashVfs()
      const tree = BTree.open(disk, 'tree.ldb')
      putOne(tree, 1)
      tree.checkpoint()
      tree.close()
      for (const nth of [first, second]) {
        expect(() =>
          BTree.open(
            failing(disk, 'sync', nth, () => true, 'lost'),
            'tree.ldb',
          ),
        ).toThrow(/EIO/)
        expect(BTree.open(disk.image(crashPlan('none', 1)), 'tree.ldb').durableSeq).toBe(1)
      }
      const again = BTree.open(disk, 'tree.ldb')
      putOne(again, 2)
      again.checkpoint()
      expect(BTree.open(disk.image(crashPlan('none', 1)), 'tree.ldb').durableSeq).toBe(2)
    }
  }
})

function putOne(tree: BTree, seq: number): void {
  const batch = new WriteBatch()
  batch.put(1, encodeUtf8('a'), encodeUtf8(String(seq)))
  for (const section of batch.sections()) tree.apply(section, toSeq(seq))
}
