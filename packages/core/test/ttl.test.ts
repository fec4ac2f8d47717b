// Strategy: keyspaces whose entries expire, on a clock that the test moves, with the sweep, by both faces.
// Invariants: what has expired is absent from every read at once (X1), snapshots keep their moment (X2), the sweep removes
// only what is expired still (X3), and changes tell of it.
import fc from 'fast-check'
import { ManualTime } from '@ldb/vfs'
import type { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { Database } from '../src/database.js'
import { openDatabase } from '../src/open-database.js'
import { holdSyncs, TUNING, turns } from './async-setup.js'
import { FaultyVfs } from './faulty-vfs.js'

function timed(vfs?: MemoryVfs): { db: Database; time: ManualTime; vfs: MemoryVfs } {
  const time = new ManualTime(1_000_000)
  const files = vfs ?? new FaultyVfs({ clock: time, scheduler: time })
  return { db: open(files), time, vfs: files }
}

function open(vfs: MemoryVfs): Database {
  return new Database(openDatabase('data', { vfs, cacheBytes: 65_536 }, TUNING))
}

function code(expected: string): Error {
  return expect.objectContaining({ name: 'LdbError', code: expected }) as Error
}

/** Lets the sweep go on, to its end. */
async function sweep(time: ManualTime): Promise<void> {
  time.advance(1000)
  for (let round = 0; round < 10; round++) await turns()
}

describe('entries that expire', () => {
  it('are absent from every read at once (X1)', async () => {
    const { db, time } = timed()
    const sessions = db.keyspace('sessions', { ttlMs: 500 })
    sessions.put('a', 'short')
    sessions.put('b', 'long', { ttlMs: 10_000 })
    sessions.put('c', 'for ever', { ttlMs: Infinity })
    db.batch().in(sessions).put('d', 'in a batch').put('e', 'longer', { ttlMs: 501 }).commit()
    const adb = db.promises.of(sessions)
    await adb.put('f', 'async')
    await adb.put('g', 'longer', { ttlMs: 501 })
    expect(sessions.count()).toBe(7)
    time.advance(499)
    expect(sessions.keys().toArray()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'])
    time.advance(1)
    const left = ['b', 'c', 'e', 'g']
    expect(sessions.get('a')).toBeUndefined()
    expect(sessions.getMany(['a', 'b'])).toEqual([undefined, 'long'])
    expect([sessions.has('d'), sessions.has('e')]).toEqual([false, true])
    expect(sessions.keys().toArray()).toEqual(left)
    expect(sessions.keys({ reverse: true }).toArray()).toEqual([...left].reverse())
    expect(sessions.entries({ offset: 1, limit: 2 }).toArray()).toEqual([
      ['c', 'for ever'],
      ['e', 'longer'],
    ])
    expect([sessions.count(), sessions.count({ gte: 'c', lt: 'g' })]).toEqual([4, 2])
    using cursor = sessions.cursor()
    expect([
      cursor.seek('a'),
      cursor.key,
      cursor.next(),
      cursor.key,
      cursor.previous(),
      cursor.value,
    ]).toEqual([true, 'b', true, 'c', true, 'long'])
    expect([cursor.previous(), cursor.last(), cursor.key]).toEqual([false, true, 'g'])
    expect(await adb.get('f')).toBeUndefined()
    expect(await adb.has('g')).toBe(true)
    expect(await adb.keys().toArray()).toEqual(left)
    expect(await adb.count()).toBe(4)
    time.jump(20_000)
    expect(sessions.keys().toArray()).toEqual(['c'])
    time.jump(-30_000)
    expect(sessions.count()).toBe(7)
    db.close()
  })

  it('stay in snapshots and scans as they were at their moment (X2)', () => {
    const { db, time } = timed()
    const sessions = db.keyspace('sessions', { ttlMs: 500 })
    sessions.put('a', '1')
    const snapshot = db.snapshot()
    const scan = sessions.values()
    time.advance(600)
    expect(sessions.get('a')).toBeUndefined()
    expect(snapshot.in(sessions).get('a')).toBe('1')
    expect(snapshot.in(sessions).count()).toBe(1)
    expect(scan.toArray()).toEqual(['1'])
    snapshot.release()
    db.close()
  })

  it('count as absent in conditional writes, by both faces', async () => {
    const { db, time } = timed()
    const sessions = db.keyspace('sessions', { ttlMs: 500 })
    const adb = db.promises.of(sessions)
    sessions.put('a', '1')
    sessions.put('b', '1')
    expect(sessions.putIfAbsent('a', '2')).toBe(false)
    time.advance(500)
    expect(sessions.compareAndSwap('a', '1', '3')).toBe(false)
    expect(sessions.putIfAbsent('a', '2')).toBe(true)
    expect(await adb.update('b', (value) => value ?? 'gone')).toBe('gone')
    expect(await Promise.all([adb.put('c', '1'), adb.compareAndSwap('c', '1', '2', { ttlMs: 50 })])).toEqual([
      undefined,
      true,
    ])
    expect(sessions.update('a', (value) => `${value}!`)).toBe('2!')
    time.advance(50)
    expect(sessions.values().toArray()).toEqual(['2!', 'gone'])
    db.close()
  })

  it('are swept, and changes tell of it (X3)', async () => {
    const { db, time, vfs } = timed()
    const sessions = db.keyspace('sessions', { ttlMs: 500 })
    for (let index = 0; index < 2000; index++)
      sessions.put(`key${index}`, 'x', index % 2 === 0 ? {} : { ttlMs: 5000 })
    const changes = db.changes({ keyspace: sessions })
    time.advance(400)
    sessions.put('key0', 'anew', { ttlMs: 5000 })
    expect((await changes.next()).value?.changes).toEqual([
      { kind: 'put', keyspace: 'sessions', key: 'key0', value: 'anew' },
    ])
    for (let round = 0; round < 4; round++) await sweep(time)
    expect(sessions.count()).toBe(1001)
    expect(db.stats().keyspaces[1]?.entryCount).toBe(1001)
    const told = new Set<string>()
    while (told.size < 999) {
      for (const change of (await changes.next()).value?.changes ?? []) {
        expect(change.kind).toBe('expire')
        if (change.kind === 'expire') told.add(change.key)
      }
    }
    expect(told.has('key0')).toBe(false)
    await changes.return()
    for (let round = 0; round < 6; round++) await sweep(time)
    expect(db.stats().keyspaces[1]?.entryCount).toBe(0)
    expect(db.verify().findings).toEqual([])
    db.close()
    const again = open(vfs)
    expect(again.keyspace('sessions').count()).toBe(0)
    again.close()
  })

  it('are not swept when they are written anew by a commit in flight (X3)', async () => {
    const { db, time, vfs } = timed()
    const sessions = db.keyspace('sessions', { ttlMs: 500 })
    sessions.put('a', 'old')
    sessions.put('b', 'old')
    time.advance(600)
    const release = holdSyncs(vfs as FaultyVfs)
    const put = db.promises.of(sessions).put('a', 'anew', { ttlMs: 50_000 })
    await sweep(time)
    release()
    await put
    await sweep(time)
    expect(sessions.entries().toArray()).toEqual([['a', 'anew']])
    expect(db.stats().keyspaces[1]?.entryCount).toBe(1)
    db.close()
  })

  it('are a matter of the keyspace, for good', () => {
    const { db, vfs } = timed()
    const plain = db.keyspace('plain')
    const sessions = db.keyspace('sessions', { ttlMs: Infinity })
    expect(sessions.descriptor.expires).toBe(true)
    expect(() => {
      plain.put('a', '1', { ttlMs: 5 })
    }).toThrow(code('LDB_INVALID_ARGUMENT'))
    expect(() => db.keyspace('plain', { ttlMs: 5 })).toThrow(code('LDB_EXISTS'))
    for (const ttlMs of [0, -1, 0.5, NaN, '5', 2 ** 53]) {
      expect(() => db.keyspace('other', { ttlMs: ttlMs as number })).toThrow(code('LDB_INVALID_ARGUMENT'))
    }
    expect(() => {
      sessions.delete('a', { ttlMs: 5 } as never)
    }).toThrow(code('LDB_INVALID_ARGUMENT'))
    sessions.put('a', '1', { ttlMs: 5 })
    sessions.put('b', '')
    db.close()
    const again = open(vfs)
    const found = again.keyspace('sessions')
    expect(found.entries().toArray()).toEqual([
      ['a', '1'],
      ['b', ''],
    ])
    expect(again.keyspace('plain').descriptor.expires).toBeUndefined()
    again.close()
  })

  it('are read as the sync face reads them, with more of them than the cache holds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 300, maxLength: 900 }),
        async (lives) => {
          const { db, time, vfs } = timed()
          const writes = db.keyspace('timed', { ttlMs: Infinity }).store
          expect(writes.expiry).toBeDefined()
          const batch = db.batch().in(db.keyspace('timed'))
          lives.forEach((ttlMs, index) => {
            batch.put(`key${String(index).padStart(4, '0')}`, 'x'.repeat(ttlMs), { ttlMs })
          })
          batch.commit()
          db.close()
          const again = open(vfs)
          time.advance(200)
          const keyspace = again.keyspace('timed')
          const expected = lives.flatMap((ttlMs, index) =>
            ttlMs > 200 ? [`key${String(index).padStart(4, '0')}`] : [],
          )
          const adb = again.promises.of(keyspace)
          expect(await adb.keys().toArray()).toEqual(expected)
          expect(await adb.keys({ reverse: true }).toArray()).toEqual([...expected].reverse())
          expect(await adb.count({ gt: 'key0100' })).toBe(expected.filter((key) => key > 'key0100').length)
          expect(keyspace.keys().toArray()).toEqual(expected)
          again.close()
        },
      ),
      { numRuns: 20 },
    )
  })
})
