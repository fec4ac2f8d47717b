// Strategy: values above a tiny `blobBytes` through every call of both APIs, over both engines, with failures and crashes of the file system.
// Invariants: every call returns what it would return for a small value; each value is written once; a commit is acknowledged only with its
// values on the device; recovery keeps a prefix of the commits, without one whose value was lost.
import { LdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { AsyncDatabase } from '../src/async-database.js'
import { Database } from '../src/database.js'
import type { DatabaseOptions } from '../src/health/options.js'
import { rejection } from './async-setup.js'
import { deviceError, FaultyVfs } from './faulty-vfs.js'

const SIZES = [0, 99, 100, 101, 5000, 70_000]

function open(vfs: MemoryVfs, options: DatabaseOptions = {}): Database {
  return Database.open('data', { vfs, blobBytes: 100, ...options })
}

function textOf(number: number, length = 300): string {
  return `${number}:`.padEnd(length, String(number % 10))
}

function bytesIn(vfs: MemoryVfs, directory: string): number {
  let bytes = 0
  for (const name of vfs.list(directory)) bytes += vfs.status(`${directory}/${name}`)?.length ?? 0
  return bytes
}

describe.each(['btree', 'lsm'] as const)('large values over %s', (engine) => {
  it('are returned by every read, in this process and in the next one', async () => {
    const vfs = new MemoryVfs()
    let db = open(vfs, { engine })
    const space = db.keyspace('binary', { values: 'binary' })
    const values = SIZES.map((length, index) => new Uint8Array(length).fill(index + 1))
    for (const [index, value] of values.entries()) space.put(`k${index}`, value)
    for (let round = 0; round < 2; round++) {
      const opened = db.keyspace<string, Uint8Array>('binary', { values: 'binary' })
      const keys = values.map((_, index) => `k${index}`)
      expect(keys.map((key) => opened.get(key))).toEqual(values)
      expect(keys.map((key) => opened.get(key, { borrow: true })?.slice())).toEqual(values)
      expect(opened.getMany(keys)).toEqual(values)
      expect(opened.entries().toArray()).toEqual(keys.map((key, index) => [key, values[index]]))
      expect(opened.values({ reverse: true }).toArray()).toEqual([...values].reverse())
      const cursor = opened.cursor()
      expect(cursor.seek('k4') && cursor.value).toEqual(values[4])
      cursor.close()
      expect([opened.has('k5'), opened.count()]).toEqual([true, SIZES.length])
      const async = await db.promises.keyspace<string, Uint8Array>('binary', { values: 'binary' })
      expect(await Promise.all(keys.map((key) => async.get(key)))).toEqual(values)
      expect(await async.getMany(keys)).toEqual(values)
      expect(await async.entries().toArray()).toEqual(keys.map((key, index) => [key, values[index]]))
      expect(db.verify()).toMatchObject({ ok: true, findings: [] })
      db.close()
      db = open(vfs, { engine })
    }
    db.close()
  })

  it('are written by every write', async () => {
    const vfs = new MemoryVfs()
    const db = open(vfs, { engine })
    const async = db.promises
    db.batch().put('batch', textOf(1)).put('small', 's').delete('none').commit()
    await async.batch().put('async batch', textOf(2)).commit()
    await async.put('async', textOf(3))
    db.transaction((tx) => {
      tx.put('tx', textOf(4))
      expect(tx.get('tx')).toBe(textOf(4))
      expect(tx.get('batch')).toBe(textOf(1))
      expect(tx.entries().toArray().length).toBe(5)
    })
    expect(db.putIfAbsent('absent', textOf(5))).toBe(true)
    expect(db.putIfAbsent('absent', textOf(6))).toBe(false)
    expect(db.compareAndSwap('absent', textOf(5), textOf(7))).toBe(true)
    expect(await async.compareAndSwap('absent', textOf(5), textOf(8))).toBe(false)
    expect(db.update('absent', (value) => `${value}!`)).toBe(`${textOf(7)}!`)
    expect(await async.update('absent', (value) => `${value}!`)).toBe(`${textOf(7)}!!`)
    const numbers = ['batch', 'async batch', 'async', 'tx'].map((key) => db.get(key))
    expect(numbers).toEqual([1, 2, 3, 4].map((number) => textOf(number)))
    expect(db.get('absent')).toBe(`${textOf(7)}!!`)
    // The conditional write in the same turn sees the commit in flight.
    const first = async.put('in flight', textOf(9))
    const second = async.compareAndSwap('in flight', textOf(9), textOf(10))
    expect([await first, await second]).toEqual([undefined, true])
    expect(db.get('in flight')).toBe(textOf(10))
    db.close()
  })

  it('expire, with the time of their entry', () => {
    const vfs = new MemoryVfs()
    const db = open(vfs, { engine })
    const time = vfs.clock as unknown as { advance(ms: number): void }
    db.put('a', textOf(1), { ttlMs: 1000 })
    db.put('b', textOf(2))
    expect([db.get('a'), db.has('a'), db.count()]).toEqual([textOf(1), true, 2])
    time.advance(999)
    expect(db.entries().toArray()).toEqual([
      ['a', textOf(1)],
      ['b', textOf(2)],
    ])
    time.advance(1)
    expect([db.get('a'), db.has('a'), db.entries().toArray().length]).toEqual([undefined, false, 1])
    db.close()
  })
})

describe('large values', () => {
  it('are written once: the log and the tree have references', () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    for (let index = 0; index < 100; index++) db.put(`k${index}`, textOf(index, 10_000))
    db.checkpoint()
    expect(bytesIn(vfs, 'data/blobs')).toBeLessThan(1_010_000)
    expect(bytesIn(vfs, 'data/keyspaces/1')).toBeLessThan(100_000)
    expect(db.stats().blobs).toMatchObject({ fileCount: 1, liveBytes: expect.any(Number) as number })
    db.close()
    expect(bytesIn(vfs, 'data/wal')).toBeLessThan(100_000)
  })

  it('are in no file of a database in memory', async () => {
    const db = await AsyncDatabase.memory({ blobBytes: 64 })
    await db.put('a', textOf(1))
    expect(await db.get('a')).toBe(textOf(1))
    expect(db.sync.stats().blobs).toBeUndefined()
    await db.close()
  })

  it('are returned by streams of changes, snapshots and read-only openers', async () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    const changes = db.promises.changes()
    db.put('a', textOf(1))
    using snapshot = db.snapshot()
    db.batch().put('a', textOf(2)).put('b', 'small').commit()
    expect(snapshot.entries().toArray()).toEqual([['a', textOf(1)]])
    const found: unknown[] = []
    for (let count = 0; count < 2; count++) found.push((await changes.next()).value?.changes)
    expect(found).toEqual([
      [{ kind: 'put', keyspace: 'default', key: 'a', value: textOf(1) }],
      [
        { kind: 'put', keyspace: 'default', key: 'a', value: textOf(2) },
        { kind: 'put', keyspace: 'default', key: 'b', value: 'small' },
      ],
    ])
    snapshot.release()
    db.close()
    const reader = open(vfs, { readOnly: true })
    expect(reader.get('a')).toBe(textOf(2))
    reader.close()
    expect(Database.verify('data', { vfs })).toMatchObject({ ok: true })
    Database.destroy('data', { vfs })
    expect(vfs.status('data')).toBeUndefined()
  })

  it('stay readable under another blobBytes, and a user value like a header is itself', () => {
    const vfs = new MemoryVfs()
    let db = open(vfs)
    const mark = [0xff, 0x54, 0x54, 0x4c, 0, 0, 0, 0, 0, 0, 0, 0x80]
    const forged = [Uint8Array.from(mark), Uint8Array.from([...mark, ...new Array<number>(32).fill(1)])]
    const long = Uint8Array.from([...mark, ...new Array<number>(500).fill(7)])
    const space = db.keyspace('binary', { values: 'binary' })
    space.put('large', new Uint8Array(500).fill(1))
    for (const [index, value] of [...forged, long].entries()) space.put(`forged${index}`, value)
    db.close()
    db = open(vfs, { blobBytes: 1_000_000 })
    const again = db.keyspace<string, Uint8Array>('binary', { values: 'binary' })
    expect(again.get('large')).toEqual(new Uint8Array(500).fill(1))
    expect([0, 1, 2].map((index) => again.get(`forged${index}`))).toEqual([...forged, long])
    expect(db.verify().ok).toBe(true)
    db.close()
  })

  it.each(['write', 'sync', 'syncDirectory', 'makeDirectory', 'open'] as const)(
    'are not acknowledged when a %s of their file fails, and the next open has what was',
    (failing) => {
      const vfs = new FaultyVfs()
      const db = open(vfs)
      db.put('before', 'small')
      if (failing === 'write' || failing === 'sync') db.put('large', textOf(1))
      vfs.fault = (call, path) =>
        call === failing && (path.includes('blobs') || failing === 'syncDirectory')
          ? deviceError('LDB_IO', call, path)
          : undefined
      expect(() => db.put('lost', textOf(2))).toThrow(LdbError)
      expect(() => db.put('after', 'small')).toThrow(rejection('LDB_POISONED') as Error)
      vfs.fault = () => undefined
      db.close()
      const again = open(vfs)
      expect(again.get('before')).toBe('small')
      if (failing === 'write' || failing === 'sync') expect(again.get('large')).toBe(textOf(1))
      expect([undefined, textOf(2)]).toContain(again.get('lost'))
      expect(again.verify().ok).toBe(true)
      again.close()
    },
  )

  it('that were lost with the end of the log end it, and damage before that is reported', () => {
    const vfs = new MemoryVfs()
    const db = open(vfs, { durability: 'periodic', compression: 'none' })
    db.put('kept', textOf(1))
    db.sync()
    db.put('also kept', textOf(2))
    db.put('lost', textOf(3))
    db.put('later', 'small')
    // The process ends without a close: nothing after the sync is known to be on the device.
    const crashed = copyOf(vfs)
    damage(crashed, 'data/blobs/1.blob', 2)
    const again = open(crashed)
    expect(again.entries().toArray()).toEqual([
      ['also kept', textOf(2)],
      ['kept', textOf(1)],
    ])
    expect(again.verify().ok).toBe(true)
    again.put('lost', textOf(4))
    again.close()
    const damaged = copyOf(vfs)
    damage(damaged, 'data/blobs/1.blob', 0)
    const found = open(damaged)
    expect(() => found.get('kept')).toThrow(rejection('LDB_CORRUPTION') as Error)
    expect(found.get('also kept')).toBe(textOf(2))
    const { ok, findings } = found.verify()
    expect([ok, findings.map(({ file }) => file)]).toEqual([false, ['data/blobs/1.blob']])
    found.close()
    db.close()
  })
})

/** Returns a copy of all files of the database, without its lock. */
function copyOf(vfs: MemoryVfs): MemoryVfs {
  const copy = new MemoryVfs()
  const visit = (directory: string): void => {
    copy.makeDirectory(directory)
    for (const name of vfs.list(directory)) {
      const path = `${directory}/${name}`
      const status = vfs.status(path)
      if (status?.kind === 'directory') visit(path)
      else if (name !== 'LOCK') {
        const file = vfs.open(path, 'read')
        const bytes = new Uint8Array(file.length())
        file.read(bytes, 0, bytes.length, 0)
        file.close()
        const target = copy.open(path, 'createNew')
        target.write(bytes, 0, bytes.length, 0)
        target.close()
      }
    }
  }
  visit('data')
  return copy
}

/** Changes a byte of the value of a record of 300 bytes. */
function damage(vfs: MemoryVfs, path: string, index: number): void {
  const file = vfs.open(path, 'write')
  const bytes = new Uint8Array(file.length())
  file.read(bytes, 0, bytes.length, 0)
  const at = Buffer.from(bytes).indexOf(`${index + 1}:`)
  bytes[at + 20]! ^= 1
  file.write(bytes, 0, bytes.length, 0)
  file.close()
}
