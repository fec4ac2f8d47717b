// Strategy: the async face over files in memory that count what is asked of them, can hold a sync back, and can fail.
// Invariants: commits share syncs, keep the order of the calls, and are visible only when durable as asked; no read of a
// file is made on the thread; close waits for what runs.
import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { AsyncDatabase } from '../src/async-database.js'
import { Database } from '../src/database.js'
import { openDatabase } from '../src/open-database.js'
import { deviceError, FaultyVfs } from './faulty-vfs.js'

const TUNING = { pageBytes: 512, checkpointLogBytes: 1 << 20, segmentBytes: 1 << 20, preallocateBytes: 0 }

function open(vfs: FaultyVfs | MemoryVfs, cacheBytes = 65_536): AsyncDatabase {
  return new Database(openDatabase('data', { vfs, cacheBytes }, TUNING)).makePromises(AsyncDatabase)
}

function rejection(code: string): unknown {
  return expect.objectContaining({ name: 'LdbError', code })
}

/** Holds syncs back until `release` is called. */
function holdSyncs(vfs: FaultyVfs): () => void {
  let release = (): void => undefined
  vfs.syncGate = new Promise((resolve) => {
    release = (): void => {
      resolve()
    }
  })
  return () => {
    vfs.syncGate = Promise.resolve()
    release()
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await undefined
}

/** A database of many more pages than its cache has, none of them in it. */
async function filled(vfs: FaultyVfs, count: number): Promise<AsyncDatabase> {
  const db = open(vfs)
  const batch = db.batch()
  for (let index = 0; index < count; index++)
    batch.put(`key${String(index).padStart(6, '0')}`, `value ${index}`)
  await batch.commit()
  await db.close()
  return open(vfs)
}

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

  it('wait for no sync that they did not ask for', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const release = holdSyncs(vfs)
    await db.put('a', '1', { durability: 'periodic' })
    await db.delete('a', { durability: 'none' })
    await db.put('b', '1', { durability: 'none' })
    expect(await db.has('b')).toBe(true)
    release()
    await db.close()
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
      (db: Database): unknown => {
        db.checkpoint()
      },
      (db: Database): unknown => db.keyspace('new'),
      (db: Database): unknown => db.verify().ok,
      (db: Database): unknown => db.putIfAbsent('key', 'other'),
      (db: Database): unknown => {
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

/** Counts reads of tree files, on the thread and off it. */
function watchReads(vfs: FaultyVfs): { sync: number; async: number } {
  const counts = { sync: 0, async: 0 }
  vfs.fault = (call, path) => {
    if (path.endsWith('tree.ldb') && call === 'read') counts.sync++
    if (path.endsWith('tree.ldb') && call === 'readAsync') counts.async++
    return undefined
  }
  return counts
}

describe('reads of the async face', () => {
  it('leave the thread for what is not in the cache, and give the same', async () => {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, 3000)
    await db.put('long', 'x'.repeat(5000))
    const reads = watchReads(vfs)
    expect(await db.get('key001500')).toBe('value 1500')
    expect(await db.get('long')).toBe('x'.repeat(5000))
    expect(await db.has('key9')).toBe(false)
    expect(await db.getMany(['key000001', 'nothing', 'key002999'])).toEqual([
      'value 1',
      undefined,
      'value 2999',
    ])
    const range = { gte: 'key000100', lt: 'key000900' }
    expect(await db.count(range)).toBe(800)
    expect(await db.count({ ...range, offset: 10, limit: 5 })).toBe(5)
    expect((await db.estimate(range)).count).toBeGreaterThan(0)
    expect(await db.keys({ ...range, reverse: true, offset: 500, limit: 2 }).toArray()).toEqual([
      'key000399',
      'key000398',
    ])
    let count = 0
    for await (const [key, value] of db.entries({ prefix: 'key' })) {
      expect(key).toBe(`key${String(count).padStart(6, '0')}`)
      expect(value).toBe(`value ${count}`)
      count++
    }
    expect(count).toBe(3000)
    count = 0
    for await (const value of db.values({ reverse: true, lt: 'l' }))
      expect(value).toBe(`value ${2999 - count++}`)
    expect(count).toBe(3000)
    expect(reads.sync).toBe(0)
    expect(reads.async).toBeGreaterThan(200)
    await db.close()
  })

  it('move a cursor both ways', async () => {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, 2000)
    const reads = watchReads(vfs)
    const forward = db.cursor()
    for (let index = 0; index < 2000; index++) {
      expect(await forward.next()).toBe(true)
      expect(forward.value).toBe(`value ${index}`)
    }
    expect(await forward.next()).toBe(false)
    expect(() => forward.key).toThrow('no entry')
    for (let index = 1999; index >= 0; index--) {
      expect(await forward.previous()).toBe(true)
      expect(forward.key).toBe(`key${String(index).padStart(6, '0')}`)
    }
    await forward.close()
    await expect(forward.next()).rejects.toEqual(rejection('LDB_CLOSED'))
    const reverse = db.cursor({ lt: 'key000500', reverse: true })
    const moves = await Promise.all([
      reverse.first(),
      reverse.next(),
      reverse.seek('key000300x'),
      reverse.previous(),
    ])
    expect(moves).toEqual([true, true, true, true])
    expect(reverse.key).toBe('key000301')
    await reverse.close()
    expect(reads.sync).toBe(0)
    await db.close()
  })

  it('see a frozen state', async () => {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, 1000)
    const scan = db.keys()
    const snapshot = db.snapshot()
    await db.clear()
    await db.put('key', 'new')
    expect(await scan.toArray()).toHaveLength(1000)
    expect(await snapshot.get('key000777')).toBe('value 777')
    expect(await snapshot.count()).toBe(1000)
    expect(await snapshot.in(db).has('key')).toBe(false)
    await snapshot.release()
    await expect(snapshot.get('key')).rejects.toEqual(rejection('LDB_CLOSED'))
    expect(await db.count()).toBe(1)
    expect(db.sync.stats().reads.openCount).toBe(0)
    await db.close()
  })

  it('apply commits to pages that were fetched beforehand', async () => {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, 3000)
    const reads = watchReads(vfs)
    await Promise.all(
      [10, 700, 1400, 2100, 2800].map((index) => db.put(`key${String(index).padStart(6, '0')}`, 'new')),
    )
    expect(reads.sync).toBe(0)
    await db.close()
  })

  it('give the errors of files to whoever asked', async () => {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, 3000)
    vfs.fault = (call, path) => (call === 'readAsync' ? deviceError('LDB_IO', 'read', path) : undefined)
    await expect(db.get('key001500')).rejects.toEqual(rejection('LDB_IO'))
    await expect(db.entries().toArray()).rejects.toEqual(rejection('LDB_IO'))
    vfs.fault = () => undefined
    expect(await db.get('key001500')).toBe('value 1500')
    expect(await db.count()).toBe(3000)
    await db.close()
  })
})

describe('scans of the async face', () => {
  it('have the iterator helpers, with async callbacks', async () => {
    const db = await AsyncDatabase.memory()
    for (const key of ['a', 'b', 'c', 'd']) await db.put(key, key.toUpperCase())
    const later = async <T>(value: T): Promise<T> => value
    expect(
      await db
        .keys()
        .map(later)
        .filter((key) => later(key !== 'b'))
        .drop(1)
        .take(1)
        .toArray(),
    ).toEqual(['c'])
    expect(
      await db
        .values()
        .flatMap((value) => [value, value])
        .take(3)
        .toArray(),
    ).toEqual(['A', 'A', 'B'])
    expect(await db.values().reduce((all, value) => later(all + value))).toBe('ABCD')
    expect(await db.values().reduce((all, value) => all + value.length, 10)).toBe(14)
    expect(await db.keys().some((key) => later(key === 'c'))).toBe(true)
    expect(await db.keys().every((key) => key < 'c')).toBe(false)
    expect(await db.keys().find((key) => later(key > 'b'))).toBe('c')
    const seen: string[] = []
    await db.keys().forEach(async (key) => {
      await undefined
      seen.push(key)
    })
    expect(seen).toEqual(['a', 'b', 'c', 'd'])
    await expect(db.keys({ gt: 'x' }).reduce((all, key) => all + key)).rejects.toEqual(
      rejection('LDB_INVALID_ARGUMENT'),
    )
    expect(db.sync.stats().reads.openCount).toBe(0)
    await db.close()
  })

  it('answer calls that are not waited for in their order, and end on break and on errors', async () => {
    const db = await AsyncDatabase.memory()
    for (const key of ['a', 'b', 'c']) await db.put(key, key)
    const scan = db.keys()
    const results = await Promise.all([scan.next(), scan.next(), scan.next(), scan.next(), scan.next()])
    expect(results.map(({ value }) => value)).toEqual(['a', 'b', 'c', undefined, undefined])
    for await (const key of db.keys()) if (key === 'b') break
    await expect(
      db.keys().forEach(() => {
        throw new RangeError('mine')
      }),
    ).rejects.toThrow('mine')
    expect(() => db.keys({ gt: 7 as unknown as string })).toThrow()
    expect(db.sync.stats().reads.openCount).toBe(0)
    await db.close()
  })
})

describe('signals', () => {
  it('end what was not logged yet', async () => {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, 3000)
    const aborted = { signal: AbortSignal.abort() }
    for (const call of [
      db.get('a', aborted),
      db.getMany(['a'], aborted),
      db.has('a', aborted),
      db.count({ gt: 'a', ...aborted }),
      db.estimate({ gt: 'a', ...aborted }),
      db.put('a', '1', aborted),
      db.update('a', () => '1', aborted),
      db.batch().put('a', '1').commit(aborted),
      db.checkpoint(aborted),
      db.compact(aborted),
      db.verify(aborted),
    ]) {
      await expect(call).rejects.toEqual(rejection('LDB_ABORTED'))
    }
    const controller = new AbortController()
    let count = 0
    const read = async (): Promise<void> => {
      for await (const _ of db.entries({ signal: controller.signal })) if (++count === 10) controller.abort()
    }
    await expect(read()).rejects.toEqual(rejection('LDB_ABORTED'))
    expect(count).toBeLessThan(600)
    expect(await db.get('a')).toBeUndefined()
    await expect(db.get('a', { signal: 7 as never })).rejects.toEqual(rejection('LDB_INVALID_ARGUMENT'))
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

describe('checkpoints of the async face', () => {
  it('come by themselves beside writes, and lose nothing', async () => {
    const vfs = new FaultyVfs()
    const tuning = { ...TUNING, checkpointLogBytes: 20_000 }
    const db = new Database(openDatabase('data', { vfs, cacheBytes: 65_536 }, tuning)).makePromises(
      AsyncDatabase,
    )
    let checkpoints = 0
    db.on('checkpoint', () => checkpoints++)
    for (let round = 0; round < 100; round++) {
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => db.put(`key${(round * 31 + index * 7) % 500}`, `${round}`)),
      )
    }
    expect(checkpoints).toBeGreaterThan(2)
    expect(db.sync.stats().poisoned).toBe(false)
    const entries = await db.entries().toArray()
    expect((await db.verify()).findings).toEqual([])
    await db.close()
    const again = open(vfs)
    expect(await again.entries().toArray()).toEqual(entries)
    await again.close()
  })

  it('poison when a slice cannot be written', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    await Promise.all(Array.from({ length: 200 }, (_, index) => db.put(`key${index}`, 'x'.repeat(50))))
    vfs.fault = (call, path) =>
      call === 'write' && path.endsWith('tree.ldb') ? deviceError('LDB_NO_SPACE', call, path) : undefined
    await expect(db.checkpoint()).rejects.toEqual(rejection('LDB_NO_SPACE'))
    await expect(db.put('a', '1')).rejects.toEqual(rejection('LDB_POISONED'))
    vfs.fault = () => undefined
    await db.close()
    const again = open(vfs)
    expect(await again.count()).toBe(200)
    await again.close()
  })
})
