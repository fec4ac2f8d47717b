// Strategy: keyspaces whose entries expire, on a manual clock, with the sweep, through both APIs.
// Invariants: an expired entry is absent from every read at once (X1), snapshots keep the time of their call (X2), the
// sweep removes only entries that are still expired (X3), and change streams report the removal.
import fc from 'fast-check'
import { ManualTime } from '@ldb/vfs'
import type { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { Database } from '../src/database.js'
import { openDatabase } from '../src/open/opening.js'
import { holdSyncs, TUNING, flushMicrotasks } from './async-setup.js'
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

/** Runs the sweep to its end. */
async function sweep(time: ManualTime): Promise<void> {
  for (let round = 0; round < 30; round++) {
    time.advance(50)
    await flushMicrotasks()
  }
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

  it('report when they expire, in every state that has them', async () => {
    const { db, time } = timed()
    const plain = db.keyspace('plain')
    plain.put('a', '1')
    using before = db.snapshot()
    const long = 'v'.repeat(100_000)
    const sessions = db.keyspace('sessions', { ttlMs: 500 })
    sessions.put('a', 'short')
    sessions.put('b', long, { ttlMs: 10_000 })
    sessions.put('c', 'for ever', { ttlMs: Infinity })
    const expected = [1_000_500, 1_010_000, Infinity, undefined]
    const keys = ['a', 'b', 'c', 'd']
    expect(keys.map((key) => sessions.expiresAt(key))).toEqual(expected)
    expect(await Promise.all(keys.map((key) => db.promises.of(sessions).expiresAt(key)))).toEqual(expected)
    // A value that is found afterwards is whole.
    expect(sessions.get('b')).toBe(long)
    expect([plain.expiresAt('a'), plain.expiresAt('b')]).toEqual([Infinity, undefined])
    plain.put('a', '2', { ttlMs: 1 })
    expect([plain.expiresAt('a'), before.in(plain).expiresAt('a')]).toEqual([1_000_001, Infinity])
    using snapshot = db.snapshot()
    time.advance(500)
    expect([sessions.expiresAt('a'), snapshot.in(sessions).expiresAt('a')]).toEqual([undefined, 1_000_500])
    db.transaction((tx) => {
      tx.in(sessions).put('a', 'own', { ttlMs: 20 })
      expect([tx.in(sessions).expiresAt('a'), tx.in(sessions).expiresAt('b')]).toEqual([1_000_520, 1_010_000])
    })
    await db.promises.transaction(async (tx) => {
      expect(await tx.in(sessions).expiresAt('a')).toBe(1_000_520)
    })
    time.jump(20)
    expect(sessions.expiresAt('a')).toBeUndefined()
    db.close()
  })

  it('stay in snapshots and scans as of the time of their call (X2)', () => {
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

  it('are absent for conditional writes of both APIs', async () => {
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

  it('are swept, and change streams report it (X3)', async () => {
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
    for (let round = 0; round < 2; round++) await sweep(time)
    expect(sessions.count()).toBe(1001)
    expect(db.stats().keyspaces[1]?.entryCount).toBe(1001)
    const expired = new Set<string>()
    while (expired.size < 999) {
      for (const change of (await changes.next()).value?.changes ?? []) {
        expect(change.kind).toBe('expire')
        if (change.kind === 'expire') expired.add(change.key)
      }
    }
    expect(expired.has('key0')).toBe(false)
    await changes.return()
    for (let round = 0; round < 6; round++) await sweep(time)
    expect(db.stats().keyspaces[1]?.entryCount).toBe(0)
    expect(db.verify().findings).toEqual([])
    db.close()
    const again = open(vfs)
    expect(again.keyspace('sessions').count()).toBe(0)
    again.close()
  })

  it('are not swept when a commit in flight overwrites them (X3)', async () => {
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

  it('are swept without a conflict for any transaction (X3)', async () => {
    const { db, time } = timed()
    const sessions = db.keyspace('sessions', { ttlMs: 500 })
    for (const key of ['a', 'b', 'c', 'd']) sessions.put(key, 'old')
    const tx = db.begin()
    expect(tx.in(sessions).get('a')).toBe('old')
    expect(tx.in(sessions).count()).toBe(4)
    tx.in(sessions).put('b', 'anew', { ttlMs: 50_000 }).delete('c').deleteRange({ gte: 'd' })
    time.advance(600)
    await sweep(time)
    expect(db.stats().keyspaces[1]?.entryCount).toBe(0)
    tx.commit()
    expect(sessions.entries().toArray()).toEqual([['b', 'anew']])
    db.close()
  })

  it('have a default time to live that is stored and can be changed (X4)', () => {
    const { db, time, vfs } = timed()
    const sessions = db.keyspace('sessions', { ttlMs: 500 })
    expect(sessions.descriptor).toMatchObject({ expires: true, ttlMs: 500 })
    for (const ttlMs of [0, -1, 0.5, NaN, '5', 2 ** 53]) {
      expect(() => db.keyspace('other', { ttlMs: ttlMs as number })).toThrow(code('LDB_INVALID_ARGUMENT'))
    }
    expect(() => {
      sessions.delete('a', { ttlMs: 5 } as never)
    }).toThrow(code('LDB_INVALID_ARGUMENT'))
    db.close()
    const second = open(vfs)
    second.keyspace('sessions').put('a', '1')
    time.jump(500)
    expect(second.keyspace('sessions').has('a')).toBe(false)
    second.keyspace('sessions', { ttlMs: Infinity }).put('b', 'stays')
    expect(second.keyspace('sessions', { ttlMs: 900 }).descriptor.ttlMs).toBe(900)
    second.close()
    const third = open(vfs)
    third.keyspace('sessions').put('c', '1')
    time.jump(899)
    expect(third.keyspace('sessions').keys().toArray()).toEqual(['b', 'c'])
    time.jump(1)
    expect(third.keyspace('sessions').keys().toArray()).toEqual(['b'])
    third.close()
  })

  it('are accepted by any keyspace, by every write method, and differ from values with the same bytes (X4)', async () => {
    const lookalike = Uint8Array.from([0xff, 0x54, 0x54, 0x4c, 1, 0, 0, 0, 0, 0, 0, 0, 7])
    const writes: readonly ((db: Database, keyspace: ReturnType<typeof binary>) => unknown)[] = [
      (_db, keyspace): void => {
        keyspace.put('timed', lookalike, { ttlMs: 5 })
      },
      (_db, keyspace): unknown => keyspace.putIfAbsent('timed', lookalike, { ttlMs: 5 }),
      (_db, keyspace): unknown => keyspace.update('timed', () => lookalike, { ttlMs: 5 }),
      (db, keyspace): unknown => db.batch().in(keyspace).put('timed', lookalike, { ttlMs: 5 }).commit(),
      (db, keyspace): unknown =>
        db.transaction((tx) => {
          tx.in(keyspace).put('timed', lookalike, { ttlMs: 5 })
          expect(tx.in(keyspace).get('timed')).toEqual(lookalike)
          expect(tx.in(keyspace).values().toArray()).toEqual([Uint8Array.of(1), lookalike])
        }),
      (db, keyspace): unknown => db.promises.of(keyspace).put('timed', lookalike, { ttlMs: 5 }),
      (db, keyspace): unknown => db.promises.of(keyspace).putIfAbsent('timed', lookalike, { ttlMs: 5 }),
    ]
    const binary = (db: Database) => db.keyspace('binary', { values: 'binary' })
    for (const write of writes) {
      const { db, time, vfs } = timed()
      const keyspace = binary(db)
      keyspace.put('stays', Uint8Array.of(1))
      const before = db.snapshot()
      expect(keyspace.descriptor.expires).toBeUndefined()
      await write(db, keyspace)
      expect(keyspace.descriptor).toMatchObject({ expires: true })
      expect(keyspace.descriptor.ttlMs).toBeUndefined()
      keyspace.put('lookalike', lookalike)
      keyspace.put('short', lookalike.subarray(0, 11))
      expect(keyspace.get('timed')).toEqual(lookalike)
      expect(before.in(keyspace).entries().toArray()).toEqual([['stays', Uint8Array.of(1)]])
      before.release()
      time.advance(5)
      const left = [
        ['lookalike', lookalike],
        ['short', lookalike.subarray(0, 11)],
        ['stays', Uint8Array.of(1)],
      ]
      expect(keyspace.entries().toArray()).toEqual(left)
      expect(db.keyspace('other').descriptor.expires).toBeUndefined()
      await sweep(time)
      expect(db.stats().keyspaces[1]?.entryCount).toBe(3)
      db.close()
      const again = open(vfs)
      expect(binary(again).entries().toArray()).toEqual(left)
      again.close()
    }
  })

  it('that look like encoded expiry and were put first make their keyspace expiring, too (X4)', () => {
    const { db, vfs } = timed()
    const value = Uint8Array.from({ length: 40 }, (_, at) => [0xff, 0x54, 0x54, 0x4c][at] ?? at)
    db.keyspace('binary', { values: 'binary' }).put('a', value)
    db.close()
    const again = open(vfs)
    expect(again.keyspace('binary', { values: 'binary' }).get('a')).toEqual(value)
    expect(again.keyspace('binary', { values: 'binary' }).descriptor.expires).toBe(true)
    again.close()
  })

  it('are readable in a read-only database, whose times to live do not change', () => {
    const { db, time, vfs } = timed()
    db.put('a', '1', { ttlMs: 5 })
    db.close()
    const reader = new Database(openDatabase('data', { vfs, readOnly: true }, TUNING))
    expect(reader.get('a')).toBe('1')
    expect(() => {
      reader.put('b', '1', { ttlMs: 5 })
    }).toThrow(code('LDB_READ_ONLY'))
    time.advance(5)
    expect(reader.keyspace('default', { ttlMs: 9 }).get('a')).toBeUndefined()
    expect(reader.keyspace('default').descriptor.ttlMs).toBeUndefined()
    reader.close()
  })

  it('are read asynchronously as synchronously, with more of them than the cache holds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 300, maxLength: 900 }),
        async (lives) => {
          const { db, time, vfs } = timed()
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
      // Shrinking takes minutes.
      { numRuns: 20, endOnFailure: true },
    )
  })
})
