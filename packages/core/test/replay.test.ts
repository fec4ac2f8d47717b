// Strategy: random commits to two keyspaces (puts, deletes and range deletes that overlap) are compared with two maps. The database is
// killed and reopened with little and much replay memory, with a keyspace that is ahead of the other, and repeatedly.
// Invariants (R2, R5): the entries of the maps, no findings of verification; repeated opens do not make the log grow.
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { Database } from '../src/database.js'
import type { OpenDatabase } from '../src/open/open-database.js'
import { openDatabase } from '../src/open/opening.js'
import { copyAfterKill } from './directory-tree.js'

const TUNING = { pageBytes: 512, segmentBytes: 65_536, preallocateBytes: 0 }

type Maps = readonly [Map<string, string>, Map<string, string>]

function open(vfs: MemoryVfs, replayBytes = 1 << 26): Database {
  return new Database(openParts(vfs, replayBytes))
}

function openParts(vfs: MemoryVfs, replayBytes = 1 << 26): OpenDatabase {
  return openDatabase('data', { vfs, cacheBytes: 1 << 20 }, { ...TUNING, replayBytes })
}

/** Returns a generator of pseudorandom numbers below a limit. */
function picks(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

function keyOf(number: number): string {
  return number % 7 === 0 ? `k${number}` : `a long prefix of keys/${String(number).padStart(5, '0')}`
}

/** Commits a few operations, to the database and to the maps. */
function commitSome(db: Database, maps: Maps, pick: (limit: number) => number): void {
  const batch = db.batch()
  const keyspaces = [db.keyspace('default'), db.keyspace('other')] as const
  for (let count = 1 + pick(30); count > 0; count--) {
    const which = pick(2) as 0 | 1
    const map = maps[which]
    const aimed = batch.in(keyspaces[which])
    const key = keyOf(pick(400))
    const kind = pick(40)
    if (kind === 0) {
      const bound = keyOf(pick(400))
      const [gte, lt] = key < bound ? [key, bound] : [bound, key]
      aimed.deleteRange({ gte, lt })
      for (const each of map.keys()) if (each >= gte && each < lt) map.delete(each)
    } else if (kind < 12) {
      aimed.delete(key)
      map.delete(key)
    } else {
      const value = `${pick(1000)}`.repeat(pick(50) === 0 ? 500 : 1 + pick(8))
      aimed.put(key, value)
      map.set(key, value)
    }
  }
  batch.commit({ durability: 'none' })
}

function expectMaps(db: Database, maps: Maps): void {
  const sorted = (map: Map<string, string>): [string, string][] =>
    [...map].sort(([a], [b]) => (a < b ? -1 : 1))
  expect([...db.keyspace('default').entries()]).toEqual(sorted(maps[0]))
  expect([...db.keyspace('other').entries()]).toEqual(sorted(maps[1]))
  expect(db.verify().findings).toEqual([])
}

const SEEDS = [1, 2, 3, 4]

test.each(SEEDS)('replay batches leave the same state as single commits, seed %i', (seed) => {
  const pick = picks(seed)
  const vfs = new MemoryVfs({ seed })
  const db = open(vfs)
  const maps: Maps = [new Map(), new Map()]
  for (let round = 0; round < 6; round++) {
    for (let count = pick(80); count > 0; count--) commitSome(db, maps, pick)
    if (pick(3) === 0) db.checkpoint()
    db.sync()
    // Batches of one commit, a few, some dozens, and all.
    for (const replayBytes of [1, 2_000, 30_000, 1 << 26]) {
      const again = open(copyAfterKill(vfs, 'data'), replayBytes)
      expectMaps(again, maps)
      again.close()
    }
  }
  db.close()
})

test.each(SEEDS)('only newer commits are replayed into a keyspace that is ahead, seed %i', (seed) => {
  const pick = picks(seed)
  const vfs = new MemoryVfs({ seed })
  const opened = openParts(vfs)
  const db = new Database(opened)
  const maps: Maps = [new Map(), new Map()]
  for (let count = 60; count > 0; count--) commitSome(db, maps, pick)
  // An engine may checkpoint a store by itself. So may a checkpoint of the database that is interrupted by a crash.
  const store = opened.keyspaces.byName('other')?.store
  store?.beginCheckpoint(opened.log).sync()
  expect(store?.durableSeq).toBe(opened.pipeline.seq)
  for (let count = 60; count > 0; count--) commitSome(db, maps, pick)
  db.sync()
  const left = copyAfterKill(vfs, 'data')
  const again = open(left)
  expectMaps(again, maps)
  again.close()
  db.close()
})

/** Returns a key: mostly of one shape, sometimes of another one that sorts before, between or after the others. */
function bytesKeyOf(pick: (limit: number) => number): Uint8Array {
  const digits = String(pick(40_000)).padStart(16, '0')
  const others = [digits.slice(0, 13), `${digits}x`, `z${digits}`, `!${digits.repeat(1 + pick(600))}`, '']
  const text = pick(40) === 0 ? (others[pick(others.length)] ?? '') : digits
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

test.each([
  ['frames of the cache', 8192, 64 << 20, 1 << 26, 500],
  ['short values only', 8192, 64 << 20, 1 << 26, Infinity],
  ['heap memory', 8192, 1 << 20, 1 << 26, 500],
  ['several batches', 8192, 1 << 20, 1_000_000, 3000],
  ['tiny pages', 512, 16 << 20, 1 << 26, 500],
])('a long log is replayed in batches: %s', (_, pageBytes, cacheBytes, replayBytes, perLongValue) => {
  const pick = picks(pageBytes + replayBytes)
  const vfs = new MemoryVfs()
  const tuning = { ...TUNING, pageBytes, replayBytes, segmentBytes: 1 << 20, checkpointLogBytes: 1 << 30 }
  const openAgain = (on: MemoryVfs): Database =>
    new Database(openDatabase('data', { vfs: on, cacheBytes }, tuning))
  const db = openAgain(vfs)
  const entries = db.keyspace('bytes', { keys: 'binary', values: 'binary' })
  const map = new Map<string, string>()
  const nameOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
  for (let commit = 0; commit < 400; commit++) {
    const batch = db.batch().in(entries)
    for (let count = 0; count < 60; count++) {
      const key = bytesKeyOf(pick)
      if (pick(10) === 0) {
        batch.delete(key)
        map.delete(nameOf(key))
      } else {
        const value = new Uint8Array(pick(perLongValue) === 1 ? 3000 + pick(9000) : 80 + pick(100)).fill(
          commit,
        )
        batch.put(key, value)
        map.set(nameOf(key), `${value.length} of ${value[0]}`)
      }
    }
    if (commit === 250 && perLongValue !== Infinity) {
      batch.deleteRange({ gte: Uint8Array.of(0x30), lt: Uint8Array.of(0x30, 0x30, 0x31) })
      for (const key of map.keys()) if (key >= '0' && key < '001') map.delete(key)
    }
    batch.commit({ durability: 'none' })
  }
  db.sync()
  const again = openAgain(copyAfterKill(vfs, 'data'))
  const found = [...again.keyspace('bytes', { keys: 'binary', values: 'binary' }).entries()]
  const expected = [...map].sort(([a], [b]) => (a < b ? -1 : 1))
  expect(found.map(([key, value]) => [nameOf(key), `${value.length} of ${value[0]}`])).toEqual(expected)
  expect(again.verify().findings).toEqual([])
  expect(again.seq).toBe(db.seq)
  again.close()
  db.close()
})

/** Replays commits of puts with a page cache of `cacheBytes`, and checks the entries. */
function replayPuts(cacheBytes: number, commits: Iterable<readonly (readonly [string, string])[]>): void {
  const vfs = new MemoryVfs()
  const tuning = { pageBytes: 8192, preallocateBytes: 0, segmentBytes: 1 << 20, checkpointLogBytes: 1 << 30 }
  const openAgain = (on: MemoryVfs): Database =>
    new Database(openDatabase('data', { vfs: on, cacheBytes }, tuning))
  const db = openAgain(vfs)
  const map = new Map<string, string>()
  for (const puts of commits) {
    const batch = db.batch()
    for (const [key, value] of puts) {
      batch.put(key, value)
      map.set(key, value)
    }
    batch.commit({ durability: 'none' })
  }
  db.sync()
  const again = openAgain(copyAfterKill(vfs, 'data'))
  expect([...again.entries()]).toEqual([...map].sort(([a], [b]) => (a < b ? -1 : 1)))
  expect(again.verify().findings).toEqual([])
  expect(again.seq).toBe(db.seq)
  again.close()
  db.close()
}

describe.each([
  ['frames of the cache', 64 << 20],
  ['heap memory', 1 << 20],
])('a log whose first keys are not representative, in %s', (_, cacheBytes) => {
  const value = 'v'.repeat(90)

  test.each([
    ['ascending keys', 1],
    ['descending keys', -1],
  ])('is replayed: %s, some of them repeated', (__, step) => {
    const pick = picks(cacheBytes)
    const keyOf = (number: number): string => `key ${String(50_000 + step * number).padStart(8, '0')}`
    replayPuts(
      cacheBytes,
      Array.from({ length: 300 }, (___, commit) =>
        Array.from({ length: 100 }, (____, index): [string, string] => {
          const number = commit * 100 + index
          return [keyOf(pick(20) === 0 ? pick(number + 1) : number), `${value}${commit}`]
        }),
      ),
    )
  })

  test('is replayed: keys longer than half a chunk', () => {
    const pick = picks(cacheBytes)
    replayPuts(
      cacheBytes,
      Array.from({ length: 12 }, (__, commit) =>
        Array.from({ length: 110 }, (___, index): [string, string] => [
          `${pick(5000)} ${'k'.repeat(4300 + pick(200))}`,
          `${index} of ${commit}`,
        ]),
      ),
    )
  })
})

test('a commit larger than the replay memory is applied in order', () => {
  const vfs = new MemoryVfs()
  const db = open(vfs)
  const large = 'x'.repeat(100_000)
  db.put('a', 'old')
  db.batch().put('a', large).put('b', large).commit()
  db.put('a', 'new')
  db.delete('b')
  for (const replayBytes of [1, 50_000, 150_000, 250_000]) {
    const again = open(copyAfterKill(vfs, 'data'), replayBytes)
    expect([again.get('a'), again.get('b'), again.seq]).toEqual(['new', undefined, 4])
    expect(again.verify().ok).toBe(true)
    again.close()
  }
  db.close()
})

test('a range delete is applied before a later write to its first key', () => {
  const vfs = new MemoryVfs()
  const db = open(vfs)
  db.batch().put('a', '1').put('b', '2').put('c', '3').commit()
  db.deleteRange({ gte: 'a', lt: 'c' })
  db.put('a', '4')
  db.deleteRange({ gte: 'c' })
  db.put('c', '5')
  const again = open(copyAfterKill(vfs, 'data'))
  expect([...again.entries()]).toEqual([
    ['a', '4'],
    ['c', '5'],
  ])
  again.close()
  db.close()
})

test('opens without a close do not accumulate segments', () => {
  let vfs = new MemoryVfs()
  const first = open(vfs)
  first.put('a', '1')
  let left = copyAfterKill(vfs, 'data')
  first.close()
  let most = 0
  for (let times = 0; times < 40; times++) {
    vfs = left
    const db = open(vfs)
    expect(db.get('a')).toBe('1')
    most = Math.max(most, db.stats().log.segmentCount)
    left = copyAfterKill(vfs, 'data')
    db.close()
  }
  expect(most).toBeGreaterThan(3)
  expect(most).toBeLessThanOrEqual(17)
})
