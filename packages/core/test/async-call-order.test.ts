// Strategy: calls that are not awaited, on every object of the asynchronous API, each with pages that must be loaded and with
// resident pages.
// Invariants: A10. What was called before finishes before; what is called after an end has a defined answer. No call waits for ever.
import { describe, expect, it } from 'vitest'
import type { AsyncDatabase } from '../src/async-database.js'
import { COUNT, keyOf, KEYS, REACHED, settled } from './async-calls.js'
import { filled, holdSyncs, open, rejection } from './async-setup.js'
import { FaultyVfs } from './faulty-vfs.js'

describe.each([
  ['with pages to load', false],
  ['with resident pages', true],
])('calls that are not awaited, %s', (_, isResident) => {
  async function database(): Promise<{ readonly db: AsyncDatabase; readonly vfs: FaultyVfs }> {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, COUNT)
    if (isResident) await db.entries().toArray()
    return { db, vfs }
  }

  it('are answered in order by a scan that they end', async () => {
    const { db } = await database()
    const scan = db.keys()
    expect(await Promise.all([scan.next(), scan.next(), scan.return(), scan.next()])).toEqual([
      { done: false, value: keyOf(0) },
      { done: false, value: keyOf(1) },
      REACHED,
      REACHED,
    ])
    const other = db.keys().map((key) => key.length)
    expect(await Promise.all([other.next(), other[Symbol.asyncDispose](), other.next()])).toEqual([
      { done: false, value: 9 },
      undefined,
      REACHED,
    ])
    expect(db.sync.stats().reads.openCount).toBe(0)
    await db.close()
  })

  it('share a scan with its helpers', async () => {
    const { db } = await database()
    const scan = db.keys()
    const first = scan.next()
    const rest = scan.take(3).toArray()
    expect(await Promise.all([first, rest])).toEqual([
      { done: false, value: keyOf(0) },
      [keyOf(1), keyOf(2), keyOf(3)],
    ])
    const read = db.keys()
    await read.next()
    expect(await read.drop(1).toArray()).toEqual(KEYS.slice(2))
    await db.close()
  })

  it.each<[string, (db: AsyncDatabase) => Promise<unknown>, unknown]>([
    ['get', (db) => db.get(keyOf(300)), 'value 300'],
    ['has', (db) => db.has(keyOf(300)), true],
    ['getMany', (db) => db.getMany(KEYS).then((values) => values.length), COUNT],
    ['count', (db) => db.count({ gt: 'key' }), COUNT],
    ['estimate', (db) => db.estimate().then(({ count }) => count > 0), true],
    ['toArray', (db) => db.keys().toArray(), KEYS],
    [
      'toArray of a mapped scan',
      (db) =>
        db
          .keys()
          .map((key) => key)
          .toArray(),
      KEYS,
    ],
    [
      'toArray of an async map',
      (db) =>
        db
          .keys()
          .map(async (key) => key)
          .toArray(),
      KEYS,
    ],
    [
      'toArray of a filter',
      (db) =>
        db
          .keys()
          .filter(() => true)
          .toArray(),
      KEYS,
    ],
    [
      'toArray of a flatMap',
      (db) =>
        db
          .keys()
          .flatMap((key) => [key])
          .toArray(),
      KEYS,
    ],
    ['reduce', (db) => db.keys().reduce((count) => count + 1, 0), COUNT],
    ['forEach', (db) => db.keys().forEach(() => undefined), undefined],
    ['every', (db) => db.keys().every(() => true), true],
    ['some', (db) => db.keys().some((key) => key === keyOf(599)), true],
    ['find', (db) => db.keys().find((key) => key === keyOf(599)), keyOf(599)],
    ['next', (db) => db.keys().next(), { done: false, value: keyOf(0) }],
    ['a cursor', (db) => db.cursor().last(), true],
    ['put', (db) => db.put('a', '1'), undefined],
    ['delete', (db) => db.delete('a'), undefined],
    ['deleteRange', (db) => db.deleteRange({ gte: keyOf(7) }), undefined],
    ['deleteRange with a limit', (db) => db.deleteRange({ gte: keyOf(7), limit: 5 }), undefined],
    ['clear', (db) => db.clear(), undefined],
    ['putIfAbsent', (db) => db.putIfAbsent(keyOf(7), '1'), false],
    ['compareAndSwap', (db) => db.compareAndSwap(keyOf(7), 'value 7', '1'), true],
    ['update', (db) => db.update(keyOf(7), (value) => `${value}!`), 'value 7!'],
    ['a batch', (db) => db.batch().put('a', '1').commit(), undefined],
    ['a snapshot', (db) => db.snapshot().get(keyOf(7)), 'value 7'],
    [
      'a transaction',
      (db) =>
        db.transaction(async (tx) => {
          await tx.put('a', String(await tx.get(keyOf(7))))
          return tx.keys().toArray()
        }),
      ['a', ...KEYS],
    ],
    ['keyspace', (db) => db.keyspace('other').then(({ sync }) => sync.name), 'other'],
    ['keyspaces', (db) => db.keyspaces().then(({ length }) => length), 1],
    ['synced', (db) => db.synced(), undefined],
    ['checkpoint', (db) => db.checkpoint(), undefined],
    ['compact', (db) => db.compact(), undefined],
    ['verify', (db) => db.verify().then(({ ok }) => ok), true],
    ['stats', (db) => db.stats().then(({ seq }) => seq > 0), true],
  ])('finish before a close: %s', async (_name, call, result) => {
    const { db, vfs } = await database()
    const calls = [call(db), db.close(), db.get('a')]
    expect(await settled(calls)).toEqual([result, undefined, 'LDB_CLOSED'])
    expect(db.sync.isOpen).toBe(false)
    const again = open(vfs)
    expect((await again.verify()).findings).toEqual([])
    await again.close()
  })

  it('finish before the release of a snapshot', async () => {
    const { db } = await database()
    const snapshot = db.snapshot()
    const view = snapshot.in(db)
    expect(
      await settled([
        snapshot.get(keyOf(9)),
        view.keys().toArray(),
        view.getMany(KEYS.slice(0, 400)).then(({ length }) => length),
        snapshot.count({ gt: 'key' }),
        snapshot.release(),
        snapshot.get(keyOf(9)),
        snapshot.release(),
      ]),
    ).toEqual(['value 9', KEYS, 400, COUNT, undefined, 'LDB_CLOSED', undefined])
    expect(() => snapshot.keys()).toThrow(rejection('LDB_CLOSED') as Error)
    expect(() => snapshot.in(db)).toThrow(rejection('LDB_CLOSED') as Error)
    expect(db.sync.stats().reads.openCount).toBe(0)
    await db.close()
  })

  it('finish before the close of a cursor', async () => {
    const { db } = await database()
    const cursor = db.cursor()
    expect(
      await settled([
        cursor.seek(keyOf(400)),
        cursor.next(),
        cursor.previous(),
        cursor.last().then(() => cursor.valid),
        cursor.first(),
        cursor.close(),
        cursor.next(),
        cursor.close(),
      ]),
    ).toEqual([true, true, true, 'LDB_CLOSED', true, undefined, 'LDB_CLOSED', undefined])
    expect(() => cursor.key).toThrow(rejection('LDB_CLOSED') as Error)
    expect(db.sync.stats().reads.openCount).toBe(0)
    await db.close()
  })

  it('take effect before the commit of their transaction', async () => {
    const { db } = await database()
    const tx = db.begin()
    expect(
      await settled([
        tx.put('a', '1'),
        tx.get(keyOf(300)),
        tx.keys({ prefix: 'key' }).toArray(),
        tx.deleteRange({ gte: keyOf(0), limit: 3 }),
        tx.put(keyOf(1), 'after the range'),
        tx.get(keyOf(2)),
        tx.delete(keyOf(4)),
        tx.count({ gt: 'key' }),
        tx.commit(),
        tx.put('b', '1'),
        tx.commit(),
        tx.rollback(),
      ]),
    ).toEqual([
      undefined,
      'value 300',
      KEYS,
      undefined,
      undefined,
      undefined,
      undefined,
      COUNT - 3,
      undefined,
      'LDB_CLOSED',
      'LDB_CLOSED',
      undefined,
    ])
    expect(await db.getMany(['a', 'b', keyOf(0), keyOf(1), keyOf(2), keyOf(4)])).toEqual([
      '1',
      undefined,
      undefined,
      'after the range',
      undefined,
      undefined,
    ])
    await db.close()
  })

  it('are answered before the rollback of their transaction', async () => {
    const { db } = await database()
    const tx = db.begin()
    expect(
      await settled([
        tx.put('a', '1'),
        tx.get(keyOf(300)),
        tx.keys().toArray(),
        tx.rollback(),
        tx.get('a'),
        tx.commit(),
      ]),
    ).toEqual([undefined, 'value 300', ['a', ...KEYS], undefined, 'LDB_CLOSED', 'LDB_CLOSED'])
    expect(await db.has('a')).toBe(false)
    await db.close()
  })

  it('keep the commit order of a transaction whose reads are pending', async () => {
    const { db } = await database()
    const tx = db.begin()
    const reads = [tx.get(keyOf(1)), tx.keys().toArray()]
    const calls = [tx.put('a', 'transaction'), tx.commit(), db.put('a', 'after')]
    expect(await settled(calls)).toEqual([undefined, undefined, undefined])
    expect(await settled(reads)).toEqual(['value 1', KEYS])
    expect(await db.get('a')).toBe('after')
    const changes = db.changes({ since: db.seq - 2 })
    expect([await changes.next(), await changes.next()].map(({ value }) => value?.changes[0])).toMatchObject([
      { value: 'transaction' },
      { value: 'after' },
    ])
    await db.close()
  })

  it('keep the commit order of a range delete that scans', async () => {
    const { db } = await database()
    const calls = [
      db.put(keyOf(0), 'before'),
      db.deleteRange({ gte: keyOf(0), limit: 3 }),
      db.put(keyOf(1), 'after'),
      db.putIfAbsent(keyOf(2), 'after'),
    ]
    expect(await settled(calls)).toEqual([undefined, undefined, undefined, true])
    expect(await db.getMany([keyOf(0), keyOf(1), keyOf(2), keyOf(3)])).toEqual([
      undefined,
      'after',
      'after',
      'value 3',
    ])
    const removed = db.deleteRange({ gte: keyOf(10), limit: 3, reverse: true })
    db.sync.put(keyOf(599), 'after')
    await removed
    expect(await db.keys({ reverse: true, limit: 2 }).toArray()).toEqual([keyOf(599), keyOf(596)])
    await db.close()
  })

  it('keep the order of writes to a keyspace and its drop', async () => {
    const { db, vfs } = await database()
    const users = await db.keyspace('users')
    const release = holdSyncs(vfs)
    const calls = settled([
      users.put('a', '1'),
      users.get('a'),
      db.dropKeyspace('users'),
      users.put('b', '1'),
      db.put('c', '1'),
    ])
    release()
    expect(await calls).toEqual([undefined, undefined, undefined, 'LDB_NOT_FOUND', undefined])
    const tags = await db.keyspace('tags')
    await tags.put('a', '1')
    const dropped = db.dropKeyspace('tags')
    const fresh = await db.keyspace('tags')
    await dropped
    expect([fresh.sync.descriptor.id > tags.sync.descriptor.id, await fresh.count()]).toEqual([true, 0])
    const droppedAgain = db.dropKeyspace('tags')
    expect(db.sync.keyspace('tags').count()).toBe(0)
    await droppedAgain
    await db.close()
  })

  it('are answered in order by a change stream that they end', async () => {
    const { db } = await database()
    const since = db.seq
    await db.put('a', '1')
    await db.put('b', '2')
    const stream = db.changes({ since })
    const results = await Promise.all([
      stream.next(),
      stream.next(),
      stream.next(),
      stream.return(),
      stream.next(),
    ])
    expect(results.map(({ done, value }) => [done, value?.seq])).toEqual([
      [false, since + 1],
      [false, since + 2],
      [true, undefined],
      [true, undefined],
      [true, undefined],
    ])
    const waiting = db.changes()
    const next = waiting.next()
    await Promise.resolve()
    expect(await Promise.all([next, waiting.return()])).toEqual([REACHED, REACHED])
    await db.close()
  })
})
