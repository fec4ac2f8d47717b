// Strategy: a load between puts is run repeatedly while the n-th call of the file system fails, for every n: once, or from then on.
// Afterwards the files are opened as a killed process would leave them.
// Invariants: only typed errors leave the API; a load that has failed with anything but LDB_COMMIT_UNKNOWN has written nothing, one that has
// returned is complete (C2, C4); a failure before the load is logged leaves the database writable and removes its files; verification is clean.
import { isLdbError } from '@ldb/base'
import { describe, expect, it } from 'vitest'
import { Database } from '../src/index.js'
import { openDatabase } from '../src/open/opening.js'
import { copyAfterKill } from './directory-tree.js'
import { deviceError, FaultyVfs } from './faulty-vfs.js'
import type { VfsCall } from './faulty-vfs.js'

const TUNING = { checkpointLogBytes: 1_000_000, segmentBytes: 65_536, preallocateBytes: 0 }
const OPTIONS = { engine: 'lsm', memtableBytes: 65_536, cacheBytes: 65_536 } as const
const ENTRIES = Array.from({ length: 900 }, (_, index): [string, string] => [
  `k${String(index).padStart(4, '0')}`,
  `loaded ${index} ${'v'.repeat(120)}`,
])

interface Outcome {
  readonly callCount: number
  /** Code of the error of the load; `undefined` when it has returned. */
  readonly code: string | undefined
}

function open(vfs: FaultyVfs | ReturnType<typeof copyAfterKill>): Database {
  return new Database(openDatabase('data', { ...OPTIONS, vfs }, TUNING))
}

function tableNames(vfs: FaultyVfs): string[] {
  return vfs.list('data/keyspaces/1').filter((name) => name.endsWith('.sst'))
}

function runLoad(n: number, isSticky: boolean, calls: readonly VfsCall[]): Outcome {
  const vfs = new FaultyVfs()
  const db = open(vfs)
  db.put('k0001', 'old')
  db.put('x', 'old')
  db.checkpoint()
  db.put('k0002', 'old')
  const before = db.entries().toArray()
  const tables = tableNames(vfs)
  let callCount = 0
  vfs.fault = (call, path) => {
    if (!calls.includes(call)) return undefined
    callCount++
    if (isSticky ? callCount < n : callCount !== n) return undefined
    return deviceError(n % 2 === 0 ? 'LDB_NO_SPACE' : 'LDB_IO', call, path)
  }
  let code: string | undefined
  try {
    db.load(ENTRIES)
  } catch (error) {
    if (!isLdbError(error)) throw error
    code = error.code
  }
  vfs.fault = () => undefined
  const isPoisoned = db.stats().poisoned
  if (code !== undefined && !isPoisoned) {
    expect(['LDB_IO', 'LDB_NO_SPACE']).toContain(code)
    expect(tableNames(vfs).filter((name) => tables.includes(name))).toEqual(tables)
    db.put('k0003', 'later')
    db.delete('k0003')
    expect(db.entries().toArray()).toEqual(before)
    expect(db.load(ENTRIES)).toBe(ENTRIES.length)
    code = undefined
  }
  const left = copyAfterKill(vfs, 'data')
  db.close()
  const again = open(left)
  const found = again.entries().toArray()
  const after = [...ENTRIES, ['x', 'old']]
  if (code === undefined) expect(found).toEqual(after)
  else if (code === 'LDB_COMMIT_UNKNOWN') expect([before, after]).toContainEqual(found)
  else expect(found).toEqual(before)
  expect(again.verify().findings).toEqual([])
  again.put('after', 'all')
  again.checkpoint()
  const levels = again.stats().keyspaces[0]?.levels ?? []
  const tableCount = levels.reduce((sum, level) => sum + level.tableCount, 0)
  expect(left.list('data/keyspaces/1').filter((name) => name.endsWith('.sst'))).toHaveLength(tableCount)
  again.close()
  return { callCount, code }
}

describe('a load into a file system that fails', () => {
  it.each([
    ['a write or sync, once', false, ['write', 'sync', 'truncate']],
    ['every write and sync from one on', true, ['write', 'sync', 'truncate']],
    ['a change of directory entries, once', false, ['open', 'remove', 'syncDirectory', 'rename']],
    ['every change of directory entries from one on', true, ['open', 'remove', 'syncDirectory', 'rename']],
  ] as const)('is there as a whole or not at all: %s', (_name, isSticky, calls) => {
    const codes = new Set<string | undefined>()
    let n = 1
    for (;;) {
      const { callCount, code } = runLoad(n, isSticky, calls)
      codes.add(code)
      if (callCount < n) break
      n++
    }
    expect(n).toBeGreaterThan(3)
    expect(codes.has(undefined)).toBe(true)
  })
})
