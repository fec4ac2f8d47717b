// Strategy: commits of the async face over files in memory that count what is asked of them, can hold a sync back, and can
// fail.
// Invariants: commits share syncs, keep the order of the calls, and are visible only when durable as asked; conditional
// writes see those in flight; close waits for what runs.
import { isLdbError } from '@ldb/base'
import { describe, expect, it } from 'vitest'
import { AsyncDatabase } from '../src/async-database.js'
import type { Database } from '../src/database.js'
import { begun, filled, holdSyncs, open, rejection, turns, watchReads } from './async-setup.js'
import { deviceError, FaultyVfs } from './faulty-vfs.js'

describe('commits of the async face', () => {
  it('share one sync, in the order of the calls', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const before = db.sync.stats().log.syncCount
    const order: number[] = []
    await Promise.all(
      Array.from({ length: 256 }, async (_, index) => {
        await db.put('key', String(index))
        order.push(index)
      }),
    )
    expect(db.sync.stats().log.syncCount - before).toBe(1)
    expect(order).toEqual(Array.from({ length: 256 }, (_, index) => index))
    expect(await db.get('key')).toBe('255')
    expect(db.seq).toBe(256)
    await db.close()
  })

  it('are acknowledged in the order of the calls, whatever they are', async () => {
    const db = await begun(new FaultyVfs())
    const order: number[] = []
    const calls: (() => Promise<unknown>)[] = [
      () => db.put('a', '1'),
      () => db.put('b', '1', { durability: 'none' }),
      () => db.put('c', '1', { durability: 'none' }),
      () => db.putIfAbsent('d', '1'),
      () => db.put('e', '1', { durability: 'periodic' }),
      () => db.delete('a'),
      () => db.batch().put('f', '1').commit(),
      () => db.compareAndSwap('g', '0', '1'),
      () => db.put('h', '1'),
    ]
    const called = Array.from({ length: 200 }, (_, index) => calls[(index * 7) % calls.length])
    await Promise.all(called.map((call, index) => call?.().then(() => order.push(index))))
    // Batches and conditional writes give promises of their own, which come some turns later.
    const plain = order.filter((index) => ![3, 6, 7].includes((index * 7) % calls.length))
    expect(plain).toEqual([...plain].sort((a, b) => a - b))
    expect(order).toHaveLength(200)
    await db.close()
  })

  it('that share an answer get it when the last of them is visible, or all get the failure', async () => {
    const vfs = new FaultyVfs()
    const db = await begun(vfs)
    const seen: (string | undefined)[] = []
    await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        await db.put(`key${index}`, `${index}`)
        seen.push(db.sync.get(`key${index}`))
      }),
    )
    expect(seen).toEqual(Array.from({ length: 300 }, (_, index) => `${index}`))
    vfs.fault = (call, path) => (call === 'syncAsync' ? deviceError('LDB_IO', 'sync', path) : undefined)
    const failed = await Promise.allSettled(Array.from({ length: 100 }, () => db.put('key', 'lost')))
    expect(failed.every(({ status }) => status === 'rejected')).toBe(true)
    await db.close()
  })

  it('are visible when they are durable as asked, and not before (C1)', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const release = holdSyncs(vfs)
    const events: string[] = []
    const full = db.put('a', '1').then(() => events.push('full'))
    const none = db.put('b', '2', { durability: 'none' }).then(() => events.push('none'))
    await turns()
    expect(await db.get('a')).toBeUndefined()
    expect(await db.get('b')).toBeUndefined()
    expect(db.sync.get('a')).toBeUndefined()
    expect(events).toEqual([])
    release()
    await Promise.all([full, none])
    expect(events).toEqual(['full', 'none'])
    expect(await db.getMany(['a', 'b', 'c'])).toEqual(['1', '2', undefined])
    await db.close()
  })

  it('that come while a sync runs wait for the next', async () => {
    const vfs = new FaultyVfs()
    const db = await begun(vfs)
    const releaseFirst = holdSyncs(vfs)
    const first = db.put('a', '1')
    await turns()
    const second = db.put('b', '2')
    releaseFirst()
    const releaseSecond = holdSyncs(vfs)
    await first
    await turns()
    expect(await db.getMany(['a', 'b'])).toEqual(['1', undefined])
    releaseSecond()
    await second
    expect(await db.get('b')).toBe('2')
    await db.close()
  })

  it('wait for no sync that they did not ask for', async () => {
    const vfs = new FaultyVfs()
    const db = await begun(vfs)
    const release = holdSyncs(vfs)
    await db.put('a', '1', { durability: 'periodic' })
    await db.delete('a', { durability: 'none' })
    await db.put('b', '1', { durability: 'none' })
    expect(await db.has('b')).toBe(true)
    release()
    await db.close()
  })

  it('begin the log of an opening off the thread', async () => {
    const vfs = new FaultyVfs()
    await open(vfs).close()
    for (const durability of ['full', 'periodic'] as const) {
      const db = open(vfs)
      const syncs: string[] = []
      vfs.fault = (call, path) => {
        if (call === 'sync') syncs.push(path)
        return undefined
      }
      const release = holdSyncs(vfs)
      const puts = [db.put('a', durability, { durability }), db.put('b', durability, { durability })]
      await turns()
      // Nothing is written to a segment that may not be there after a crash.
      expect(await db.get('a')).not.toBe(durability)
      release()
      await Promise.all(puts)
      expect(syncs).toEqual([])
      vfs.fault = () => undefined
      expect(await db.getMany(['a', 'b'])).toEqual([durability, durability])
      await db.close()
    }
  })

  it('are settled by a commit of the sync face, which comes after them', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const release = holdSyncs(vfs)
    const first = db.put('key', 'async')
    await turns()
    db.sync.put('key', 'sync')
    expect(db.sync.get('key')).toBe('sync')
    expect(db.seq).toBe(2)
    await first
    release()
    expect(await db.get('key')).toBe('sync')
    await db.close()
  })

  it('are settled by whatever must come after them', async () => {
    for (const settle of [
      (db: Database): unknown => db.sync(),
      (db: Database): void => {
        db.checkpoint()
      },
      (db: Database): unknown => db.keyspace('new'),
      (db: Database): unknown => db.verify().ok,
      (db: Database): unknown => db.putIfAbsent('key', 'other'),
      (db: Database): void => {
        db.close()
      },
    ]) {
      const vfs = new FaultyVfs()
      const db = open(vfs)
      const release = holdSyncs(vfs)
      const first = db.put('key', 'value')
      await turns()
      settle(db.sync)
      await first
      release()
      await turns()
      if (db.sync.isOpen) await db.close()
      const again = open(vfs)
      expect(await again.get('key')).toBe('value')
      expect((await again.verify()).ok).toBe(true)
      await again.close()
    }
  })

  it('fail together when a sync fails, with an unknown outcome, and nothing is taken after (C3)', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const errors: unknown[] = []
    db.on('error', ({ error }) => errors.push(error))
    vfs.fault = (call, path) => (call === 'syncAsync' ? deviceError('LDB_IO', 'sync', path) : undefined)
    const first = Promise.allSettled([db.put('a', '1'), db.put('b', '2'), db.putIfAbsent('c', '3')])
    await turns()
    for (const result of await first) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'LDB_COMMIT_UNKNOWN' } })
    }
    expect(await db.get('a')).toBeUndefined()
    await expect(db.put('d', '4')).rejects.toEqual(rejection('LDB_POISONED'))
    expect(() => {
      db.sync.put('d', '4')
    }).toThrow(expect.objectContaining({ code: 'LDB_POISONED' }) as Error)
    expect(errors).toHaveLength(1)
    await db.close()
  })

  it('are refused one by one for what is wrong with one', async () => {
    const db = await AsyncDatabase.memory()
    const users = await db.keyspace('users')
    const good = db.put('a', '1')
    const wrong = db.put('b', 7 as unknown as string)
    const huge = db.put('c'.repeat(70_000), '1')
    await expect(wrong).rejects.toEqual(rejection('LDB_INVALID_ARGUMENT'))
    await expect(huge).rejects.toEqual(rejection('LDB_TOO_LARGE'))
    await good
    const gone = users.put('x', '1')
    const dropped = db.dropKeyspace('users')
    await gone
    await dropped
    await expect(users.put('x', '2')).rejects.toEqual(rejection('LDB_NOT_FOUND'))
    expect(await db.count()).toBe(1)
    await db.close()
  })

  it('of several keyspaces are one, in a batch', async () => {
    const db = await AsyncDatabase.memory()
    const users = await db.keyspace('users', { values: 'json' })
    const batch = db.batch().put('seen', 'Ada').in(users).put('u1', { name: 'Ada' }).in(db).delete('none')
    await batch.commit()
    await expect(batch.commit()).rejects.toEqual(rejection('LDB_CLOSED'))
    expect(await users.get('u1')).toEqual({ name: 'Ada' })
    expect(await db.get('seen')).toBe('Ada')
    await db.close()
  })
})

describe('conditional writes of the async face', () => {
  it('see the commits in flight (C9)', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    await db.put('counter', '0')
    const release = holdSyncs(vfs)
    const results = Promise.all([
      db.putIfAbsent('new', 'first'),
      db.putIfAbsent('new', 'second'),
      db.compareAndSwap('new', 'first', 'third'),
      db.clear(),
      db.putIfAbsent('new', 'fourth'),
      db.delete('new'),
      db.compareAndSwap('new', undefined, 'fifth'),
      db.compareAndSwap('new', 'fifth', undefined),
      db.putIfAbsent('new', 'last'),
      ...Array.from({ length: 20 }, () => db.update('counter', (value) => String(Number(value ?? 100) + 1))),
    ])
    await turns()
    release()
    const [a, b, c, , e, , g, h, i, ...counts] = await results
    expect([a, b, c, e, g, h, i]).toEqual([true, false, true, true, true, true, true])
    expect(counts).toEqual(Array.from({ length: 20 }, (_, index) => String(101 + index)))
    expect(await db.entries().toArray()).toEqual([
      ['counter', '120'],
      ['new', 'last'],
    ])
    await db.close()
  })

  it('answer no sooner than what they have seen is durable', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const release = holdSyncs(vfs)
    let answered = false
    const put = db.put('key', '1')
    const asked = db.putIfAbsent('key', '2').then((result) => {
      answered = true
      return result
    })
    await turns()
    expect(answered).toBe(false)
    release()
    await put
    expect(await asked).toBe(false)
    await db.close()
  })

  it('keep their place in line while their page is fetched', async () => {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, 2000)
    const reads = watchReads(vfs)
    const results = await Promise.all([
      db.update('key000700', (value) => `${value}!`),
      db.put('key000700', 'later'),
      db.compareAndSwap('key000700', 'later', 'last'),
    ])
    expect(results).toEqual(['value 700!', undefined, true])
    expect(await db.get('key000700')).toBe('last')
    expect(reads.sync).toBe(0)
    expect(reads.async).toBeGreaterThan(0)
    await db.close()
  })

  it('give what the callback throws, and refuse a promise', async () => {
    const db = await AsyncDatabase.memory()
    await expect(
      db.update('key', () => {
        throw new RangeError('mine')
      }),
    ).rejects.toThrow('mine')
    await expect(db.update('key', (async () => 'x') as never)).rejects.toEqual(
      rejection('LDB_INVALID_ARGUMENT'),
    )
    await expect(
      db.update('key', () => {
        db.sync.put('key', 'inner')
        return 'outer'
      }),
    ).rejects.toEqual(rejection('LDB_CONFLICT'))
    expect(await db.get('key')).toBe('inner')
    await db.close()
  })
})

describe('pages that commits of the async face change', () => {
  it('are fetched off the thread, however long nothing was missed before', async () => {
    const vfs = new FaultyVfs()
    await (await filled(vfs, 6000)).close()
    const db = open(vfs, 1 << 20)
    const reads = watchReads(vfs)
    const group = (from: number): Promise<void[]> =>
      Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          db.put(`key${String(from + index * 20).padStart(6, '0')}`, 'new'),
        ),
      )
    await group(0)
    for (let round = 0; round < 5; round++) await group(0)
    const { async } = reads
    expect(async).toBeGreaterThan(0)
    await group(3000)
    expect(reads.async).toBeGreaterThan(async)
    expect(reads.sync).toBe(0)
    await db.close()
  })
})

describe('closing', () => {
  it('waits for what runs, and refuses what comes later', async () => {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, 3000)
    const release = holdSyncs(vfs)
    const put = db.put('key', 'value')
    const get = db.get('key001234')
    const count = db.count({ gt: 'key0' })
    const scan = db.entries()
    await scan.next()
    const closed = db.close()
    await expect(db.get('a')).rejects.toEqual(rejection('LDB_CLOSED'))
    await expect(db.put('a', '1')).rejects.toEqual(rejection('LDB_CLOSED'))
    await expect(db.stats()).rejects.toEqual(rejection('LDB_CLOSED'))
    expect(() => db.entries()).toThrow('closed')
    expect(db.sync.isOpen).toBe(true)
    release()
    await put
    expect(await get).toBe('value 1234')
    expect(await count).toBe(3000)
    await closed
    await db.close()
    expect(db.sync.isOpen).toBe(false)
    await expect(scan.return()).resolves.toEqual({ done: true, value: undefined })
    const again = open(vfs)
    expect(await again.get('key')).toBe('value')
    expect((await again.verify()).findings).toEqual([])
    await again.close()
  })

  it('of the sync face ends what runs with LDB_CLOSED', async () => {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, 3000)
    const get = db.get('key001234')
    const put = db.put('key', 'value')
    db.sync.close()
    await put
    const result = await get.catch((error: unknown) => error)
    expect(isLdbError(result, 'LDB_CLOSED')).toBe(true)
    await expect(db.get('key')).rejects.toEqual(rejection('LDB_CLOSED'))
    await db.close()
  })
})
