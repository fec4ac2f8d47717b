// Strategy: changes that are clustered and changes that are spread, with the commits in the log and without, are backed up in increments of both
// kinds, which are restored to every commit.
// Invariants: an increment contains whichever is fewer bytes, and never commits that the log, or a blob file, no longer contains.
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { AsyncDatabase, Database, isLdbError } from '@ldb/core'
import { deviceError, FaultyVfs } from '../faulty-vfs.js'
import { contentsAt, contentsOf, fill } from './backup-setup.js'

const KEY = { key: new Uint8Array(32).fill(5) }

function codeOf(run: () => unknown): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
}

test.each(['btree', 'lsm'] as const)('one entry in a hundred is 3 percent of the bytes (%s)', (engine) => {
  const vfs = new MemoryVfs()
  const db = Database.open('db', { vfs, engine, workers: 0 })
  const fillAll = (from: number, to: number, mark: string): void => {
    for (let at = from; at < to; at += 204) {
      const batch = db.batch()
      for (let index = at; index < Math.min(to, at + 204); index++)
        batch.put(`key${String(index).padStart(6, '0')}`, `value ${index} ${mark}${'x'.repeat(index % 50)}`)
      batch.commit()
    }
  }
  fillAll(0, engine === 'btree' ? 60_000 : 20_400, 'old')
  // Without a hold of the commits, the changed pages and tables follow.
  const full = db.backup('backups')
  const count = engine === 'btree' ? 600 : 204
  fillAll(7200, 7200 + count, 'new')
  const first = db.backup('backups', { incremental: true })
  fillAll(9000, 9000 + count, 'new')
  const second = db.backup('backups', { incremental: true })
  expect([first.content, second.content]).toEqual(['blocks', 'commits'])
  const bytesOf = (number: number): number =>
    vfs
      .list(`backups/${number}`)
      .reduce((sum, name) => sum + (vfs.status(`backups/${number}/${name}`)?.length ?? 0), 0)
  for (const [number, { storedBytes }] of [[2, first] as const, [3, second] as const]) {
    expect(storedBytes, `${number}`).toBeLessThanOrEqual(0.03 * full.storedBytes)
    expect(bytesOf(number), `${number}`).toBeLessThanOrEqual(0.035 * bytesOf(1))
  }
  Database.restore('backups', 'restored', { vfs })
  expect(contentsAt(vfs, 'restored')).toEqual(contentsOf(db))
  db.close()
})

test('spread changes are commits, and many changes of a few entries are pages', () => {
  const vfs = new MemoryVfs()
  const db = Database.open('db', { vfs, workers: 0 })
  fill(db, 0, 20_000)
  const full = db.backup('backups', { incremental: true })
  for (let round = 0; round < 3000; round++) db.put('key000007', `round ${round}`)
  const few = db.backup('backups', { incremental: true })
  for (let index = 0; index < 20_000; index += 17) fill(db, index, index + 1, 'new')
  const spread = db.backup('backups', { incremental: true })
  expect([full, few, spread].map(({ content }) => content)).toEqual(['blocks', 'blocks', 'commits'])
  expect(few.storedBytes).toBeLessThan(65_536)
  expect(spread.storedBytes).toBeGreaterThan(65_536)
  expect(spread.storedBytes).toBeLessThan(0.15 * full.storedBytes)
  db.put('a', '1')
  expect(db.backup('backups', { incremental: true }).content).toBe('commits')
  const expected = contentsOf(db)
  db.close()
  Database.restore('backups', 'restored', { vfs })
  expect(contentsAt(vfs, 'restored')).toEqual(expected)
})

describe.each(['btree', 'lsm'] as const)('of engine %s', (engine) => {
  test.each([undefined, KEY])('every commit of a series of commits can be restored (%#)', (encryption) => {
    const vfs = new MemoryVfs()
    const key = encryption && { encryption }
    const db = Database.open('db', {
      vfs,
      engine,
      workers: 0,
      memtableBytes: 65_536,
      blobBytes: 1000,
      ...key,
    })
    fill(db, 0, 1000)
    const states = new Map<number, unknown>()
    const note = (): void => void states.set(db.seq, contentsOf(db))
    db.backup('backups', { incremental: true })
    const other = db.keyspace('other')
    for (let round = 0; round < 4; round++) {
      if (round === 2) db.keyspace('later').put('a', 'b')
      other.put('large', `${round} `.repeat(3000))
      note()
      other.put('soon', 'x', { ttlMs: 1e9 })
      db.deleteRange({ gte: `key0000${round}`, lt: `key0000${round + 1}` })
      db.keyspace('gone').put('a', 'b')
      if (round === 1) db.dropKeyspace('gone')
      note()
      if (round === 3) db.checkpoint()
      expect(db.backup('backups', { incremental: true }).content).toBe('commits')
    }
    db.close()
    let restoredCount = 0
    for (const [until, expected] of states) {
      const code = codeOf(() => Database.restore('backups', 'restored', { vfs, until, ...key }))
      // Before a keyspace was created or dropped, the commits of a backup are not enough: that takes an archive.
      if (code === 'LDB_NOT_FOUND') continue
      expect(code).toBeUndefined()
      restoredCount++
      const restored = Database.open('restored', { vfs, workers: 0, ...key })
      expect(contentsOf(restored)).toEqual(expected)
      expect(restored.verify().findings).toEqual([])
      restored.close()
      Database.destroy('restored', { vfs })
    }
    expect(restoredCount).toBeGreaterThan(3)
  })
})

test('commits that are gone are replaced by blocks', () => {
  const vfs = new MemoryVfs()
  const db = Database.open('db', { vfs, workers: 0, changesBacklogBytes: 65_536 })
  fill(db, 0, 2000)
  const increment = (): string => db.backup('backups', { incremental: true }).content
  increment()
  // More than may be held.
  for (let index = 0; index < 40; index++) db.put('a', `${index}`.repeat(4000))
  expect(increment()).toBe('blocks')
  db.put('a', '1')
  expect(increment()).toBe('commits')
  // The entries of a bulk load are in no log.
  db.keyspace('loaded', { engine: 'lsm' }).load([['a', 'b']])
  expect(increment()).toBe('blocks')
  db.put('a', '2')
  // A backup of another series does not end the hold.
  db.backup('other', { incremental: true })
  db.backup('single')
  expect(increment()).toBe('commits')
  const expected = contentsOf(db)
  db.close()
  Database.restore('backups', 'restored', { vfs })
  expect(contentsAt(vfs, 'restored')).toEqual(expected)
})

test('values that were collected are not part of commits', () => {
  const vfs = new MemoryVfs()
  const db = Database.open('db', { vfs, workers: 0 })
  const value = (mark: string): string => mark.repeat(40_000)
  for (const key of ['a', 'b', 'c']) db.put(key, value(key))
  db.compact()
  db.backup('backups', { incremental: true })
  db.delete('a')
  expect(db.backup('backups', { incremental: true }).content).toBe('commits')
  // What the held commits may need is not collected.
  db.put('d', 'small')
  db.compact()
  expect(db.backup('backups', { incremental: true }).content).toBe('commits')
  db.put('e', 'small')
  db.compact()
  db.compact()
  const { content } = db.backup('backups', { incremental: true })
  const expected = contentsOf(db)
  db.close()
  expect(content).toBe('blocks')
  Database.restore('backups', 'restored', { vfs })
  expect(contentsAt(vfs, 'restored')).toEqual(expected)
  Database.restore('backups', 'before', { vfs, until: 3 })
  expect(contentsAt(vfs, 'before')).toEqual([['default', ['a', 'b', 'c'].map((key) => [key, value(key)])]])
})

test('the log is held for the next increment only, and not after a failure or a close', () => {
  const vfs = new FaultyVfs()
  const db = Database.open('db', { vfs, workers: 0 })
  const logBytes = (): number => {
    db.checkpoint()
    return db.stats().log.fileBytes
  }
  db.put('a', 'x'.repeat(10_000))
  db.backup('backups')
  for (let index = 0; index < 5; index++) db.put('a', `${index}`.repeat(12_000))
  expect(logBytes()).toBeLessThan(5000)
  const series = (): string => db.backup('series', { incremental: true }).content
  series()
  for (let index = 0; index < 5; index++) db.put('a', `${index}`.repeat(12_000))
  expect(logBytes()).toBeGreaterThan(60_000)
  vfs.fault = (call, path) =>
    call === 'rename' && path.startsWith('series') ? deviceError('LDB_IO', call, path) : undefined
  expect(codeOf(series)).toBe('LDB_IO')
  vfs.fault = () => undefined
  // The hold of the backup before is still there.
  expect(logBytes()).toBeGreaterThan(60_000)
  expect(series()).toBe('commits')
  db.put('a', 'x')
  expect(logBytes()).toBeLessThan(5000)
  db.close()
})

test('two backups at once', async () => {
  const vfs = new MemoryVfs()
  const db = await AsyncDatabase.open('db', { vfs })
  fill(db.sync, 0, 2000)
  const first = db.backup('a', { incremental: true })
  const second = db.backup('a', { incremental: true }).catch((error: unknown) => error)
  const elsewhere = db.backup('b')
  expect(() => db.sync.backup('a', { incremental: true })).toThrow('is being made')
  expect(await second).toMatchObject({ code: 'LDB_LOCKED' })
  expect((await first).number).toBe(1)
  expect((await elsewhere).number).toBe(1)
  expect((await db.backup('a', { incremental: true })).number).toBe(2)
  await db.close()
  for (const name of ['a', 'b']) Database.restore(name, `restored ${name}`, { vfs })
  expect(contentsAt(vfs, 'restored a')).toEqual(contentsAt(vfs, 'restored b'))
})
