import { isLdbError } from '@ldb/base'
import { describe, expect, test } from 'vitest'
import { ClusterDatabase, MemoryCluster, memoryDriver } from '../src/index.js'
import type { ClusterOptions, MemoryDriverOptions } from '../src/index.js'

const code = (name: string): unknown => expect.objectContaining({ code: name })

async function open(driver?: MemoryDriverOptions, options?: ClusterOptions): Promise<ClusterDatabase> {
  return ClusterDatabase.open(memoryDriver(driver), options)
}

describe('keys and values', () => {
  test('gets what was put, and undefined for the rest', async () => {
    const db = await open()
    await db.put('a', '1')
    expect(await db.get('a')).toBe('1')
    expect(await db.getMany(['b', 'a', 'a'])).toEqual([undefined, '1', '1'])
    expect(await db.hasMany(['a', 'b'])).toEqual([true, false])
    await db.delete('a')
    expect(await db.has('a')).toBe(false)
    await db.close()
  })

  test('keyspaces have encodings that are stored', async () => {
    const cluster = new MemoryCluster()
    const db = await open({ cluster })
    const users = await db.keyspace('users', { keys: 'tuple', values: 'json' })
    await users.put(['a', 1], { name: 'Ada' })
    const other = await open({ cluster })
    const same = await other.keyspace('users', { keys: 'tuple', values: 'json' })
    expect(await same.get(['a', 1])).toEqual({ name: 'Ada' })
    await expect(other.keyspace('users', { keys: 'utf8' })).rejects.toEqual(code('LDB_EXISTS'))
    await expect(other.keyspace('none', { createIfMissing: false })).rejects.toEqual(code('LDB_NOT_FOUND'))
    await expect(other.keyspace('$ldb')).rejects.toEqual(code('LDB_INVALID_ARGUMENT'))
    expect(await other.keyspaces()).toEqual([
      { name: 'default', keys: 'utf8', values: 'utf8' },
      { name: 'users', keys: 'tuple', values: 'json' },
    ])
    await other.dropKeyspace('users')
    await expect(users.put(['b'], 1)).rejects.toEqual(code('LDB_NOT_FOUND'))
    await Promise.all([db.close(), other.close()])
  })

  test('conditional writes', async () => {
    const db = await open()
    expect(await db.putIfAbsent('a', '1')).toBe(true)
    expect(await db.putIfAbsent('a', '2')).toBe(false)
    expect(await db.compareAndSwap('a', '2', '3')).toBe(false)
    expect(await db.compareAndSwap('a', '1', '3')).toBe(true)
    expect(await db.compareAndSwap('b', undefined, undefined)).toBe(true)
    expect(await db.update('a', (value) => `${value}!`)).toBe('3!')
    expect(await db.update('a', () => undefined)).toBe(undefined)
    expect(await db.has('a')).toBe(false)
    await db.put('t', '7')
    expect(await db.take('t')).toBe('7')
    expect(await db.take('t')).toBe(undefined)
    await expect(db.update('a', (() => Promise.resolve('1')) as never)).rejects.toEqual(
      code('LDB_INVALID_ARGUMENT'),
    )
    await db.close()
  })

  test('concurrent updates lose nothing', async () => {
    const db = await open()
    await Promise.all(
      Array.from({ length: 40 }, () => db.update('n', (value) => String(Number(value ?? 0) + 1))),
    )
    expect(await db.get('n')).toBe('40')
    await db.close()
  })
})

describe('scans', () => {
  test('bounds, direction, limit and offset', async () => {
    const db = await open()
    const batch = db.batch()
    for (const key of 'abcdefg') batch.put(key, key.toUpperCase())
    await batch.commit()
    expect(await db.keys({ gt: 'b', lte: 'e' }).toArray()).toEqual(['c', 'd', 'e'])
    expect(await db.keys({ reverse: true, limit: 2, offset: 1 }).toArray()).toEqual(['f', 'e'])
    expect(await db.values({ prefix: 'c' }).toArray()).toEqual(['C'])
    expect(await db.count({ gte: 'c' })).toBe(5)
    expect(await db.count({ gte: 'z', lt: 'a' })).toBe(0)
    expect(await db.keys({ limit: 0 }).toArray()).toEqual([])
    await db.deleteRange({ gte: 'b', limit: 2 })
    await db.deleteRange({ gt: 'd', reverse: true, limit: 1 })
    expect(await db.keys().toArray()).toEqual(['a', 'd', 'e', 'f'])
    await expect(db.deleteRange({})).rejects.toEqual(code('LDB_INVALID_ARGUMENT'))
    await db.clear()
    expect(await db.count()).toBe(0)
    await db.close()
  })

  test('many pages in both directions, with helpers', async () => {
    const db = await open()
    const all = Array.from({ length: 3_000 }, (_, index) => String(index).padStart(5, '0'))
    for (let start = 0; start < all.length; start += 1_000) {
      const batch = db.batch()
      for (const key of all.slice(start, start + 1_000)) batch.put(key, key)
      await batch.commit()
    }
    expect(await db.keys().toArray()).toEqual(all)
    expect(await db.keys({ reverse: true }).toArray()).toEqual([...all].reverse())
    const mapped = db
      .keys()
      .filter((key) => Number(key) % 2 === 0)
      .map(async (key) => Number(key))
      .drop(1)
      .take(3)
    expect(await mapped.toArray()).toEqual([2, 4, 6])
    expect(await db.keys().reduce((sum, key) => sum + Number(key), 0)).toBe((2_999 * 3_000) / 2)
    expect(await db.keys().find((key) => key > '01000')).toBe('01001')
    const seen: string[] = []
    for await (const key of db.keys({ gte: '02998' })) seen.push(key)
    expect(seen).toEqual(['02998', '02999'])
    const scan = db.keys()
    expect((await Promise.all([scan.next(), scan.next()])).map(({ value }) => value)).toEqual([
      '00000',
      '00001',
    ])
    await scan.return()
    expect(() => scan.map(String)).toThrow(code('LDB_INVALID_ARGUMENT') as Error)
    await db.close()
  })

  test('a scan and a snapshot do not see writes that were called after them', async () => {
    const db = await open({ delay: () => new Promise((resolve) => setTimeout(resolve, 1)) })
    await db.put('a', '1')
    const scan = db.entries()
    const snapshot = db.snapshot()
    const writes = [db.put('a', '2'), db.put('b', '2')]
    expect(await scan.toArray()).toEqual([['a', '1']])
    await Promise.all(writes)
    expect(await snapshot.entries().toArray()).toEqual([['a', '1']])
    expect(await snapshot.in(db).get('b')).toBe(undefined)
    await snapshot.release()
    await expect(snapshot.get('a')).rejects.toEqual(code('LDB_CLOSED'))
    expect(await db.get('b')).toBe('2')
    await db.close()
  })

  test('a snapshot whose state the engine has discarded is not found', async () => {
    const cluster = new MemoryCluster()
    const db = await open({ cluster })
    const snapshot = db.snapshot()
    expect(await snapshot.get('a')).toBe(undefined)
    await db.put('a', '1')
    cluster.discardHistory()
    await expect(snapshot.get('a')).rejects.toEqual(code('LDB_NOT_FOUND'))
    await db.close()
  })
})

describe('batches', () => {
  test('later operations replace earlier ones, over keyspaces', async () => {
    const db = await open()
    const numbers = await db.keyspace<string, number>('numbers', { values: 'json' })
    await db.batch().put('a', '1').put('c', '1').in(numbers).put('n', 1).commit()
    const batch = db.batch().deleteRange({ gte: 'a', lt: 'd' }).put('b', '2').put('d', '4')
    expect(batch.operationCount).toBe(3)
    await batch.delete('d').commit()
    expect(await db.entries().toArray()).toEqual([['b', '2']])
    expect(await numbers.get('n')).toBe(1)
    await expect(batch.commit()).rejects.toEqual(code('LDB_CLOSED'))
    await db.close()
  })

  test('limits are enforced before anything is sent', async () => {
    const db = await open()
    await expect(db.put('k'.repeat(2_049), '')).rejects.toEqual(code('LDB_TOO_LARGE'))
    await expect(db.put('k', 'v'.repeat(99_992))).rejects.toEqual(code('LDB_TOO_LARGE'))
    await db.put('k'.repeat(2_048), 'v'.repeat(99_991))
    const batch = db.batch()
    for (let index = 0; index <= 1_000; index++) batch.put(String(index), '')
    await expect(batch.commit()).rejects.toEqual(code('LDB_TOO_LARGE'))
    expect(await db.count()).toBe(1)
    await db.close()
    const large = await open({}, { limits: 'engine' })
    await large.put('k', 'v'.repeat(200_000))
    await large.close()
  })
})

describe('expiry', () => {
  test('expired entries are absent and are removed', async () => {
    let now = 1_000_000
    const cluster = new MemoryCluster()
    const db = await open({ cluster }, { now: () => now })
    const sessions = await db.keyspace('sessions', { ttlMs: 1_000 })
    await sessions.put('short', '1')
    await sessions.put('long', '1', { ttlMs: 5_000 })
    await sessions.put('ever', '1', { ttlMs: Infinity })
    const expiries = (reads: typeof sessions): Promise<unknown[]> =>
      Promise.all(['short', 'long', 'ever', 'none'].map((key) => reads.expiresAt(key)))
    const expected = [1_001_000, 1_005_000, Infinity, undefined]
    expect(await expiries(sessions)).toEqual(expected)
    await using snapshot = db.snapshot()
    now += 500
    await sessions.update('short', () => '2')
    now += 500
    expect(await expiries(sessions)).toEqual([undefined, ...expected.slice(1)])
    expect(await snapshot.in(sessions).expiresAt('long')).toBe(1_005_000)
    await db.transaction(async (tx) => {
      await tx.in(sessions).put('own', '1', { ttlMs: 20 })
      expect(await tx.in(sessions).expiresAt('own')).toBe(now + 20)
      await tx.in(sessions).delete('own')
    })
    expect(await sessions.get('short')).toBe(undefined)
    expect(await sessions.keys().toArray()).toEqual(['ever', 'long'])
    expect(await sessions.count()).toBe(2)
    expect(await sessions.putIfAbsent('short', '3')).toBe(true)
    const again = await (await open({ cluster }, { now: () => now })).keyspace('sessions')
    await again.put('new', '1')
    now += 10_000
    expect(await sessions.keys().toArray()).toEqual(['ever'])
    expect(await db.sweepExpired()).toBe(3)
    expect(await db.sweepExpired()).toBe(0)
    await db.close()
  })
})

describe('the end', () => {
  test('close is idempotent and later calls are closed', async () => {
    const db = await open()
    const scan = db.keys()
    const tx = db.begin()
    await tx.put('a', '1')
    const pending = db.put('p', '1')
    const endless = db.transaction(() => new Promise<never>(() => undefined))
    const ended = endless.catch((error: unknown) => error)
    await db.close()
    await db.close()
    await pending
    expect(await ended).toEqual(code('LDB_CLOSED'))
    await expect(db.get('a')).rejects.toEqual(code('LDB_CLOSED'))
    await expect(tx.commit()).rejects.toEqual(code('LDB_CLOSED'))
    await expect(scan.next()).rejects.toEqual(code('LDB_CLOSED'))
    expect(db.isOpen).toBe(false)
  })

  test('an aborted signal ends an operation', async () => {
    const db = await open()
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(db.get('a', { signal })).rejects.toEqual(code('LDB_ABORTED'))
    await expect(db.put('a', '1', { signal })).rejects.toEqual(code('LDB_ABORTED'))
    await expect(db.transaction(async (tx) => tx.put('a', '1'), { signal })).rejects.toSatisfy((error) =>
      isLdbError(error, 'LDB_ABORTED'),
    )
    expect(await db.get('a')).toBe(undefined)
    await db.close()
  })
})
