// Strategy: transactions of the async face beside plain writes, over files in memory that can hold a sync back and fail, and
// with caches far smaller than what is read.
// Invariants: A1 to A4, A6, A7, C3, C10, and M3, M6, M7, M12, M17, M21, M22, M30 of @ldb/mvcc.
import { MemoryVfs } from '@ldb/vfs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { AsyncDatabase } from '../src/async-database.js'
import { Database } from '../src/database.js'
import { filled, holdSyncs, open, rejection, turns, watchReads } from './async-setup.js'
import { deviceError, FaultyVfs } from './faulty-vfs.js'

describe('a transaction of the async face', () => {
  it('has every reading and writing method, and commits all of it or nothing', async () => {
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
    await tx.in(users).deleteRange({})
    expect([await tx.count(), await tx.in(users).count()]).toEqual([0, 0])
    await tx.rollbackTo(savepoint)
    await tx.deleteRange({ limit: 1 })
    expect(await tx.keys().toArray()).toEqual(['c', 'd'])
    expect([await db.count(), db.seq]).toEqual([3, 1])
    await tx.commit()
    expect([tx.isOpen, db.seq]).toEqual([false, 2])
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

  it('conflicts with plain writes of both faces, and with commits in flight (M6, M7)', async () => {
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
    await turns()
    const lost = first.commit()
    const won = third.commit()
    await expect(lost).rejects.toEqual(rejection('LDB_CONFLICT'))
    await turns()
    expect([await db.get('a'), await db.get('c')]).toEqual(['6', undefined])
    // Its view does not hold the commit in flight, and it was begun before that was logged.
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

  it('shares its sync, and is visible when it is durable (A2)', async () => {
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

  it('sees nothing that comes after its beginning, and takes nothing once its commit was called', async () => {
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

describe('transaction(run) of the async face', () => {
  it('runs again from fresh reads until it wins, and counts the attempts', async () => {
    const db = open(new FaultyVfs())
    await db.put('n', '0')
    const attempts: number[] = []
    const given = await db.transaction(async (tx, attempt) => {
      attempts.push(attempt)
      const n = Number(await tx.get('n'))
      if (attempt <= 3) await db.put('n', String(n + 10))
      await tx.put('n', String(n + 1))
      return n
    })
    expect([given, await db.get('n'), attempts]).toEqual([30, '31', [1, 2, 3, 4]])
    expect(db.sync.stats().transactions).toMatchObject({ conflictCount: 3, openCount: 0, committedCount: 1 })
    await db.close()
  })

  it('begins again when what has won is visible, not before', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const release = holdSyncs(vfs)
    const seen: unknown[] = []
    let flying: Promise<void> | undefined
    const won = db.transaction(async (tx, attempt) => {
      seen.push([attempt, await tx.get('a')])
      flying ??= db.put('a', '1')
      await tx.put('b', '1')
    })
    await turns()
    expect(seen).toEqual([[1, undefined]])
    release()
    await Promise.all([won, flying])
    expect(seen).toEqual([
      [1, undefined],
      [2, '1'],
    ])
    await db.close()
  })

  it('loses nothing when many count at once', async () => {
    const db = open(new FaultyVfs())
    const count = 40
    await Promise.all(
      Array.from({ length: count }, () =>
        db.transaction(async (tx) => tx.put('n', String(Number((await tx.get('n')) ?? 0) + 1)), {
          retries: Infinity,
        }),
      ),
    )
    expect(await db.get('n')).toBe(String(count))
    await db.close()
  })

  it('gives up after its retries, and at once for any other error', async () => {
    const db = await AsyncDatabase.memory()
    let runs = 0
    const losing = db.transaction(
      async (tx) => {
        runs++
        await tx.get('a')
        await db.put('a', String(runs))
        await tx.put('b', '1')
      },
      { retries: 2 },
    )
    await expect(losing).rejects.toEqual(rejection('LDB_CONFLICT'))
    expect(runs).toBe(3)
    const own = new Error('own')
    await expect(
      db.transaction(async (tx) => {
        runs++
        await tx.put('c', '1')
        throw own
      }),
    ).rejects.toBe(own)
    expect([runs, await db.get('b'), await db.get('c')]).toEqual([4, undefined, undefined])
    for (const options of [{ retries: -1 }, { retries: 1.5 }, { tries: 1 }, { isolation: 'none' }])
      await expect(db.transaction(() => 1, options as object)).rejects.toEqual(
        rejection('LDB_INVALID_ARGUMENT'),
      )
    await expect(db.transaction('no' as never)).rejects.toEqual(rejection('LDB_INVALID_ARGUMENT'))
    expect(() => db.begin({ retries: 1 } as object)).toThrow(rejection('LDB_INVALID_ARGUMENT') as Error)
    await db.close()
  })

  it('ends with LDB_ABORTED, and writes nothing, when its signal is aborted (A7)', async () => {
    const db = await AsyncDatabase.memory()
    const abort = new AbortController()
    const aborted = db.transaction(
      async (tx) => {
        await tx.put('a', '1')
        abort.abort()
      },
      { signal: abort.signal },
    )
    await expect(aborted).rejects.toEqual(rejection('LDB_ABORTED'))
    const tx = db.begin()
    await tx.put('a', '1')
    await expect(tx.commit({ signal: abort.signal })).rejects.toEqual(rejection('LDB_ABORTED'))
    expect([tx.isOpen, await db.count(), db.sync.stats().transactions.openCount]).toEqual([false, 0, 0])
    await db.close()
  })
})

describe('a transaction over pages that are not in memory', () => {
  it('reads without waiting on the thread, its own writes included (A4, M3, M30)', async () => {
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

  it('has looked at what it asked for, however often it missed', async () => {
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

describe('ends of transactions of the async face', () => {
  it('comes with close: rolled back, and LDB_CLOSED after (A6, M21)', async () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    await db.put('a', '1')
    const tx = db.begin()
    await tx.put('a', '2')
    const scan = tx.entries()
    const running = db.transaction(async (each) => {
      await each.put('b', '1')
      await db.close()
      await each.put('c', '1')
    })
    await expect(running).rejects.toEqual(rejection('LDB_CLOSED'))
    for (const call of [
      () => tx.get('a'),
      () => tx.put('a', '3'),
      () => tx.commit(),
      () => scan.toArray(),
      () => db.transaction(() => 1),
    ])
      await expect(call()).rejects.toEqual(rejection('LDB_CLOSED'))
    expect(() => db.begin()).toThrow(rejection('LDB_CLOSED') as Error)
    await tx.rollback()
    const again = open(vfs)
    expect(await again.entries().toArray()).toEqual([['a', '1']])
    await again.close()
  })

  it('that was called before close is waited for', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const release = holdSyncs(vfs)
    const tx = db.begin()
    await tx.put('a', '1')
    const committed = tx.commit()
    const closed = db.close()
    await turns()
    release()
    await Promise.all([committed, closed])
    const again = open(vfs)
    expect(await again.get('a')).toBe('1')
    await again.close()
  })

  it('is unknown when the shared sync fails, and the handle takes no more (A3, C3)', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    await db.put('a', '1')
    const release = holdSyncs(vfs)
    const [first, second] = [db.begin(), db.begin()]
    await first.put('b', '1')
    await second.put('c', '1')
    vfs.fault = (call, path) =>
      call.startsWith('sync') && path.endsWith('.wal') ? deviceError('LDB_IO', call, path) : undefined
    const outcomes = Promise.allSettled([db.put('a', '2'), first.commit(), second.commit()])
    await turns()
    release()
    for (const outcome of await outcomes)
      expect(outcome).toEqual({ status: 'rejected', reason: rejection('LDB_COMMIT_UNKNOWN') })
    vfs.fault = () => undefined
    expect([await db.get('a'), await db.get('b')]).toEqual(['1', undefined])
    await expect(db.transaction((tx) => tx.put('d', '1'))).rejects.toEqual(rejection('LDB_POISONED'))
    const reader = db.begin({ readOnly: true })
    expect(await reader.get('a')).toBe('1')
    await db.close().catch(() => undefined)
  })

  it('is found, and reported, when nobody refers to it any more (M22)', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const warnings: string[] = []
    const logger = { warn: (text: string) => void warnings.push(text) }
    const db = Database.memory({
      logger: { ...logger, info: () => undefined, error: () => undefined, debug: () => undefined },
    })
    const abandon = async (): Promise<void> => {
      const tx = db.promises.begin()
      await tx.put('a', String(await tx.get('b')))
    }
    await abandon()
    for (let round = 0; round < 50 && warnings.length === 0; round++) {
      collect()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(warnings).toEqual([expect.stringContaining('a transaction was left open')])
    expect(db.stats().transactions).toMatchObject({ openCount: 0, leakedCount: 1 })
    await db.promises.close()
  })
})
