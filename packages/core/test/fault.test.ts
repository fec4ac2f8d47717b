// Strategy: one workload is run repeatedly while the n-th call of the file system fails, for every n: once, or from then on.
// Afterwards the files are opened as a killed process would leave them.
// Invariants: only typed errors leave the API (C3); after the first failure no write succeeds; the recovered state is that
// after one of the commits, in both keyspaces (C4), not older than the last acknowledged one (C2); verification is clean.
import { isLdbError } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import { describe, expect, it } from 'vitest'
import type { MemoryVfs } from '@ldb/vfs'
import { Database } from '../src/database.js'
import type { Durability } from '../src/health/options.js'
import { openDatabase } from '../src/open/opening.js'
import { copyAfterKill } from './directory-tree.js'
import { deviceError, FaultyVfs } from './faulty-vfs.js'
import type { VfsCall } from './faulty-vfs.js'

const TUNING = { pageBytes: 512, checkpointLogBytes: 3_000, segmentBytes: 4_096, preallocateBytes: 2_048 }
const COMMITS = 24

interface Outcome {
  acknowledged: number
  begun: number
  errors: LdbError[]
  /** Copies of the files before and after `close`. */
  left: MemoryVfs[]
}

/** Commits over two keyspaces until a call fails, then checks that no write succeeds. */
function runWorkload(vfs: FaultyVfs, durability: Durability): Outcome {
  const outcome: Outcome = { acknowledged: 0, begun: 0, errors: [], left: [] }
  let db: Database | undefined
  try {
    db = new Database(openDatabase('data', { vfs, durability, cacheBytes: 65_536 }, TUNING))
    const other = db.keyspace('other')
    for (let number = 1; number <= COMMITS; number++) {
      outcome.begun = number
      const batch = db
        .batch()
        .put('last', String(number))
        .put(`key${number}`, 'x'.repeat(number * 9))
      batch
        .delete(`key${number - 5}`)
        .in(other)
        .put('last', String(number))
        .put(`key${number}`, 'y')
        .commit()
      if (durability !== 'none') outcome.acknowledged = number
      if (number === 10) db.checkpoint()
      else if (number === 14) db.keyspace('third')
      else if (number === 18) db.dropKeyspace('third')
      else continue
      // (K1) Each of these makes all earlier commits durable.
      outcome.acknowledged = number
    }
  } catch (error) {
    if (!isLdbError(error)) throw error
    outcome.errors.push(error)
  }
  const poisoned = db?.stats().poisoned === true
  if (db !== undefined && poisoned) {
    const handle = db
    for (const write of [
      () => handle.put('a', 'b'),
      () => handle.checkpoint(),
      () => handle.keyspace('more'),
    ]) {
      expect(write).toThrowError(expect.objectContaining({ code: 'LDB_POISONED' }))
    }
  }
  const { fault } = vfs
  vfs.fault = () => undefined
  if (vfs.status('data') !== undefined) outcome.left.push(copyAfterKill(vfs, 'data'))
  vfs.fault = fault
  try {
    db?.close()
  } catch (error) {
    if (!isLdbError(error)) throw error
    outcome.errors.push(error)
  }
  vfs.fault = () => undefined
  if (vfs.status('data') !== undefined) outcome.left.push(copyAfterKill(vfs, 'data'))
  return outcome
}

function checkLeft(left: MemoryVfs, outcome: Outcome): void {
  const db = new Database(openDatabase('data', { vfs: left, cacheBytes: 65_536 }, TUNING))
  try {
    const last = Number(db.get('last') ?? '0')
    expect(last).toBeGreaterThanOrEqual(outcome.acknowledged)
    expect(last).toBeLessThanOrEqual(outcome.begun)
    const keys = Array.from({ length: Math.min(5, last) }, (_, index) => `key${last - index}`)
    expect(db.keys({ prefix: 'key' }).toArray()).toEqual(keys.sort())
    const other = db.keyspace('other')
    expect(other.get('last')).toBe(last === 0 ? undefined : String(last))
    expect(other.count({ prefix: 'key' })).toBe(last)
    expect(db.verify().findings).toEqual([])
    db.put('after', 'all')
  } finally {
    db.close()
  }
}

/** Runs the workload with a failure of the n-th call of a kind. Reports whether there was an n-th call. */
function runWithFault(
  n: number,
  durability: Durability,
  sticky: boolean,
  calls: readonly VfsCall[],
): boolean {
  const vfs = new FaultyVfs()
  let count = 0
  vfs.fault = (call, path) => {
    if (!calls.includes(call)) return undefined
    count++
    if (sticky ? count < n : count !== n) return undefined
    return deviceError(n % 2 === 0 ? 'LDB_NO_SPACE' : 'LDB_IO', call, path)
  }
  const outcome = runWorkload(vfs, durability)
  for (const left of outcome.left) checkLeft(left, outcome)
  return count >= n
}

const WRITING: readonly VfsCall[] = ['write', 'sync', 'truncate', 'preallocate']
const NAMING: readonly VfsCall[] = ['open', 'makeDirectory', 'rename', 'remove', 'syncDirectory']

describe('a file system that fails', () => {
  it.each([
    ['a write or sync, once', false, WRITING],
    ['every write and sync from one on', true, WRITING],
    ['a change of directory entries, once', false, NAMING],
    ['every change of directory entries from one on', true, NAMING],
    ['a read, once', false, ['read'] as const],
  ] as const)('loses nothing acknowledged: %s', (_name, sticky, calls) => {
    for (const durability of ['full', 'none'] as const) {
      let n = 1
      while (runWithFault(n, durability, sticky, calls)) n++
      expect(n).toBeGreaterThan(5)
    }
  })

  it('gives LDB_COMMIT_UNKNOWN when the sync fails, then LDB_POISONED, and still reads', () => {
    const vfs = new FaultyVfs()
    const db = Database.open('data', { vfs })
    db.put('a', '1')
    const errors: unknown[] = []
    db.on('error', ({ error }) => errors.push(error))
    vfs.fault = (call, path) => (call === 'sync' ? deviceError('LDB_IO', call, path) : undefined)
    expect(() => db.put('a', '2')).toThrowError(expect.objectContaining({ code: 'LDB_COMMIT_UNKNOWN' }))
    expect(errors).toHaveLength(1)
    expect(db.stats().poisoned).toBe(true)
    vfs.fault = () => undefined
    expect(() => db.put('a', '3')).toThrowError(expect.objectContaining({ code: 'LDB_POISONED' }))
    expect(() => db.sync()).toThrowError(expect.objectContaining({ code: 'LDB_POISONED' }))
    expect(db.get('a')).toBe('1')
    expect(errors).toHaveLength(1)
    expect(db.stats().poisoned).toBe(true)
    db.close()
    const again = Database.open('data', { vfs })
    expect(['1', '2']).toContain(again.get('a'))
    again.close()
  })

  it('gives LDB_NO_SPACE when the write fails, and the commit is not logged', () => {
    const vfs = new FaultyVfs()
    const db = Database.open('data', { vfs })
    db.put('a', '1')
    vfs.fault = (call, path) => (call === 'write' ? deviceError('LDB_NO_SPACE', call, path) : undefined)
    expect(() => db.put('a', '2')).toThrowError(expect.objectContaining({ code: 'LDB_NO_SPACE' }))
    vfs.fault = () => undefined
    db.close()
    const again = Database.open('data', { vfs })
    expect(again.get('a')).toBe('1')
    again.close()
  })

  it('hides a commit whose application failed, and replays it at the next open (C3, C4)', () => {
    const vfs = new FaultyVfs()
    const db = Database.open('data', { vfs, blobBytes: 1_000_000 })
    const other = db.keyspace('other')
    db.put('a', 'old')
    const snapshot = db.snapshot()
    vfs.fault = (call, path) =>
      call === 'write' && path === 'data/keyspaces/2/tree.ldb'
        ? deviceError('LDB_NO_SPACE', call, path)
        : undefined
    const batch = db.batch().put('a', 'new').in(other).put('b', 'x'.repeat(50_000))
    expect(() => batch.commit()).toThrowError(expect.objectContaining({ code: 'LDB_NO_SPACE' }))
    vfs.fault = () => undefined
    for (const read of [() => db.get('a'), () => db.entries(), () => other.has('b'), () => db.snapshot()]) {
      expect(read).toThrowError(expect.objectContaining({ code: 'LDB_POISONED' }))
    }
    expect(snapshot.get('a')).toBe('old')
    db.close()
    const again = Database.open('data', { vfs })
    expect([again.get('a'), again.keyspace('other').get('b')?.length]).toEqual(['new', 50_000])
    again.close()
  })

  it('poisons and emits an error when the background sync fails (C7)', () => {
    const vfs = new FaultyVfs()
    const db = Database.open('data', { vfs, durability: 'periodic', syncIntervalMs: 50 })
    const errors: unknown[] = []
    db.on('error', ({ error }) => errors.push(error))
    db.put('a', '1')
    expect(db.stats().log.unsyncedBytes).toBeGreaterThan(0)
    vfs.time.advance(50)
    expect(db.stats().log.unsyncedBytes).toBe(0)
    db.put('a', '2')
    vfs.fault = (call, path) => (call === 'sync' ? deviceError('LDB_IO', call, path) : undefined)
    vfs.time.advance(50)
    expect(errors).toHaveLength(1)
    expect(() => db.put('a', '3')).toThrowError(expect.objectContaining({ code: 'LDB_POISONED' }))
    db.close()
  })

  it('keeps an acknowledged commit acknowledged when the checkpoint after it fails (C7)', () => {
    const vfs = new FaultyVfs()
    const db = new Database(openDatabase('data', { vfs }, { checkpointLogBytes: 1_000 }))
    const errors: unknown[] = []
    db.on('error', ({ error }) => errors.push(error))
    // The first change of a tree after open rewrites its meta block; the fault must hit the checkpoint instead.
    db.put('first', '1')
    vfs.fault = (call, path) =>
      call === 'write' && path.endsWith('tree.ldb') ? deviceError('LDB_NO_SPACE', call, path) : undefined
    db.put('a', 'x'.repeat(2_000))
    expect(errors).toHaveLength(1)
    expect(() => db.put('b', '1')).toThrowError(expect.objectContaining({ code: 'LDB_POISONED' }))
    vfs.fault = () => undefined
    db.close()
    const again = Database.open('data', { vfs })
    expect(again.get('a')).toHaveLength(2_000)
    again.close()
  })

  it('drops a keyspace even if its files cannot be closed and removed (K4)', () => {
    const vfs = new FaultyVfs()
    const warnings: string[] = []
    const ignore = (): void => undefined
    const warn = (message: string): void => void warnings.push(message)
    const logger = { debug: ignore, info: ignore, warn, error: ignore }
    const db = Database.open('data', { vfs, logger })
    db.keyspace('other').put('a', '1')
    db.checkpoint()
    const tree = 'data/keyspaces/2/tree.ldb'
    vfs.fault = (call, path) =>
      (call === 'close' || call === 'remove') && path === tree ? deviceError('LDB_IO', call, path) : undefined
    db.dropKeyspace('other')
    vfs.fault = () => undefined
    expect(warnings).toHaveLength(2)
    expect(db.keyspaces().map(({ name }) => name)).toEqual(['default'])
    db.put('b', '2')
    db.close()
    const again = Database.open('data', { vfs })
    expect(vfs.status('data/keyspaces/2')).toBeUndefined()
    expect(again.get('b')).toBe('2')
    again.close()
  })
})
