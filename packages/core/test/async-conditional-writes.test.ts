// Strategy: conditional writes of the asynchronous API over in-memory files that can delay a sync, and whose pages are
// not in memory.
// Invariants: conditional writes see commits in flight, keep their position in the commit order, and resolve when what
// they read is durable.
import { describe, expect, it } from 'vitest'
import { AsyncDatabase } from '../src/async-database.js'
import { filled, holdSyncs, open, rejection, flushMicrotasks, watchReads } from './async-setup.js'
import { FaultyVfs } from './faulty-vfs.js'

describe('conditional writes of the asynchronous API', () => {
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
    await flushMicrotasks()
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

  it('resolve only after the commits that they read are durable', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const release = holdSyncs(vfs)
    let answered = false
    const put = db.put('key', '1')
    const conditional = db.putIfAbsent('key', '2').then((result) => {
      answered = true
      return result
    })
    await flushMicrotasks()
    expect(answered).toBe(false)
    release()
    await put
    expect(await conditional).toBe(false)
    await db.close()
  })

  it('keep their position in the commit order while a page loads for them', async () => {
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

  it('reject with the exception of the callback, and reject a promise', async () => {
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
