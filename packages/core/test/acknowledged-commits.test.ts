// Strategy: commits that are acknowledged and not applied yet, as `isWaiting` reports, followed by one read of each
// kind.
// Invariants: C11: no read can observe that they were not applied; A1, A2 over several keyspaces, with ranges between
// puts; C3 when the stores fail.
import { isLdbError } from '@ldb/base'
import { describe, expect, it } from 'vitest'
import type { AsyncDatabase } from '../src/async-database.js'
import { AsyncDatabase as AsyncApi } from '../src/async-database.js'
import { Database } from '../src/database.js'
import type { OpenDatabase } from '../src/open/open-database.js'
import { openDatabase } from '../src/open/opening.js'
import { holdSyncs, rejection, TUNING, flushMicrotasks, watchReads } from './async-setup.js'
import { deviceError, FaultyVfs } from './faulty-vfs.js'

interface Opened {
  readonly db: AsyncDatabase
  readonly opened: OpenDatabase
  isWaiting(): boolean
}

function open(vfs: FaultyVfs): Opened {
  const opened = openDatabase('data', { vfs, cacheBytes: 65_536, blobBytes: 1_000_000 }, TUNING)
  const db = new Database(opened).makePromises(AsyncApi)
  return { db, opened, isWaiting: () => opened.keyspaces.acknowledged.isPending }
}

/** Returns a database with entries, and one acknowledged commit that is not applied. */
async function openWithDeferred(vfs: FaultyVfs): Promise<Opened> {
  const opened = open(vfs)
  await Promise.all(['a', 'b', 'c'].map((key) => opened.db.put(key, 'old')))
  // No file is read from here on, which is the condition for deferred application.
  await opened.db.put('a', 'old')
  await flushMicrotasks()
  expect(opened.isWaiting()).toBe(false)
  await opened.db.put('b', 'new')
  expect(opened.isWaiting()).toBe(true)
  return opened
}

/** Counts synchronous reads of store files. */
function watch(vfs: FaultyVfs): { readCount(): number } {
  const counts = watchReads(vfs)
  return { readCount: () => counts.sync }
}

const READS: Record<string, (db: AsyncDatabase) => unknown> = {
  get: (db) => db.sync.get('b'),
  borrow: (db) => db.sync.get('b', { borrow: true }),
  getMany: (db) => db.sync.getMany(['b'])[0],
  'get, asynchronous API': (db) => db.get('b'),
  'getMany, asynchronous API': async (db) => (await db.getMany(['b']))[0],
  entries: (db) => [...db.sync.entries({ gt: 'a', lt: 'c' })][0]?.[1],
  'entries, asynchronous API': async (db) => {
    for await (const [, value] of db.entries({ gt: 'a', lt: 'c' })) return value
    return undefined
  },
  cursor: (db) => {
    using cursor = db.sync.cursor()
    cursor.seek('b')
    return cursor.value
  },
  snapshot: (db) => {
    using snapshot = db.sync.snapshot()
    return snapshot.get('b')
  },
  'snapshot, asynchronous API': async (db) => {
    const snapshot = db.snapshot()
    const value = await snapshot.get('b')
    await snapshot.release()
    return value
  },
  transaction: (db) => db.sync.transaction((transaction) => transaction.get('b')),
  'read-only transaction': (db) => {
    using transaction = db.sync.begin({ readOnly: true })
    return transaction.get('b')
  },
  'transaction, asynchronous API': (db) => db.transaction((transaction) => transaction.get('b')),
  update: (db) => db.update('b', (value) => `${value}`),
  'update, synchronous API': (db) => db.sync.update('b', (value) => `${value}`),
  'compare and swap': async (db) => ((await db.compareAndSwap('b', 'new', 'newer')) ? 'new' : 'old'),
  'commit of the synchronous API': (db) => {
    db.sync.put('d', 'x')
    return db.sync.get('b')
  },
  checkpoint: async (db) => {
    db.sync.checkpoint()
    return db.get('b')
  },
}

describe('an acknowledged commit', () => {
  it.each(Object.entries(READS))('is visible to %s', async (_, read) => {
    const { db } = await openWithDeferred(new FaultyVfs())
    expect(await read(db)).toBe('new')
    await db.close()
  })

  it('is counted by seq and stats', async () => {
    const { db } = await openWithDeferred(new FaultyVfs())
    expect(db.seq).toBe(5)
    await db.put('e', '')
    const { seq, commitCount, keyspaces } = db.sync.stats()
    expect([seq, commitCount, keyspaces[0]?.entryCount]).toEqual([6, 6, 4])
    await db.close()
  })

  it('is invisible to a transaction and a snapshot that began before it', async () => {
    const { db } = open(new FaultyVfs())
    await db.put('a', 'old')
    const transaction = db.sync.begin()
    const snapshot = db.sync.snapshot()
    await db.put('a', 'new')
    expect([transaction.get('a'), snapshot.get('a'), db.sync.get('a')]).toEqual(['old', 'old', 'new'])
    transaction.put('a', 'mine')
    expect(() => {
      transaction.commit()
    }).toThrowError(rejection('LDB_CONFLICT') as Error)
    snapshot.release()
    await db.close()
  })

  it('is applied without a read, during the next sync or without one', async () => {
    const vfs = new FaultyVfs()
    const { db, isWaiting } = await openWithDeferred(vfs)
    await flushMicrotasks()
    expect(isWaiting()).toBe(false)
    await db.put('a', '1')
    expect(isWaiting()).toBe(true)
    const release = holdSyncs(vfs)
    const next = db.put('a', '2')
    await flushMicrotasks()
    expect(isWaiting()).toBe(false)
    expect(db.sync.get('a')).toBe('1')
    release()
    await next
    await db.close()
  })

  it('survives a close and an open, and a forced close', async () => {
    const vfs = new FaultyVfs()
    const { db } = await openWithDeferred(vfs)
    db.sync.close()
    const again = open(vfs)
    expect(await again.db.get('b')).toBe('new')
    await again.db.close()
  })

  it('is returned by change streams, in order', async () => {
    const { db } = await openWithDeferred(new FaultyVfs())
    const changes = db.sync.changes({ since: 0 })
    const seqs: number[] = []
    for await (const { seq } of changes) {
      seqs.push(seq)
      if (seqs.length === 3) await Promise.all([db.put('x', '1'), db.put('x', '2')])
      if (seqs.length === 7) break
    }
    expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7])
    await db.close()
  })
})

describe('commits that are applied together', () => {
  it('have the same effect as one by one, over keyspaces, with ranges and batches between puts', async () => {
    const { db } = open(new FaultyVfs())
    const other = await db.keyspace('other')
    const spaces = [db, other]
    const expected = [new Map<string, string>(), new Map<string, string>()]
    let word = 7
    const random = (below: number): number => {
      word = (Math.imul(word, 1_103_515_245) + 12_345) >>> 0
      return (word >>> 8) % below
    }
    for (let round = 0; round < 12; round++) {
      const commits: Promise<unknown>[] = []
      for (let index = 0; index < 150; index++) {
        const which = random(2)
        const [space, map] = [spaces[which]!, expected[which]!]
        const key = `k${random(40).toString().padStart(2, '0')}`
        const kind = random(10)
        if (kind === 0) {
          commits.push(space.deleteRange({ gte: key, lt: 'k20' }))
          for (const each of [...map.keys()]) if (each >= key && each < 'k20') map.delete(each)
        } else if (kind === 1) {
          commits.push(space.delete(key))
          map.delete(key)
        } else if (kind === 2) {
          commits.push(db.batch().put(key, 'both').in(other).put(key, 'both').commit())
          for (const each of expected) each.set(key, 'both')
        } else {
          const value = String(round * 1000 + index).repeat(random(30) === 0 ? 1000 : 1)
          commits.push(space.put(key, value, random(4) === 0 ? { durability: 'none' } : {}))
          map.set(key, value)
        }
      }
      await Promise.all(commits)
      if (round % 3 === 0) await flushMicrotasks()
      for (const [which, space] of spaces.entries()) {
        const sorted = [...expected[which]!].sort(([a], [b]) => (a < b ? -1 : 1))
        expect([...space.sync.entries()]).toEqual(sorted)
      }
    }
    expect(db.sync.verify().findings).toEqual([])
    await db.close()
  })

  it('all fail when the stores cannot apply them, and survive the next open (C3)', async () => {
    const vfs = new FaultyVfs()
    const { db, isWaiting } = await openWithDeferred(vfs)
    const errors: unknown[] = []
    db.on('error', ({ error }) => errors.push(error))
    vfs.fault = (call, path) =>
      call === 'write' && path.endsWith('tree.ldb') ? deviceError('LDB_NO_SPACE', call, path) : undefined
    const outcomes = await Promise.allSettled([
      db.put('before', '1'),
      db.put('large', 'x'.repeat(50_000)),
      db.put('after', '1'),
    ])
    expect(isWaiting()).toBe(false)
    const codes = outcomes.map((each) => each.status === 'rejected' && (each.reason as { code: string }).code)
    expect(codes).toEqual(['LDB_NO_SPACE', 'LDB_NO_SPACE', 'LDB_NO_SPACE'])
    expect(errors).toHaveLength(1)
    for (const read of [() => db.sync.get('b'), () => db.sync.snapshot(), () => db.sync.begin()]) {
      expect(read).toThrowError(rejection('LDB_POISONED') as Error)
    }
    await expect(db.get('b')).rejects.toEqual(rejection('LDB_POISONED'))
    vfs.fault = () => undefined
    await db.close()
    const again = open(vfs).db
    expect(await again.getMany(['b', 'before', 'after'])).toEqual(['new', '1', '1'])
    expect((await again.get('large'))?.length).toBe(50_000)
    await again.close()
  })

  it('load a missing page, even for a read that may not block', async () => {
    const vfs = new FaultyVfs()
    const { db, isWaiting } = open(vfs)
    for (let index = 0; index < 4000; index++)
      void db.put(`key${index}`, 'x'.repeat(60), { durability: 'none' })
    await db.put('warm', '')
    await db.checkpoint()
    let cold = -1
    for (let index = 0; index < 4000 && cold < 0; index += 37) {
      for (let group = 0; group < 3; group++) await db.put('warm', '')
      await flushMicrotasks()
      // Only the first 16 commits of a group are checked for missing pages.
      const group = [...Array.from({ length: 16 }, () => 'warm'), `key${index}`]
      await Promise.all(group.map((key) => db.put(key, 'new')))
      expect(isWaiting()).toBe(true)
      const { readCount } = watch(vfs)
      expect(await db.get('warm')).toBe('new')
      if (readCount() > 0) cold = index
      vfs.fault = () => undefined
    }
    expect(cold).toBeGreaterThanOrEqual(0)
    expect(await db.get(`key${cold}`)).toBe('new')
    await db.close()
  })

  it('make every read fail when the stores cannot apply an acknowledged commit (C11)', async () => {
    const vfs = new FaultyVfs()
    const { db, isWaiting } = open(vfs)
    const keyspaces = await Promise.all(['p', 'q'].map((name) => db.keyspace(name)))
    // Dirty pages fill the cache, so that a new page needs an eviction, whose write fails.
    let code: string | undefined
    let acknowledged = 0
    vfs.fault = (call, path) =>
      call === 'write' && path.endsWith('tree.ldb') ? deviceError('LDB_NO_SPACE', call, path) : undefined
    for (let index = 0; index < 5000 && code === undefined; index++) {
      try {
        await keyspaces[index % 2]!.put(`key ${index}`, 'x'.repeat(80))
        acknowledged++
        if (isWaiting() && index % 50 === 0) keyspaces[0]!.sync.get('key')
      } catch (error) {
        code = isLdbError(error) ? error.code : String(error)
      }
    }
    expect(['LDB_POISONED', 'LDB_COMMIT_UNKNOWN', 'LDB_NO_SPACE']).toContain(code)
    expect(db.seq).toBeGreaterThanOrEqual(acknowledged)
    for (const keyspace of keyspaces) {
      expect(() => keyspace.sync.get('key 0')).toThrowError(rejection('LDB_POISONED') as Error)
    }
    vfs.fault = () => undefined
    await db.close()
    const again = open(vfs).db
    let count = 0
    for (const name of ['p', 'q']) count += (await again.keyspace(name)).sync.count()
    expect(count).toBeGreaterThanOrEqual(acknowledged)
    await again.close()
  })
})
