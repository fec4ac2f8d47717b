// Strategy: transactions of the asynchronous API beside plain writes, over in-memory files that can delay a sync, with
// caches much smaller than the data.
// Invariants: A1, A2, A4, C10, and M3, M6, M7, M12, M30 of @ldb/mvcc.
import { describe, expect, it } from 'vitest'
import { AsyncDatabase } from '../src/async-database.js'
import { filled, holdSyncs, open, rejection, flushMicrotasks, watchReads } from './async-setup.js'
import { FaultyVfs } from './faulty-vfs.js'

describe('a transaction of the asynchronous API', () => {
  it('has every reading and writing method, and commits all of its writes or none', async () => {
    const db = await AsyncDatabase.memory()
    const users = await db.keyspace('users', { keys: 'tuple', values: 'json' })
    await db.batch().put('a', '1').put('b', '2').put('c', '3').commit()
    const tx = db.begin()
    await tx.in(users).put(['US', 1], { name: 'Ada' })
    await tx.put('d', '4')
    await tx.delete('a')
    expect(await tx.get('d')).toBe('4')
    expect(await tx.getForUpdate('b')).toBe('2')
    expect([await tx.has('a'), await tx.has('b')]).toEqual([false, true])
    expect(await tx.getMany(['a', 'b', 'd'])).toEqual([undefined, '2', '4'])
    expect(await tx.entries({ gte: 'c' }).toArray()).toEqual([
      ['c', '3'],
      ['d', '4'],
    ])
    expect(await tx.keys({ reverse: true }).toArray()).toEqual(['d', 'c', 'b'])
    expect(await tx.values({ limit: 1 }).toArray()).toEqual(['2'])
    expect([await tx.count(), await tx.count({ gte: 'c' }), (await tx.estimate()).count]).toEqual([3, 2, 3])
    const cursor = tx.cursor()
    expect([await cursor.seek('bb'), cursor.key, await cursor.previous(), cursor.key]).toEqual([
      true,
      'c',
      true,
      'b',
    ])
    await cursor.close()
    const savepoint = await tx.savepoint()
    await tx.clear()
    await tx.in(users).clear()
    expect([await tx.count(), await tx.in(users).count()]).toEqual([0, 0])
    await tx.rollbackTo(savepoint)
    await tx.deleteRange({ gte: '', limit: 1 })
    expect(await tx.keys().toArray()).toEqual(['c', 'd'])
    expect([await db.count(), db.seq]).toEqual([3, 2])
    await tx.commit()
    expect([tx.isOpen, db.seq]).toEqual([false, 3])
    expect(await db.keys().toArray()).toEqual(['c', 'd'])
    expect(await users.get(['US', 1])).toEqual({ name: 'Ada' })
    await expect(tx.get('a')).rejects.toEqual(rejection('LDB_CLOSED'))
    await expect(tx.commit()).rejects.toEqual(rejection('LDB_CLOSED'))
    await tx.rollback()
    await db.close()
  })

  it('is rolled back by its disposal', async () => {
    const db = await AsyncDatabase.memory()
    {
      await using tx = db.begin()
      await tx.put('a', '1')
    }
    expect([await db.get('a'), (await db.stats()).transactions.rolledBackCount]).toEqual([undefined, 1])
    await db.close()
  })

  it('conflicts with plain writes of both APIs, and with commits in flight (M6, M7)', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const others: (() => unknown)[] = [
      () => db.put('a', '2'),
      () => db.sync.put('a', '3'),
      () => db.batch().put('a', '4').commit(),
      () => db.update('a', (value) => `${value}!`),
      () => db.deleteRange({ prefix: 'a' }),
      () => db.putIfAbsent('a', '5'),
      () => db.transaction((each) => each.put('a', '6')),
    ]
    for (const other of others) {
      const tx = db.begin()
      await tx.put('b', String(await tx.get('a')))
      await other()
      await expect(tx.commit(), String(other)).rejects.toEqual(rejection('LDB_CONFLICT'))
    }
    const [first, second, third] = [db.begin(), db.begin(), db.begin()]
    for (const tx of [first, second]) await tx.put('b', String(await tx.get('a')))
    await third.put('c', String(await third.get('z')))
    const release = holdSyncs(vfs)
    const flying = db.put('a', 'in flight')
    await flushMicrotasks()
    const lost = first.commit()
    const won = third.commit()
    await expect(lost).rejects.toEqual(rejection('LDB_CONFLICT'))
    await flushMicrotasks()
    expect([await db.get('a'), await db.get('c')]).toEqual(['6', undefined])
    // Its view does not contain the commit in flight, and it began before that commit was logged.
    await expect(second.commit()).rejects.toEqual(rejection('LDB_CONFLICT'))
    release()
    await Promise.all([flying, won])
    expect([await db.get('a'), await db.get('b'), await db.get('c')]).toEqual([
      'in flight',
      undefined,
      'undefined',
    ])
    await db.close()
  })

  it('shares its sync, and becomes visible when it is durable (A2)', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const before = db.sync.stats().log.syncCount
    await Promise.all(
      Array.from({ length: 64 }, (_, index) => db.transaction((tx) => tx.put(`key${index}`, '1'))),
    )
    expect(db.sync.stats().log.syncCount - before).toBeLessThanOrEqual(2)
    expect(await db.count()).toBe(64)
    await db.close()
  })

  it('sees no commit after its beginning, and refuses operations after its commit was called', async () => {
    const db = open(new FaultyVfs())
    await db.put('a', '1')
    const tx = db.begin({ isolation: 'snapshot' })
    await db.put('a', '2')
    expect(await tx.get('a')).toBe('1')
    await tx.put('b', '1')
    const committed = tx.commit()
    await expect(tx.put('b', '2')).rejects.toEqual(rejection('LDB_CLOSED'))
    await expect(tx.commit()).rejects.toEqual(rejection('LDB_CLOSED'))
    await committed
    expect(await db.get('b')).toBe('1')
    await db.close()
  })
})

describe('a transaction over pages that are not in memory', () => {
  it('reads no file synchronously, its own writes included (A4, M3, M30)', async () => {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, 20_000)
    const reads = watchReads(vfs)
    const tx = db.begin()
    const key = (index: number): string => `key${String(index).padStart(6, '0')}`
    for (let index = 0; index < 20_000; index += 1_000) {
      await tx.put(`${key(index)}+`, 'own')
      await tx.delete(key(index + 1))
    }
    await tx.deleteRange({ gte: key(5_500), lt: key(9_500) })
    const expected: string[] = []
    for (let index = 0; index < 20_000; index++) {
      const isDeleted = index % 1_000 === 1 || (index >= 5_500 && index < 9_500)
      if (!isDeleted) expected.push(key(index))
      if (index % 1_000 === 0 && !(index >= 5_500 && index < 9_500)) expected.push(`${key(index)}+`)
    }
    expect(await tx.keys().toArray()).toEqual(expected)
    expect(await tx.keys({ reverse: true }).toArray()).toEqual([...expected].reverse())
    expect(await tx.count({ gte: key(1) })).toBe(expected.length - 2)
    expect(await tx.count()).toBe(expected.length)
    expect(await tx.get(key(12_345))).toBe('value 12345')
    expect(await tx.getForUpdate(key(2_345))).toBe('value 2345')
    expect(reads.async).toBeGreaterThan(1_000)
    expect(reads.sync).toBe(0)
    await tx.commit()
    expect(await db.count()).toBe(expected.length)
    await db.close()
  })

  it('records each read once, however many pages it missed', async () => {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, 5_000)
    const outcomes: string[] = []
    for (const written of ['key000100', 'key000101', 'key000050x', 'key004000']) {
      const tx = db.begin()
      expect(await tx.keys({ gte: 'key000050', lt: 'key001000', limit: 51 }).toArray()).toHaveLength(51)
      await tx.put('own', '1')
      await db.put(written, 'theirs')
      outcomes.push(
        await tx.commit().then(
          () => 'committed',
          (error: { code: string }) => error.code,
        ),
      )
    }
    expect(outcomes).toEqual(['LDB_CONFLICT', 'committed', 'LDB_CONFLICT', 'committed'])
    await db.close()
  })
})
