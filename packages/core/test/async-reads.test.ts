// Strategy: reads of the async face over files in memory, with a cache much smaller than the data.
// Invariants: no read of a file is made on the thread; what is read is what the sync face reads.
import { describe, expect, it } from 'vitest'
import { AsyncDatabase } from '../src/async-database.js'
import { filled, open, rejection, watchReads } from './async-setup.js'
import { deviceError, FaultyVfs } from './faulty-vfs.js'

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

  it('go on where they were when a long key was missed, in pages of its own', async () => {
    const vfs = new FaultyVfs()
    let db = open(vfs)
    const keys = Array.from(
      { length: 400 },
      (_, index) => `${String(index).padStart(4, '0')}${'k'.repeat(600)}`,
    )
    const batch = db.batch()
    for (const key of keys) batch.put(key, `value ${key.slice(0, 4)}`)
    await batch.commit()
    await db.close()
    db = open(vfs)
    expect(await db.keys().toArray()).toEqual(keys)
    expect(await db.keys({ reverse: true }).toArray()).toEqual([...keys].reverse())
    const cursor = db.cursor()
    for (const key of keys) {
      expect(await cursor.next()).toBe(true)
      expect(cursor.key).toBe(key)
      // Others push the pages of the key out.
      await db.get(keys[(keys.indexOf(key) * 7 + 200) % 400] as string)
    }
    await cursor.close()
    await db.close()
    db = open(vfs)
    await db.deleteRange({ gte: keys[100] as string, offset: 20, limit: 10 })
    await db.deleteRange({ reverse: true, offset: 5, limit: 5 })
    expect(await db.keys().toArray()).toEqual([
      ...keys.slice(0, 120),
      ...keys.slice(130, 390),
      ...keys.slice(395),
    ])
    await db.close()
  })

  it('bring large values in off the thread, whatever makes room for whatever meanwhile', async () => {
    const vfs = new FaultyVfs()
    let db = open(vfs)
    const valueOf = (index: number): string => String(index).padStart(200 + index * 60, 'v')
    const batch = db.batch()
    for (let index = 0; index < 120; index++) batch.put(`key${index}`, valueOf(index))
    await batch.commit()
    await db.close()
    db = open(vfs)
    const reads = watchReads(vfs)
    for (let round = 0; round < 3; round++) {
      const indexes = Array.from({ length: 120 }, (_, index) => (index * 7) % 120)
      const values = await Promise.all(indexes.map((index) => db.get(`key${index}`)))
      expect(values).toEqual(indexes.map(valueOf))
    }
    const before = reads.async
    expect(await db.get('key30')).toBe(valueOf(30))
    expect(await db.get('key30')).toBe(valueOf(30))
    expect(reads.async).toBeLessThanOrEqual(before + 3)
    expect(reads.sync).toBe(0)
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
    // Also where what it is asked for is wrong.
    await expect(forward.seek('x'.repeat(70_000))).rejects.toEqual(rejection('LDB_CLOSED'))
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
      await Promise.resolve()
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

describe('getMany', () => {
  const KEYS = Array.from({ length: 700 }, (_, index) => `key${String(index * 4).padStart(6, '0')}`)

  it.each([65_536, 8 << 20])(
    'gives all keys as they were at the call, with %i bytes of cache',
    async (cacheBytes) => {
      const vfs = new FaultyVfs()
      await (await filled(vfs, 3000)).close()
      const db = open(vfs, cacheBytes)
      const before = db.sync.getMany(KEYS)
      const read = db.getMany(KEYS)
      const beside = [db.batch(), db.batch()].map(async (batch, index) => {
        for (const key of KEYS) batch.put(key, `new${index}`)
        await batch.commit()
      })
      for (const key of KEYS.slice(-10)) db.sync.put(key, 'newer')
      expect(await read).toEqual(before)
      await Promise.all(beside)
      expect(db.sync.stats().reads.openCount).toBe(0)
      await db.close()
    },
  )

  it('keeps to the keys of the call, whatever becomes of their bytes', async () => {
    const db = await filled(new FaultyVfs(), 3000)
    const bytes = await db.keyspace('bytes', { keys: 'binary' })
    await bytes.put(Uint8Array.of(1), 'one')
    const key = Uint8Array.of(1)
    const read = bytes.getMany([key])
    key[0] = 2
    expect(await read).toEqual(['one'])
    await db.close()
  })
})

describe('signals', () => {
  it('say why', async () => {
    const db = await filled(new FaultyVfs(), 10)
    const reason = new Error('no longer wanted')
    const signal = AbortSignal.abort(reason)
    for (const call of [db.get('a', { signal }), db.checkpoint({ signal }), db.verify({ signal })]) {
      await expect(call).rejects.toEqual(expect.objectContaining({ code: 'LDB_ABORTED', cause: reason }))
    }
    const controller = new AbortController()
    const change = db
      .changes({ since: db.sync.seq, signal: controller.signal })
      [Symbol.asyncIterator]()
      .next()
    controller.abort(reason)
    await expect(change).rejects.toEqual(expect.objectContaining({ code: 'LDB_ABORTED', cause: reason }))
    await db.close()
  })

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
