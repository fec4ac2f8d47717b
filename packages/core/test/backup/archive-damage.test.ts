// Strategy: bytes of an archive file are changed, and the database is restored to the end of the archive, without a commit to reach.
// Invariants: damage before the last frame is LDB_CORRUPTION, never an earlier end; damage to the last frame costs no more than its commit.
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Database, isLdbError } from '@ldb/core'
import { filesBelow } from './backup-setup.js'
import { readFile, writeFile } from '../directory-tree.js'

const COMMITS = 8

function restoredSeq(vfs: MemoryVfs): unknown {
  try {
    const { seq } = Database.restore('backups', 'restored', { vfs, archive: 'archive' })
    Database.destroy('restored', { vfs })
    return seq
  } catch (error) {
    return isLdbError(error) ? error.code : error
  }
}

test('a changed byte of an archive is no earlier end', () => {
  const vfs = new MemoryVfs()
  const db = Database.open('data', { vfs, workers: 0, archive: { to: 'archive' } })
  db.put('first', '1')
  db.backup('backups')
  while (db.seq < COMMITS) db.put(`key ${db.seq}`, 'value '.repeat(20))
  db.close()
  expect(restoredSeq(vfs)).toBe(COMMITS)
  const path = String(filesBelow(vfs, 'archive')[0])
  const bytes = readFile(vfs, path)
  const found = new Set<unknown>()
  for (let at = 0; at < bytes.length; at += 23) {
    const damaged = bytes.slice()
    damaged[at]! ^= 1 << (at % 8)
    writeFile(vfs, path, damaged)
    const seq = restoredSeq(vfs)
    expect(['LDB_CORRUPTION', 'LDB_FORMAT', COMMITS - 1], `byte ${at}`).toContain(seq)
    found.add(seq)
  }
  expect(found).toContain('LDB_CORRUPTION')
  expect(found).toContain(COMMITS - 1)
})
