// Strategy: batches with many values above a tiny `blobBytes`, of which all but the first few KiB are written before the commit, over both
// engines, with a collector that runs before the commit, abandoned batches, and a device that is full or fails.
// Invariants: a batch is atomic wherever its values are; V11: a value that a batch refers to is not collected; an abandoned batch gives its space
// back; what cannot be written early is left to the commit.
import { isLdbError } from '@ldb/base'
import { ManualTime, MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { AsyncDatabase } from '../src/async-database.js'
import { Database } from '../src/database.js'
import type { DatabaseOptions } from '../src/health/options.js'
import { openDatabase } from '../src/open/opening.js'
import { copyAfterKill } from './directory-tree.js'
import { deviceError, FaultyVfs } from './faulty-vfs.js'

const BYTES = 3000

/** The tests count bytes of values, which are not compressed for that. */
function open(vfs: MemoryVfs | FaultyVfs, options: DatabaseOptions = {}): Database {
  const defaults = { vfs, blobBytes: 100, compression: 'none' } as const
  return new Database(openDatabase('data', { ...defaults, ...options }, { blobFileBytes: 32_768 }))
}

function textOf(number: number): string {
  return `${number}:`.padEnd(BYTES, String(number % 10))
}

function fill(batch: ReturnType<Database['batch']>, count: number): ReturnType<Database['batch']> {
  for (let index = 0; index < count; index++) batch.put(`k${index}`, textOf(index))
  return batch
}

function expectFilled(db: Pick<Database, 'get' | 'count'>, count: number): void {
  for (let index = 0; index < count; index++) expect(db.get(`k${index}`)).toBe(textOf(index))
  expect(db.count()).toBe(count)
}

function fileBytesOf(db: Database): number {
  return db.stats().blobs?.fileBytes ?? 0
}

describe('batches of large values', () => {
  it.each(['btree', 'lsm'] as const)('write most of them before their commit, over %s', (engine) => {
    const vfs = new MemoryVfs()
    const db = open(vfs, { engine })
    const batch = fill(db.batch(), 40)
    expect(batch.byteLength).toBeLessThan(5 * BYTES)
    expect(fileBytesOf(db)).toBeGreaterThan(35 * BYTES)
    expect(db.count()).toBe(0)
    batch.commit()
    expectFilled(db, 40)
    expect(db.verify().ok).toBe(true)
    expectFilled(open(copyAfterKill(vfs, 'data'), { engine }), 40)
    db.close()
    const again = open(vfs, { engine })
    expectFilled(again, 40)
    again.close()
  })

  it('leave nothing behind when the process ends before their commit', () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    fill(db.batch(), 40)
    const again = open(copyAfterKill(vfs, 'data'))
    expect(again.count()).toBe(0)
    again.compact()
    expect(fileBytesOf(again)).toBeLessThan(BYTES)
    expect(again.verify().ok).toBe(true)
    again.close()
    db.close()
  })

  it('keep their values while collections run before their commit (V11)', () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    const first = fill(db.batch(), 40)
    const second = fill(db.batch(), 5)
    for (let round = 0; round < 3; round++) {
      db.put('other', textOf(1000 + round))
      db.compact()
    }
    second.commit()
    db.compact()
    first.delete('other').commit()
    db.compact()
    expectFilled(db, 40)
    expect(db.verify().ok).toBe(true)
    // The values of the second batch were overwritten.
    expect(fileBytesOf(db)).toBeLessThan(42 * BYTES)
    db.close()
  })

  it('give their space back when they are abandoned', () => {
    const watched: (() => void)[] = []
    const time = Object.assign(new ManualTime(), {
      afterCollection(target: object, task: () => void): { cancel(): void } {
        if ('operations' in target) watched.push(task)
        return { cancel: () => undefined }
      },
    })
    const db = open(new MemoryVfs({ clock: time, scheduler: time }))
    fill(db.batch(), 40)
    db.compact()
    expect(fileBytesOf(db)).toBeGreaterThan(35 * BYTES)
    expect(watched).toHaveLength(1)
    for (const task of watched) task()
    db.put('other', textOf(1))
    db.compact()
    expect(fileBytesOf(db)).toBeLessThan(5 * BYTES)
    expect(db.get('other')).toBe(textOf(1))
    db.close()
  })

  it('keep the time to live, values that look like references, and long keys', () => {
    const time = new ManualTime()
    const vfs = new MemoryVfs({ clock: time, scheduler: time })
    const db = open(vfs)
    const bytes = db.keyspace('bytes', { values: 'binary', keys: 'binary' })
    const mark = new Uint8Array(BYTES).fill(7)
    mark.set([0xff, 0x54, 0x54, 0x4c, 0, 0, 0, 0, 0, 0, 0, 0x80])
    const longKey = new Uint8Array(65_535).fill(1)
    const batch = fill(db.batch(), 3)
    batch.put('short', textOf(77), { ttlMs: 1000 })
    batch.in(bytes).put(Uint8Array.of(1), mark).put(longKey, mark).commit()
    expect(db.get('short')).toBe(textOf(77))
    expect(bytes.get(Uint8Array.of(1))).toEqual(mark)
    expect(bytes.get(longKey)).toEqual(mark)
    time.advance(1000)
    expect(db.get('short')).toBe(undefined)
    expect(bytes.get(Uint8Array.of(1))).toEqual(mark)
    db.close()
  })

  it('fail at the commit when their keyspace was dropped', () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    const dropped = db.keyspace('dropped')
    const batch = db.batch().in(dropped)
    for (let index = 0; index < 20; index++) batch.put(`k${index}`, textOf(index))
    db.dropKeyspace('dropped')
    expect(() => batch.commit()).toThrowError(expect.objectContaining({ code: 'LDB_NOT_FOUND' }))
    db.close()
  })

  it('are committed by the asynchronous API, beside collections', async () => {
    const vfs = new MemoryVfs()
    const db = await AsyncDatabase.open('data', { vfs, blobBytes: 100 })
    const batch = db.batch()
    for (let index = 0; index < 40; index++) batch.put(`k${index}`, textOf(index))
    await db.put('other', textOf(1))
    await db.delete('other')
    await db.compact()
    await batch.commit()
    await db.compact()
    expectFilled(db.sync, 40)
    await db.close()
  })

  it('poison the database when a value cannot be written, and leave a full device to the commit', () => {
    for (const code of ['LDB_IO', 'LDB_NO_SPACE'] as const) {
      const vfs = new FaultyVfs()
      const db = open(vfs)
      const batch = fill(db.batch(), 4)
      vfs.fault = (call, path) =>
        call === 'write' && path.endsWith('.blob') ? deviceError(code, call, path) : undefined
      let failure: unknown
      try {
        fill(batch, 10)
        vfs.fault = () => undefined
        batch.commit()
      } catch (error) {
        failure = error
      }
      expect(isLdbError(failure)).toBe(code === 'LDB_IO')
      if (code === 'LDB_IO')
        expect(() => db.put('a', 'b')).toThrowError(expect.objectContaining({ code: 'LDB_POISONED' }))
      else expectFilled(db, 10)
      try {
        db.close()
      } catch (error) {
        expect(isLdbError(error)).toBe(true)
      }
    }
  })
})
