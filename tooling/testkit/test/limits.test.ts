// Strategy: files are sparse and counters start near their limits, so that a test reaches a limit quickly.
// Invariants: behavior does not change at 2^31, 2^32 and 2^40 bytes, or at 65,535 and 65,536 of anything; exceeding a limit
// throws an error with its own code and leaves existing data unchanged.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isLdbError, toSeq, WriteBatch } from '@ldb/base'
import { BTree } from '@ldb/btree'
import { Database } from '@ldb/core'
import type { Keyspace } from '@ldb/core'
import { MemoryVfs, NodeVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { Wal } from '@ldb/wal'
import { afterEach, describe, expect, test } from 'vitest'
import { PAGE_COUNT_MAX } from '../../../packages/btree/src/format.js'
import { FreeSpace } from '../../../packages/btree/src/space/free-space.js'
import { LOG_START } from '../../../packages/wal/src/segment/log-position.js'
import {
  createSegment,
  NO_BRANCH_ID,
  NO_OWNER_ID,
  NO_SEGMENT_ID,
} from '../../../packages/wal/src/write/segment-creation.js'
import { Database as SourceDatabase } from '../../../packages/core/src/database.js'
import { openDatabase } from '../../../packages/core/src/open/opening.js'
import { optionsOf, PLAIN_SETTINGS } from '../src/model/commands/run-settings.js'
import { withPagesBefore } from './sparse-tree.js'

const BOUNDARIES = [2 ** 31, 2 ** 32, 2 ** 40] as const
const roots: string[] = []

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true })
})

function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (isLdbError(error)) return error.code
    throw error
  }
  return 'no error'
}

function patterned(byteCount: number, seed: number): Uint8Array {
  return new Uint8Array(byteCount).map((_, index) => index * 31 + seed)
}

describe('files', () => {
  const kinds: readonly [string, () => [Vfs, string]][] = [
    ['of MemoryVfs', (): [Vfs, string] => [new MemoryVfs(), 'file']],
    [
      'of NodeVfs',
      (): [Vfs, string] => {
        const root = mkdtempSync(join(tmpdir(), 'ldb-limits-'))
        roots.push(root)
        return [new NodeVfs(), join(root, 'file')]
      },
    ],
  ]
  for (const [kind, make] of kinds) {
    test.each(BOUNDARIES)(`${kind} are read and written across offset %i`, (boundary) => {
      const [vfs, path] = make()
      const file = vfs.open(path, 'createNew')
      const written = patterned(10_000, boundary / 2 ** 31)
      file.write(written, 0, written.length, boundary - 4_321)
      const read = new Uint8Array(10_000)
      expect(file.read(read, 0, read.length, boundary - 4_321)).toBe(10_000)
      expect(read).toEqual(written)
      expect(file.length()).toBe(boundary - 4_321 + 10_000)
      expect(file.read(read, 0, 8, boundary - 5_000)).toBe(8)
      expect(read.subarray(0, 8)).toEqual(new Uint8Array(8))
      file.truncate(boundary + 1)
      expect(file.read(read, 0, 100, boundary - 10)).toBe(11)
      file.truncate(boundary + 7)
      expect(file.read(read, 0, 100, boundary)).toBe(7)
      expect(read.subarray(0, 7)).toEqual(Uint8Array.of(written[4_321] as number, 0, 0, 0, 0, 0, 0))
      expect(vfs.status(path)?.length).toBe(boundary + 7)
      file.close()
    })
  }
})

test.each([...BOUNDARIES, 2 ** 52])('the log crosses LSN and sequence number %i', (boundary) => {
  const vfs = new MemoryVfs()
  vfs.makeDirectory('log')
  createSegment(vfs, 'log', {
    segmentNumber: 4_294_967_296,
    previousId: NO_SEGMENT_ID,
    ownerId: NO_OWNER_ID,
    archiveBranchId: NO_BRANCH_ID,
    start: { lsn: boundary - 2_000, lastSeq: boundary - 40, chainHash: LOG_START.chainHash },
    seqFloor: boundary - 40,
    tail: undefined,
    segmentBytes: 67_108_864,
    preallocateBytes: 0,
    isSynced: true,
    hasExternalValues: false,
  })
  let wal = Wal.open(vfs, 'log', { segmentBytes: 1_024 })
  const lsns: number[] = []
  for (let index = 0; index < 80; index++) {
    lsns.push(wal.append(patterned(index * 3, index), { seq: boundary - 39 + index }))
    if (index % 7 === 0) wal.sync()
  }
  wal.sync()
  wal.close({ clean: false })
  wal = Wal.open(vfs, 'log')
  const reader = wal.read(lsns[0] as never)
  let found = 0
  while (reader.next()) {
    expect(reader.payload).toEqual(patterned(found * 3, found))
    expect([reader.lsn, reader.seq]).toEqual([lsns[found], boundary - 39 + found])
    found++
  }
  expect(found).toBe(80)
  wal.close()
})

describe('a tree', () => {
  test.each(BOUNDARIES)('goes on over %i bytes', (boundary) => {
    const pageBytes = 32_768
    const vfs = withPagesBefore(boundary / pageBytes - 4, pageBytes)
    const content = new Map<string, string>()
    for (let round = 1; round <= 3; round++) {
      const tree = BTree.open(vfs, 'tree.ldb', { cacheBytes: 40 * pageBytes })
      const batch = new WriteBatch()
      // More than the cache can hold: dirty pages are evicted and read again.
      for (let index = 0; index < 1_500; index++) {
        const key = `key${(index * round * 7) % 2_000}`
        const value = String.fromCharCode(97 + round).repeat(index % 90 === 0 ? 70_000 : 1_500)
        batch.put(1, Buffer.from(key), Buffer.from(value))
        content.set(key, value)
      }
      for (const section of batch.sections()) tree.apply(section, toSeq(100 + round))
      tree.checkpoint()
      tree.close()
    }
    expect(vfs.status('tree.ldb')?.length).toBeGreaterThan(boundary + 1_000_000)
    const tree = BTree.open(vfs, 'tree.ldb', { cacheBytes: 40 * pageBytes })
    expect(tree.stats().entryCount).toBe(content.size)
    const cursor = tree.snapshot().cursor({})
    for (let found = cursor.first(); found; found = cursor.next()) {
      const key = Buffer.from(cursor.key).toString()
      expect(Buffer.from(cursor.value).toString() === content.get(key), key).toBe(true)
      content.delete(key)
    }
    expect(content.size).toBe(0)
    cursor.close()
    tree.close()
  })

  test('refuses page numbers beyond 2^31 - 2 with LDB_TOO_LARGE', () => {
    const freeSpace = new FreeSpace(1, PAGE_COUNT_MAX - 3)
    expect(codeOf(() => freeSpace.allocateExtent(4))).toBe('LDB_TOO_LARGE')
    expect(freeSpace.allocateExtent(2)).toBe(PAGE_COUNT_MAX - 3)
    expect(freeSpace.allocate()).toBe(PAGE_COUNT_MAX - 1)
    expect(codeOf(() => freeSpace.allocate())).toBe('LDB_TOO_LARGE')
    expect(freeSpace.pageCount).toBe(PAGE_COUNT_MAX)
    freeSpace.free(PAGE_COUNT_MAX - 2, 1)
    expect(freeSpace.isFree(PAGE_COUNT_MAX - 2)).toBe(true)
    expect(freeSpace.allocate()).toBe(PAGE_COUNT_MAX - 2)
    freeSpace.free(PAGE_COUNT_MAX - 2, 2)
    expect(freeSpace.trim()).toBe(PAGE_COUNT_MAX - 2)
  })
})

test('a commit beyond sequence number 2^53 - 1 is refused, and no data are lost', () => {
  const vfs = new MemoryVfs()
  const parts = openDatabase('data', { vfs })
  const db = new SourceDatabase(parts)
  db.put('before', 'x')
  db.checkpoint()
  parts.pipeline.seq = Number.MAX_SAFE_INTEGER - 5
  for (let left = 5; left > 0; left--) db.put(`left${left}`, 'x')
  expect(db.seq).toBe(Number.MAX_SAFE_INTEGER)
  expect(codeOf(() => db.put('over', 'x'))).toBe('LDB_INVARIANT')
  expect(codeOf(() => db.batch().put('over', 'x').commit())).toBe('LDB_INVARIANT')
  expect([...db.keys()]).toEqual(['before', 'left1', 'left2', 'left3', 'left4', 'left5'])
  db.checkpoint()
  db.close()
  const again = Database.open('data', { vfs })
  expect(again.seq).toBe(Number.MAX_SAFE_INTEGER)
  expect(codeOf(() => again.put('over', 'x'))).toBe('LDB_INVARIANT')
  expect(again.count()).toBe(6)
  expect(again.verify().findings).toEqual([])
  again.close()
})

describe('keys and values', () => {
  const small = {
    ...optionsOf({ ...PLAIN_SETTINGS, pageBytes: 512, cacheBytes: 65_536 }),
    durability: 'none' as const,
  }

  test('of the maximum length and of length 0', () => {
    const vfs = new MemoryVfs()
    let db = Database.open('data', { vfs, ...small })
    const longest = 'k'.repeat(65_535)
    db.put('', '')
    db.put(longest, 'at the limit')
    db.put(`${longest.slice(1)}l`, 'also')
    expect(codeOf(() => db.put(`${longest}k`, 'over'))).toBe('LDB_TOO_LARGE')
    expect(codeOf(() => db.get(`${longest}k`))).toBe('LDB_TOO_LARGE')
    expect(codeOf(() => db.batch().put('x', 'y').delete(`${longest}k`))).toBe('LDB_TOO_LARGE')
    const seq = db.seq
    db.batch().commit()
    expect(db.seq).toBe(seq)
    for (const reopened of [false, true]) {
      if (reopened) {
        db.close()
        db = Database.open('data', { vfs, ...small })
      }
      expect([...db.entries()].map(([key, value]) => [key.length, value])).toEqual([
        [0, ''],
        [65_535, 'at the limit'],
        [65_535, 'also'],
      ])
      expect(db.count({ gt: '' })).toBe(2)
      expect(db.get('')).toBe('')
      expect(db.get(longest)).toBe('at the limit')
    }
    expect(db.verify().findings).toEqual([])
    db.close()
  })

  test('of 32 MiB in 65,536 pages of 512 bytes, and of 256 MiB', () => {
    for (const [options, bytes] of [
      [small, patterned(65_536 * 512, 3)],
      [{ durability: 'none' }, new Uint8Array(2 ** 28).fill(7)],
    ] as const) {
      const vfs = new MemoryVfs()
      let db = Database.open('data', { vfs, ...options })
      binaryKeyspace(db).put(new Uint8Array(1), bytes)
      db.close()
      db = Database.open('data', { vfs, ...options })
      expect(Buffer.compare(binaryKeyspace(db).get(new Uint8Array(1)) ?? new Uint8Array(0), bytes)).toBe(0)
      expect(codeOf(() => binaryKeyspace(db).put(new Uint8Array(3), new Uint8Array(2 ** 30 + 1)))).toBe(
        'LDB_TOO_LARGE',
      )
      expect(binaryKeyspace(db).count()).toBe(1)
      db.close()
    }
  })
})

function binaryKeyspace(db: Database): Keyspace<Uint8Array, Uint8Array> {
  return db.keyspace('binary', { keys: 'binary', values: 'binary' })
}

test('an operation that exceeds the limit of a batch is refused', () => {
  const batch = new WriteBatch({ bytesMax: 70_000 })
  batch.put(1, new Uint8Array(65_535), new Uint8Array(100))
  const { byteLength } = batch
  expect(codeOf(() => batch.put(1, new Uint8Array(1), new Uint8Array(5_000)))).toBe('LDB_TOO_LARGE')
  expect([batch.operationCount, batch.byteLength]).toEqual([1, byteLength])
  batch.put(1, new Uint8Array(1), new Uint8Array(70_000 - byteLength - 20))
  expect(batch.operationCount).toBe(2)
})

test.each([65_535, 65_536, 65_537])('%i entries in one batch', (count) => {
  const vfs = new MemoryVfs()
  const options = { vfs, ...optionsOf({ ...PLAIN_SETTINGS, pageBytes: 4_096, cacheBytes: 262_144 }) }
  let db = Database.open('data', options)
  const batch = db.batch()
  for (let index = 0; index < count; index++)
    batch.put(String((index * 7_919) % count).padStart(6, '0'), String(index))
  batch.commit()
  expect(db.count()).toBe(count)
  db.deleteRange({ gte: '000000', offset: 1, limit: count - 2 })
  expect([...db.keys()]).toEqual(['000000', String(count - 1).padStart(6, '0')])
  db.close()
  db = Database.open('data', options)
  expect(db.count()).toBe(2)
  expect(db.verify().findings).toEqual([])
  db.close()
})

test('a thousand keyspaces', () => {
  const vfs = new MemoryVfs()
  const options = { vfs, ...optionsOf({ ...PLAIN_SETTINGS, pageBytes: 512, durability: 'none' }) }
  let db = Database.open('data', options)
  const batch = db.batch()
  for (let index = 0; index < 1_000; index++)
    batch.in(db.keyspace(`keyspace ${index}`)).put('number', String(index))
  batch.commit()
  db.close()
  db = Database.open('data', options)
  expect(db.keyspaces().length).toBe(1_001)
  using snapshot = db.snapshot()
  for (let index = 0; index < 1_000; index += 3) db.dropKeyspace(`keyspace ${index}`)
  for (let index = 1; index < 1_000; index += 3) {
    const keyspace = db.keyspace(`keyspace ${index}`)
    keyspace.put('number', 'another')
    expect(snapshot.in(keyspace).get('number')).toBe(String(index))
  }
  snapshot.release()
  db.close()
  db = Database.open('data', options)
  expect(db.keyspaces().length).toBe(667)
  expect(db.keyspace('keyspace 4').get('number')).toBe('another')
  expect(db.verify().findings).toEqual([])
  db.close()
})

test('a tree of the maximum depth, and nested updates', () => {
  const vfs = new MemoryVfs()
  const db = Database.open('data', {
    vfs,
    ...optionsOf({ ...PLAIN_SETTINGS, pageBytes: 512, cacheBytes: 65_536, durability: 'none' }),
  })
  // Long keys that differ only at their ends leave space for two in a branch page.
  for (let index = 0; index < 3_000; index++)
    db.put('d'.repeat(180) + String((index * 1_009) % 3_000).padStart(5, '0'), 'v')
  expect(db.stats().keyspaces[0]?.depth).toBeGreaterThanOrEqual(4)
  expect(db.count()).toBe(3_000)
  const nest = (depth: number): string =>
    String(db.update(`nested${depth}`, () => (depth === 0 ? 'deepest' : nest(depth - 1))))
  expect(nest(300)).toBe('deepest')
  expect(db.count({ prefix: 'nested' })).toBe(301)
  expect(db.verify().findings).toEqual([])
  db.close()
})
