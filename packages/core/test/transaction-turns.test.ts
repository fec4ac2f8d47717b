// Strategy: transactions of the asynchronous API that conflict with each other, in memory, with a clock that the test advances.
// Attempts are counted, and each test ends with a check that no update was lost.
// Invariants: A13: no transaction fails for a conflict with another, and each takes two attempts at most; nothing waits for ever.
import { describe, expect, it } from 'vitest'
import type { AsyncDatabase } from '../src/async-database.js'
import type { AsyncTransaction } from '../src/async/transaction.js'
import { flushMicrotasks, holdSyncs, open, rejection } from './async-setup.js'
import { settled } from './async-calls.js'
import { FaultyVfs } from './faulty-vfs.js'

const COUNT = 64
const ISOLATIONS = ['serializable', 'snapshot'] as const

async function increment(tx: AsyncTransaction, key: string): Promise<void> {
  await tx.put(key, String(Number((await tx.get(key)) ?? 0) + 1))
}

/** A promise with its `resolve`. */
function gate(): { readonly promise: Promise<void>; readonly open: () => void } {
  let resolveIt = (): void => undefined
  const promise = new Promise<void>((resolve) => {
    resolveIt = resolve
  })
  return {
    promise,
    open: () => {
      resolveIt()
    },
  }
}

/** Begins a retry that has the turn, and reads the key `n`. */
async function beginRetry(
  db: AsyncDatabase,
  until: Promise<void>,
  body: (tx: AsyncTransaction, attempt: number) => Promise<unknown> = (tx) => increment(tx, 'n'),
): Promise<{ readonly done: Promise<void>; readonly attempts: number[] }> {
  const attempts: number[] = []
  const done = db.transaction(async (tx, attempt) => {
    attempts.push(attempt)
    await body(tx, attempt)
    if (attempt === 1) await db.put('n', '10')
    else await until
  })
  for (let round = 0; attempts.length < 2 && round < 20; round++) await flushMicrotasks()
  expect(attempts).toEqual([1, 2])
  await flushMicrotasks()
  return { done, attempts }
}

describe.each(ISOLATIONS)('concurrent transactions with %s isolation (A13)', (isolation) => {
  it('on one key all commit, with two attempts at most', async () => {
    const db = open(new FaultyVfs())
    const attempts: number[] = []
    await Promise.all(
      Array.from({ length: COUNT }, () =>
        db.transaction(
          async (tx, attempt) => {
            attempts.push(attempt)
            await increment(tx, 'n')
          },
          { isolation },
        ),
      ),
    )
    expect(await db.get('n')).toBe(String(COUNT))
    expect(attempts.length).toBe(2 * COUNT - 1)
    expect(Math.max(...attempts)).toBe(2)
    await db.close()
  })

  it('on overlapping keys all commit, with two attempts at most', async () => {
    const db = open(new FaultyVfs())
    const attempts: number[] = []
    await Promise.all(
      Array.from({ length: COUNT }, (_, index) =>
        db.transaction(
          async (tx, attempt) => {
            attempts.push(attempt)
            await increment(tx, `key${index % 16}`)
            await increment(tx, `key${(index * 7 + 1) % 16}`)
          },
          { isolation },
        ),
      ),
    )
    const values = await db.values().toArray()
    expect(values.reduce((sum, value) => sum + Number(value), 0)).toBe(2 * COUNT)
    expect(Math.max(...attempts)).toBe(2)
    await db.close()
  })

  it('take two attempts at most while others begin all the time, and come in their order', async () => {
    const db = open(new FaultyVfs())
    const attempts: number[] = []
    const rounds = Array.from({ length: 16 }, () => 0)
    await Promise.all(
      rounds.map(async (_, worker) => {
        for (let round = 0; round < 20; round++) {
          await db.transaction(
            async (tx, attempt) => {
              attempts.push(attempt)
              await increment(tx, 'n')
            },
            { isolation },
          )
          rounds[worker] = round
          // First come, first served: none is overtaken by a whole round.
          expect(Math.max(...rounds) - Math.min(...rounds)).toBeLessThanOrEqual(2)
        }
      }),
    )
    expect(await db.get('n')).toBe(String(16 * 20))
    expect(Math.max(...attempts)).toBe(2)
    await db.close()
  })
})

describe('the turn of a retried transaction (A13)', () => {
  it('makes the commit of another one wait, whose second attempt then commits', async () => {
    const db = open(new FaultyVfs())
    const wait = gate()
    const retry = await beginRetry(db, wait.promise)
    const attempts: number[] = []
    let isDone = false
    const other = db
      .transaction(async (tx, attempt) => {
        attempts.push(attempt)
        await increment(tx, 'n')
      })
      .then(() => (isDone = true))
    await flushMicrotasks()
    expect([attempts, isDone]).toEqual([[1], false])
    wait.open()
    await Promise.all([retry.done, other])
    expect([retry.attempts, attempts, await db.get('n')]).toEqual([[1, 2], [1, 2], '12'])
    await db.close()
  })

  it('does not delay reads, nor plain writes, nor transactions that write nothing', async () => {
    const db = open(new FaultyVfs())
    const wait = gate()
    const retry = await beginRetry(db, wait.promise)
    await db.put('a', '1')
    expect(await db.transaction((tx) => tx.get('a'))).toBe('1')
    expect(await db.update('a', (value) => `${value}!`)).toBe('1!')
    wait.open()
    await retry.done
    await db.close()
  })

  it('delays commits that are no conflict for 10 ms only', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const wait = gate()
    const retry = await beginRetry(db, wait.promise, async (tx) => {
      await increment(tx, 'n')
      await tx.keys({ gte: 'x', lt: 'z' }).toArray()
    })
    const done: string[] = []
    const others = ['a', 'n', 'y', 'b'].map((key) =>
      db.transaction((tx) => increment(tx, key)).then(() => done.push(key)),
    )
    await flushMicrotasks()
    vfs.time.advance(9)
    await flushMicrotasks()
    expect(done).toEqual([])
    vfs.time.advance(2)
    await flushMicrotasks()
    expect(done).toEqual(['a', 'b'])
    // Later commits are compared at once.
    for (const key of ['c', 'n'])
      others.push(db.transaction((tx) => increment(tx, key)).then(() => done.push(key)))
    await flushMicrotasks()
    expect(done).toEqual(['a', 'b', 'c'])
    wait.open()
    await Promise.all([retry.done, ...others])
    expect([retry.attempts, await db.get('n')]).toEqual([[1, 2], '13'])
    await db.close()
  })

  it('ends after 100 ms, or after twice the duration of the attempt before: the transaction runs on without it', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const wait = gate()
    const retry = await beginRetry(db, wait.promise, async (tx, attempt) => {
      await increment(tx, 'n')
      if (attempt === 1) vfs.time.advance(200)
    })
    let isDone = false
    const other = db.transaction((tx) => increment(tx, 'n')).then(() => (isDone = true))
    await flushMicrotasks()
    vfs.time.advance(399)
    await flushMicrotasks()
    expect(isDone).toBe(false)
    vfs.time.advance(1)
    await other
    wait.open()
    await retry.done
    expect([retry.attempts, await db.get('n')]).toEqual([[1, 2, 3], '12'])
    await db.close()
  })

  it('lets a long transaction commit beside short ones that are called all the time', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const attempts: number[] = []
    let isDone = false
    let shortCount = 0
    const short = async (): Promise<void> => {
      while (!isDone && shortCount < 2000) {
        await db.transaction((tx) => increment(tx, 'n'))
        shortCount++
      }
    }
    const shorts = [short(), short(), short()]
    await db.transaction(async (tx, attempt) => {
      attempts.push(attempt)
      await increment(tx, 'n')
      for (let step = 0; step < 20; step++) {
        await flushMicrotasks()
        vfs.time.advance(5)
      }
    })
    isDone = true
    await Promise.all(shorts)
    expect(attempts).toEqual([1, 2])
    expect(await db.get('n')).toBe(String(shortCount + 1))
    await db.close()
  })

  it('ends with an exception of the function, and with an abort; a wait for it ends with an abort', async () => {
    const db = open(new FaultyVfs())
    const own = new Error('own')
    const wait = gate()
    const retry = await beginRetry(
      db,
      wait.promise.then(() => Promise.reject(own)),
    )
    const failed = retry.done.catch((error: unknown) => error)
    const [held, queued] = [new AbortController(), new AbortController()]
    // The first waits for its turn, the second with its commit.
    let attemptCount = 0
    const waiting = db.transaction(
      async (tx, attempt) => {
        attemptCount = attempt
        await increment(tx, 'm')
        if (attempt === 1) await db.put('m', '5')
      },
      { signal: queued.signal },
    )
    const holding = db.transaction((tx) => increment(tx, 'n'), { signal: held.signal })
    const outcomes = Promise.allSettled([waiting, holding])
    await flushMicrotasks()
    held.abort()
    queued.abort()
    for (const outcome of await outcomes)
      expect(outcome).toEqual({ status: 'rejected', reason: rejection('LDB_ABORTED') })
    expect(attemptCount).toBe(1)
    const next = db.transaction((tx) => increment(tx, 'n'))
    wait.open()
    expect(await failed).toBe(own)
    await next
    expect([await db.get('n'), await db.get('m')]).toEqual(['11', '5'])
    expect(db.sync.stats().transactions.openCount).toBe(0)
    await db.close()
  })

  it('is no deadlock for a transaction within the function of another one', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const attempts: number[] = []
    const outer = db.transaction(async (tx, attempt) => {
      attempts.push(attempt)
      await increment(tx, 'outer')
      if (attempt === 1) await db.put('outer', '1')
      // The commit waits for the turn of the outer one; then it is itself retried, and waits for a turn of its own.
      await db.transaction(async (inner, innerAttempt) => {
        await increment(inner, 'inner')
        if (innerAttempt === 1) await db.put('inner', '10')
      })
    })
    let isDone = false
    void outer.then(() => (isDone = true))
    for (let step = 0; step < 60 && !isDone; step++) {
      await flushMicrotasks()
      vfs.time.advance(5)
    }
    await outer
    expect([attempts, await db.get('outer'), await db.get('inner')]).toEqual([[1, 2], '2', '11'])
    await db.close()
  })

  it('is passed on by close, which lets all transactions finish', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const release = holdSyncs(vfs)
    const calls = Array.from({ length: COUNT }, () => db.transaction((tx) => increment(tx, 'n')))
    const closed = db.close()
    release()
    expect(await settled(calls)).toEqual(Array(COUNT).fill(undefined))
    await closed
    const again = open(vfs)
    expect(await again.get('n')).toBe(String(COUNT))
    await again.close()
  })

  it('does not delay a close when its function never ends', async () => {
    const vfs = new FaultyVfs()
    const db = open(vfs)
    const retry = await beginRetry(db, new Promise(() => undefined))
    const others = [1, 2].map((number) =>
      db.transaction(async (tx, attempt) => {
        await increment(tx, 'm')
        if (attempt === 1) await db.put('m', String(10 * number))
      }),
    )
    await flushMicrotasks()
    const closed = db.close()
    expect(await settled([retry.done, ...others])).toEqual(['LDB_CLOSED', undefined, undefined])
    await closed
  })

  it('does not outlive a close of the synchronous API', async () => {
    const db = open(new FaultyVfs())
    const retry = await beginRetry(db, new Promise(() => undefined))
    const other = db.transaction((tx) => increment(tx, 'n'))
    await flushMicrotasks()
    db.sync.close()
    expect(await settled([retry.done, other])).toEqual(['LDB_CLOSED', 'LDB_CLOSED'])
  })
})
