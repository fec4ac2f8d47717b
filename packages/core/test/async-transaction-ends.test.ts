// Strategy: transactions of the asynchronous API that end by a close, a failed sync or garbage collection.
// Invariants: A3, A6, C3, and M21, M22 of @ldb/mvcc.
import { MemoryVfs } from '@ldb/vfs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { Database } from '../src/database.js'
import { holdSyncs, open, rejection, flushMicrotasks } from './async-setup.js'
import { deviceError, FaultyVfs } from './faulty-vfs.js'

describe('the end of a transaction of the asynchronous API', () => {
  it('comes with close: it is rolled back, and throws LDB_CLOSED afterwards (A6, M21)', async () => {
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

  it('is awaited by a close that is called after the commit', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const release = holdSyncs(vfs)
    const tx = db.begin()
    await tx.put('a', '1')
    const committed = tx.commit()
    const closed = db.close()
    await flushMicrotasks()
    release()
    await Promise.all([committed, closed])
    const again = open(vfs)
    expect(await again.get('a')).toBe('1')
    await again.close()
  })

  it('is LDB_COMMIT_UNKNOWN when the shared sync fails, and the database accepts no more writes (A3, C3)', async () => {
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
    await flushMicrotasks()
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

  it('is detected and logged when an open transaction is garbage-collected (M22)', async () => {
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
    expect(warnings).toEqual([expect.stringContaining('was garbage-collected without commit()')])
    expect(db.stats().transactions).toMatchObject({ openCount: 0, leakedCount: 1 })
    await db.promises.close()
  })
})
