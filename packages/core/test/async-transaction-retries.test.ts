// Strategy: `transaction(run)` of the asynchronous API beside conflicting commits, over in-memory files that can delay
// a sync.
// Invariants: A7, C10, and M17 of @ldb/mvcc: a retry sees the conflicting commit, and no update is lost.
import { describe, expect, it } from 'vitest'
import { AsyncDatabase } from '../src/async-database.js'
import { holdSyncs, open, rejection, flushMicrotasks } from './async-setup.js'
import { FaultyVfs } from './faulty-vfs.js'

describe('transaction(run) of the asynchronous API', () => {
  it('retries from fresh reads until it commits, and counts the attempts', async () => {
    const db = open(new FaultyVfs())
    await db.put('n', '0')
    const attempts: number[] = []
    const given = await db.transaction(async (tx, attempt) => {
      attempts.push(attempt)
      const n = Number(await tx.get('n'))
      if (attempt <= 3) await db.put('n', String(n + 10))
      await tx.put('n', String(n + 1))
      return n
    })
    expect([given, await db.get('n'), attempts]).toEqual([30, '31', [1, 2, 3, 4]])
    expect(db.sync.stats().transactions).toMatchObject({ conflictCount: 3, openCount: 0, committedCount: 1 })
    await db.close()
  })

  it('retries after the conflicting commit is visible, not earlier', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const release = holdSyncs(vfs)
    const seen: unknown[] = []
    let flying: Promise<void> | undefined
    const won = db.transaction(async (tx, attempt) => {
      seen.push([attempt, await tx.get('a')])
      flying ??= db.put('a', '1')
      await tx.put('b', '1')
    })
    await flushMicrotasks()
    expect(seen).toEqual([[1, undefined]])
    release()
    await Promise.all([won, flying])
    expect(seen).toEqual([
      [1, undefined],
      [2, '1'],
    ])
    await db.close()
  })

  it('loses no update under concurrency', async () => {
    const db = open(new FaultyVfs())
    const count = 40
    await Promise.all(
      Array.from({ length: count }, () =>
        db.transaction(async (tx) => tx.put('n', String(Number((await tx.get('n')) ?? 0) + 1)), {
          retries: Infinity,
        }),
      ),
    )
    expect(await db.get('n')).toBe(String(count))
    await db.close()
  })

  it('fails after its last retry, and at once for any other error', async () => {
    const db = await AsyncDatabase.memory()
    let runs = 0
    const losing = db.transaction(
      async (tx) => {
        runs++
        await tx.get('a')
        await db.put('a', String(runs))
        await tx.put('b', '1')
      },
      { retries: 2 },
    )
    await expect(losing).rejects.toEqual(rejection('LDB_CONFLICT'))
    expect(runs).toBe(3)
    const own = new Error('own')
    await expect(
      db.transaction(async (tx) => {
        runs++
        await tx.put('c', '1')
        throw own
      }),
    ).rejects.toBe(own)
    expect([runs, await db.get('b'), await db.get('c')]).toEqual([4, undefined, undefined])
    for (const options of [{ retries: -1 }, { retries: 1.5 }, { tries: 1 }, { isolation: 'none' }])
      await expect(db.transaction(() => 1, options as object)).rejects.toEqual(
        rejection('LDB_INVALID_ARGUMENT'),
      )
    await expect(db.transaction('no' as never)).rejects.toEqual(rejection('LDB_INVALID_ARGUMENT'))
    expect(() => db.begin({ retries: 1 } as object)).toThrow(rejection('LDB_INVALID_ARGUMENT') as Error)
    await db.close()
  })

  it('rejects with LDB_ABORTED, and writes nothing, when its signal is aborted (A7)', async () => {
    const db = await AsyncDatabase.memory()
    const abort = new AbortController()
    const aborted = db.transaction(
      async (tx) => {
        await tx.put('a', '1')
        abort.abort()
      },
      { signal: abort.signal },
    )
    await expect(aborted).rejects.toEqual(rejection('LDB_ABORTED'))
    const tx = db.begin()
    await tx.put('a', '1')
    await expect(tx.commit({ signal: abort.signal })).rejects.toEqual(rejection('LDB_ABORTED'))
    expect([tx.isOpen, await db.count(), db.sync.stats().transactions.openCount]).toEqual([false, 0, 0])
    await db.close()
  })
})
