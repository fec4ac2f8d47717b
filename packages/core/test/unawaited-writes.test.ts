// Strategy: many puts and deletes of the asynchronous API that are not awaited one by one, over in-memory files.
// Invariants: A1, A2, C1, C9: each is a commit of its own, in the order of the calls, although they are retained and applied
// together.
import { describe, expect, it } from 'vitest'
import type { AsyncDatabase } from '../src/async-database.js'
import {
  filled,
  flushMicrotasks,
  holdSyncs,
  open,
  openWithSegment,
  rejection,
  watchReads,
} from './async-setup.js'
import { deviceError, FaultyVfs } from './faulty-vfs.js'

/** Calls `count` puts and deletes of few keys, of many lengths, and returns the entries that they leave. */
function callMany(db: AsyncDatabase, count: number, calls: Promise<unknown>[]): Map<string, string> {
  const model = new Map<string, string>()
  for (let index = 0; index < count; index++) {
    const key = `key${(index * 7) % 41}`
    if (index % 5 === 3) {
      calls.push(db.delete(key))
      model.delete(key)
    } else {
      // A few values are too long to share memory with others.
      const value = `${index}`.padEnd(index % 50 === 0 ? 3000 : (index * 13) % 700, '.')
      calls.push(db.put(key, value))
      model.set(key, value)
    }
  }
  return model
}

const sorted = (model: Map<string, string>): [string, string][] =>
  [...model].sort(([a], [b]) => (a < b ? -1 : 1))

describe('writes that are not awaited', () => {
  it('are commits of their own: in numbers, in changes, and after a reopening', async () => {
    const vfs = new FaultyVfs()
    const db = await openWithSegment(vfs)
    const before = db.seq
    const changes = db.changes({ since: before })
    const calls: Promise<unknown>[] = []
    const model = callMany(db, 1000, calls)
    model.set('begun', '')
    await Promise.all(calls)
    expect(db.seq).toBe(before + 1000)
    expect(await db.entries().toArray()).toEqual(sorted(model))
    for (let seq = before + 1; seq <= before + 1000; seq++) {
      const { value } = await changes.next()
      expect([value?.seq, value?.changes.length]).toEqual([seq, 1])
    }
    expect((await db.verify()).ok).toBe(true)
    await db.close()
    const again = open(vfs)
    expect(await again.entries().toArray()).toEqual(sorted(model))
    await again.close()
  })

  it('keep their order among keyspaces, batches, durabilities and conditional writes', async () => {
    const db = await openWithSegment(new FaultyVfs())
    const other = await db.keyspace('other')
    const calls: Promise<unknown>[] = []
    for (let round = 0; round < 100; round++) {
      calls.push(db.put('a', `${round}`), db.put('b', `${round}`))
      calls.push(db.update('a', (value) => `${value}!`))
      calls.push(other.put('a', `${round}`, round % 2 === 0 ? { durability: 'none' } : undefined))
      calls.push(
        db.put('c', `${round}`),
        db.batch().put('c', `${round}?`).in(other).put('b', `${round}`).commit(),
      )
      calls.push(
        db.compareAndSwap('b', `${round}`, `${round}=`),
        db.delete('d'),
        db.putIfAbsent('d', `${round}`),
      )
    }
    await Promise.all(calls)
    const expected = [
      ['a', '99!'],
      ['b', '99='],
      ['begun', ''],
      ['c', '99?'],
      ['d', '99'],
    ]
    expect(await db.entries().toArray()).toEqual(expected)
    expect(await other.entries().toArray()).toEqual([
      ['a', '99'],
      ['b', '99'],
    ])
    await db.close()
  })

  it('are seen by a conditional write that calls them itself, and by one behind it (C9)', async () => {
    const db = await openWithSegment(new FaultyVfs())
    const calls: Promise<unknown>[] = [db.put('a', '1')]
    calls.push(
      db.update('a', (value) => {
        calls.push(db.put('b', `${value}2`), db.put('c', '3'))
        return `${value}4`
      }),
      db.compareAndSwap('b', '12', 'seen'),
      db.update('c', (value) => `${value}5`),
    )
    const conflict = db.update('c', () => {
      calls.push(db.put('x', '1'), db.put('c', 'changed'))
      return 'lost'
    })
    await expect(conflict).rejects.toEqual(rejection('LDB_CONFLICT'))
    await Promise.all(calls)
    expect(await db.getMany(['a', 'b', 'c'])).toEqual(['14', 'seen', 'changed'])
    await db.close()
  })

  it('conflict with transactions that begin among them, and not with later ones (M6)', async () => {
    const vfs = new FaultyVfs()
    const db = await openWithSegment(vfs)
    const release = holdSyncs(vfs)
    const calls = [db.put('a', '1'), db.put('b', '1')]
    const [first, second] = [db.begin(), db.begin()]
    await first.put('b', '2')
    calls.push(db.put('c', '1'), db.put('d', '1'))
    await second.get('d')
    await second.put('e', '2')
    const outcomes = Promise.allSettled([first.commit(), second.commit()])
    calls.push(db.put('f', '1'))
    release()
    await Promise.all(calls)
    for (const outcome of await outcomes)
      expect(outcome).toEqual({ status: 'rejected', reason: rejection('LDB_CONFLICT') })
    await db.transaction(async (tx, attempt) => {
      expect(attempt).toBe(1)
      await tx.put('b', `${await tx.get('b')}!`)
    })
    expect(await db.get('b')).toBe('1!')
    await db.close()
  })

  it('become visible when they are durable, or by a synchronous commit, which follows them (A1, A2)', async () => {
    const vfs = new FaultyVfs()
    const db = await openWithSegment(vfs)
    const release = holdSyncs(vfs)
    const calls: Promise<unknown>[] = []
    callMany(db, 200, calls)
    await flushMicrotasks()
    expect([await db.count(), db.seq]).toEqual([1, 1])
    const model = callMany(db, 100, calls)
    db.sync.put('key0', 'sync')
    model.set('key0', 'sync')
    expect(db.seq).toBe(302)
    const later = [db.put('key0', 'later')]
    release()
    await Promise.all([...calls, ...later])
    for (const [key, value] of model) expect(await db.get(key)).toBe(key === 'key0' ? 'later' : value)
    await db.close()
  })

  it('do not join the commits of a sync that runs (A2)', async () => {
    const vfs = new FaultyVfs()
    const db = await openWithSegment(vfs)
    const releaseFirst = holdSyncs(vfs)
    const first = db.put('a', '1')
    await flushMicrotasks()
    const releaseSecond = holdSyncs(vfs)
    let isSecondDone = false
    const second = db.put('b', '1').then(() => (isSecondDone = true))
    const gate = vfs.syncGate
    releaseFirst()
    vfs.syncGate = gate
    await first
    await flushMicrotasks()
    expect([await db.get('a'), await db.get('b'), isSecondDone]).toEqual(['1', undefined, false])
    releaseSecond()
    await second
    expect(await db.get('b')).toBe('1')
    await db.close()
  })

  it('do not overwrite those that are pending when they are called at acknowledgements', async () => {
    const db = await openWithSegment(new FaultyVfs())
    const call = (index: number): Promise<void> => db.put(`key${index}`, `${index}`.padEnd(700, '.'))
    await Promise.all(
      Array.from({ length: 2500 }, (_, index) => call(index).then(() => call(index + 10_000))),
    )
    for (let index = 0; index < 2500; index++) {
      expect(await db.get(`key${index}`)).toBe(`${index}`.padEnd(700, '.'))
      expect(await db.get(`key${index + 10_000}`)).toBe(`${index + 10_000}`.padEnd(700, '.'))
    }
    await db.close()
  })

  it('all fail when the sync fails, and are awaited by a close otherwise', async () => {
    const vfs = new FaultyVfs()
    const db = await openWithSegment(vfs)
    const calls: Promise<unknown>[] = []
    const model = callMany(db, 500, calls)
    const closed = db.close()
    await Promise.all([...calls, closed])
    const again = await openWithSegment(vfs)
    for (const [key, value] of model) expect(await again.get(key)).toBe(value)
    vfs.fault = (call, path) => (call === 'syncAsync' ? deviceError('LDB_IO', 'sync', path) : undefined)
    const failing: Promise<unknown>[] = []
    callMany(again, 300, failing)
    const own = again.put('key', 5 as unknown as string)
    for (const outcome of await Promise.allSettled(failing))
      expect(outcome).toEqual({ status: 'rejected', reason: rejection('LDB_COMMIT_UNKNOWN') })
    await expect(own).rejects.toEqual(rejection('LDB_INVALID_ARGUMENT'))
    await again.close().catch(() => undefined)
  })

  it('load missing pages off the thread, a thousand commits at a time', async () => {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, 30_000)
    const counts = watchReads(vfs)
    let pending = 0
    let pendingMax = 0
    vfs.delay = async () => {
      pendingMax = Math.max(pendingMax, ++pending)
      await flushMicrotasks()
      pending--
    }
    // Each on a page of its own.
    const calls = Array.from({ length: 1500 }, (_, index) =>
      db.put(`key${String(20 * index).padStart(6, '0')}`, 'new'),
    )
    await Promise.all(calls)
    expect(pendingMax).toBeGreaterThan(500)
    expect(pendingMax).toBeLessThan(1200)
    expect(counts.async).toBeGreaterThan(1500)
    expect(await db.get('key029980')).toBe('new')
    await db.close()
  })
})
