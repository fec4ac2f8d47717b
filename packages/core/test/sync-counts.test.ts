/**
 * Strategy: syncs of files and directories are counted where the database calls its file system, and at the system calls of Node.
 *
 * Invariant: a database syncs as often as SPEC.md lists under "Syncs of a short life". One that is added fails here.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeVfs } from '@ldb/vfs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Database } from '../src/database.js'
import { FaultyVfs } from './faulty-vfs.js'

let root: string
beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'ldb-syncs-'))
})
afterEach(() => {
  vi.restoreAllMocks()
  syncBuiltinESMExports()
  fs.rmSync(root, { recursive: true, force: true })
})

/** Returns the syncs of each step: a file or a directory, by its name. */
function syncsOf(vfs: FaultyVfs, steps: readonly (() => unknown)[]): string[][] {
  let syncs: string[] = []
  vfs.fault = (call, path): undefined => {
    if (/^sync/i.test(call)) syncs.push(path.replace(/\.creating-\w+/, '.creating'))
  }
  return steps.map((step) => {
    syncs = []
    step()
    return syncs
  })
}

test('a short life of a database syncs what SPEC.md lists', () => {
  const vfs = new FaultyVfs()
  let db: Database | undefined
  const open = (): Database => (db = Database.open('parent/data', { vfs }))
  vfs.makeDirectory('parent')
  expect(
    syncsOf(vfs, [
      open,
      () => db?.keyspace('other'),
      () => db?.keyspace('other').put('a', '1'),
      () => db?.close(),
      open,
      () => db?.close(),
    ]),
  ).toEqual([
    [
      // The parent was empty: its creator may have been interrupted.
      '.',
      'parent/data.creating/wal',
      'parent/data.creating/wal/0000000001.wal',
      'parent/data.creating/CATALOG.new',
      'parent/data.creating',
      'parent',
    ],
    ['parent/data/CATALOG.new', 'parent/data'],
    ['parent/data/wal/0000000001.wal'],
    ['parent/data/wal/0000000001.wal'],
    [],
    [],
  ])
})

test('a database on files syncs ten times', () => {
  fs.writeFileSync(join(root, 'other'), '')
  const syncs = [vi.spyOn(fs, 'fsyncSync'), vi.spyOn(fs, 'fdatasyncSync')]
  syncBuiltinESMExports()
  const db = Database.open(join(root, 'data'), { vfs: new NodeVfs() })
  db.keyspace('other').put('a', '1')
  db.close()
  expect(syncs.reduce((sum, { mock }) => sum + mock.calls.length, 0)).toBe(10)
})

test('the asynchronous API syncs as often', async () => {
  const vfs = new FaultyVfs()
  const syncs: string[] = []
  vfs.fault = (call, path): undefined => {
    if (/^sync/i.test(call)) syncs.push(path)
  }
  const db = Database.open('data', { vfs }).promises
  const keyspace = await db.keyspace('other')
  await keyspace.put('a', '1')
  await db.close()
  // Without the lock, which has no file in memory.
  expect(syncs).toHaveLength(9)
})

test('the first checkpoint of a keyspace syncs its file twice, and each directory once', () => {
  const vfs = new FaultyVfs()
  const db = Database.open('data', { vfs })
  db.put('a', '1')
  const [first, second] = syncsOf(vfs, [() => db.checkpoint(), () => (db.put('b', '2'), db.checkpoint())])
  const ofKeyspaces = (syncs: string[] | undefined): string[] | undefined =>
    syncs?.filter((path) => path.startsWith('data/keyspaces'))
  const tree = 'data/keyspaces/1/tree.ldb'
  expect(ofKeyspaces(first)).toEqual([tree, 'data/keyspaces/1', 'data/keyspaces', tree])
  expect(ofKeyspaces(second)).toEqual([tree, tree])
  db.close()
  const again = Database.open('data', { vfs })
  // (R9) The record of the checkpoint proves that it is durable.
  const [third] = syncsOf(vfs, [() => (again.put('c', '3'), again.checkpoint())])
  expect(ofKeyspaces(third)).toEqual([tree, tree])
  again.close()
})
