// Strategy: reads of the asynchronous API over in-memory files, with a cache much smaller than the data.
// Invariants: no file is read synchronously; every result equals that of the synchronous API.
import { describe, expect, it } from 'vitest'
import { filled, open, rejection, watchReads } from './async-setup.js'
import { deviceError, FaultyVfs } from './faulty-vfs.js'

describe('reads of the asynchronous API', () => {
  it('load missing pages off the thread, and return the same results', async () => {
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

  it('continue at the same entry after they missed an out-of-line key', async () => {
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
      // Other reads evict the pages of the key.
      await db.get(keys[(keys.indexOf(key) * 7 + 200) % 400] as string)
    }
    await cursor.close()
    await db.close()
    db = open(vfs)
    await db.deleteRange({ gte: keys[100] as string, offset: 20, limit: 10 })
    await db.deleteRange({ gte: '', reverse: true, offset: 5, limit: 5 })
    expect(await db.keys().toArray()).toEqual([
      ...keys.slice(0, 120),
      ...keys.slice(130, 390),
      ...keys.slice(395),
    ])
    await db.close()
  })

  it('load large values off the thread under eviction', async () => {
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

  it('move a cursor in both directions', async () => {
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
    // Also for an invalid argument.
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

  it('see the state at their call', async () => {
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

  it('load the pages of commits before those are applied', async () => {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, 3000)
    const reads = watchReads(vfs)
    await Promise.all(
      [10, 700, 1400, 2100, 2800].map((index) => db.put(`key${String(index).padStart(6, '0')}`, 'new')),
    )
    expect(reads.sync).toBe(0)
    await db.close()
  })

  it('reject with the errors of the file', async () => {
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
