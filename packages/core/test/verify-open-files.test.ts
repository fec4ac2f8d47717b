// Strategy: while a database is open, files are damaged of which it keeps parts in memory, and files are removed that it has not opened yet.
// Invariants: `verify` finds what the next open would find.
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Database } from '../src/index.js'
import type { EngineName } from '../src/index.js'
import { readFile, writeFile } from './directory-tree.js'
import { codeOf } from './outcome-codes.js'

const BLOB = 'data/blobs/1.blob'
const HEADER_BYTES = 64
const INDEX_ENTRY_BYTES = 16

function openedWithBlobs(vfs: MemoryVfs, isCompacted: boolean): Database {
  const db = Database.open('data', { vfs, workers: 0, blobBytes: 100 })
  for (let index = 0; index < 6; index++) db.put(`key ${index}`, `${index}`.repeat(300))
  db.checkpoint()
  if (!isCompacted) return db
  // Records go to another file before those of this one are removed.
  db.close()
  const again = Database.open('data', { vfs, workers: 0, blobBytes: 100 })
  for (let index = 0; index < 4; index++) again.delete(`key ${index}`)
  again.compact()
  return again
}

test.each([false, true])(
  'every byte of the header of a blob file is read again, compacted: %s',
  (isCompacted) => {
    const vfs = new MemoryVfs()
    const db = openedWithBlobs(vfs, isCompacted)
    expect(db.verify().findings).toEqual([])
    const bytes = readFile(vfs, BLOB)
    const indexCount = new DataView(bytes.buffer).getUint32(52, true)
    expect(indexCount > 0).toBe(isCompacted)
    const end = HEADER_BYTES + (isCompacted ? indexCount * INDEX_ENTRY_BYTES + 8 : 0)
    const missed: number[] = []
    for (let at = 0; at < end; at++) {
      const damaged = bytes.slice()
      damaged[at]! ^= 1 << (at % 8)
      writeFile(vfs, BLOB, damaged)
      if (db.verify().ok) missed.push(at)
    }
    writeFile(vfs, BLOB, bytes)
    expect(missed).toEqual([])
    expect(db.verify().findings).toEqual([])
    db.close()
  },
)

test.each<EngineName>(['btree', 'lsm'])('a missing file of a store is a finding, engine %s', (engine) => {
  const vfs = new MemoryVfs()
  const db = Database.open('data', { vfs, workers: 0, engine })
  const other = db.keyspace('other')
  db.put('a', '1')
  other.put('b', '2')
  db.checkpoint()
  db.close()
  const name = vfs.list('data/keyspaces/1').find((each) => /sst$|tree/.test(each))
  const path = `data/keyspaces/1/${String(name)}`
  const content = readFile(vfs, path)
  vfs.remove(path)
  expect(codeOf(() => Database.open('data', { vfs }).close())).toBe('LDB_CORRUPTION')
  const { findings, parts } = Database.verify('data', { vfs })
  expect(findings[0]).toMatchObject({ file: path })
  // The rest is walked.
  expect(parts.map((part) => part.name)).toContain('keyspace:other')
  writeFile(vfs, path, content)
  expect(Database.verify('data', { vfs }).findings).toEqual([])
})

test('a table that does not begin with its magic is a finding, beside values in blob files', () => {
  const vfs = new MemoryVfs()
  const db = Database.open('data', { vfs, workers: 0, engine: 'lsm', blobBytes: 100 })
  db.put('a', 'x'.repeat(300))
  db.checkpoint()
  db.close()
  const path = `data/keyspaces/1/${String(vfs.list('data/keyspaces/1').find((name) => name.endsWith('sst')))}`
  const bytes = readFile(vfs, path)
  bytes[0]! ^= 1
  writeFile(vfs, path, bytes)
  expect(Database.verify('data', { vfs }).findings[0]).toMatchObject({ file: path })
})
