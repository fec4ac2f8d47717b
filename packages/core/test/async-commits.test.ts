// Strategy: commits of the asynchronous API over in-memory files that count calls, can delay a sync, and can fail.
// Invariants: commits share syncs, keep the order of the calls, and become visible only when they are as durable as
// requested.
import { describe, expect, it } from 'vitest'
import { AsyncDatabase } from '../src/async-database.js'
import type { Database } from '../src/database.js'
import {
  openWithSegment,
  filled,
  holdSyncs,
  open,
  rejection,
  flushMicrotasks,
  watchReads,
} from './async-setup.js'
import { deviceError, FaultyVfs } from './faulty-vfs.js'

describe('commits of the asynchronous API', () => {
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

  it('are acknowledged in the order of the calls, whatever their kind', async () => {
    const db = await openWithSegment(new FaultyVfs())
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
    // Batches and conditional writes return promises of their own, which resolve some microtasks later.
    const plain = order.filter((index) => ![3, 6, 7].includes((index * 7) % calls.length))
    expect(plain).toEqual([...plain].sort((a, b) => a - b))
    expect(order).toHaveLength(200)
    await db.close()
  })

  it('with a shared completion resolve when the last of them is visible, or all fail', async () => {
    const vfs = new FaultyVfs()
    const db = await openWithSegment(vfs)
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

  it('become visible when they are as durable as requested, and not earlier (C1)', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const release = holdSyncs(vfs)
    const events: string[] = []
    const full = db.put('a', '1').then(() => events.push('full'))
    const none = db.put('b', '2', { durability: 'none' }).then(() => events.push('none'))
    await flushMicrotasks()
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

  it('that arrive during a sync join the next one', async () => {
    const vfs = new FaultyVfs()
    const db = await openWithSegment(vfs)
    const releaseFirst = holdSyncs(vfs)
    const first = db.put('a', '1')
    await flushMicrotasks()
    const second = db.put('b', '2')
    releaseFirst()
    const releaseSecond = holdSyncs(vfs)
    await first
    await flushMicrotasks()
    expect(await db.getMany(['a', 'b'])).toEqual(['1', undefined])
    releaseSecond()
    await second
    expect(await db.get('b')).toBe('2')
    await db.close()
  })

  it('wait for no sync that they did not request', async () => {
    const vfs = new FaultyVfs()
    const db = await openWithSegment(vfs)
    const release = holdSyncs(vfs)
    await db.put('a', '1', { durability: 'periodic' })
    await db.delete('a', { durability: 'none' })
    await db.put('b', '1', { durability: 'none' })
    expect(await db.has('b')).toBe(true)
    release()
    await db.close()
  })

  it('begin the log of an opened database off the thread', async () => {
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
      await flushMicrotasks()
      // Nothing is written to a segment whose directory entry is not durable yet.
      expect(await db.get('a')).not.toBe(durability)
      release()
      await Promise.all(puts)
      expect(syncs).toEqual([])
      vfs.fault = () => undefined
      expect(await db.getMany(['a', 'b'])).toEqual([durability, durability])
      await db.close()
    }
  })

  it('become visible before a commit of the synchronous API, which follows them', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const release = holdSyncs(vfs)
    const first = db.put('key', 'async')
    await flushMicrotasks()
    db.sync.put('key', 'sync')
    expect(db.sync.get('key')).toBe('sync')
    expect(db.seq).toBe(2)
    await first
    release()
    expect(await db.get('key')).toBe('sync')
    await db.close()
  })

  it('become visible before any synchronous call that must follow them', async () => {
    for (const follow of [
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
      await flushMicrotasks()
      follow(db.sync)
      await first
      release()
      await flushMicrotasks()
      if (db.sync.isOpen) await db.close()
      const again = open(vfs)
      expect(await again.get('key')).toBe('value')
      expect((await again.verify()).ok).toBe(true)
      await again.close()
    }
  })

  it('fail together with LDB_COMMIT_UNKNOWN when a sync fails, and no later write is accepted (C3)', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const errors: unknown[] = []
    db.on('error', ({ error }) => errors.push(error))
    vfs.fault = (call, path) => (call === 'syncAsync' ? deviceError('LDB_IO', 'sync', path) : undefined)
    const first = Promise.allSettled([db.put('a', '1'), db.put('b', '2'), db.putIfAbsent('c', '3')])
    await flushMicrotasks()
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

  it('fail independently for their own arguments', async () => {
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

  it('of a batch are atomic over keyspaces', async () => {
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

describe('pages that commits of the asynchronous API change', () => {
  it('load off the thread, also after a long time without a miss', async () => {
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
