// Strategy: transactions that are ended by their own function, by a close, by a drop or by a signal before they are committed.
// Invariants: U5. A transaction reports success only for its own commit, and never waits for a function without an end.
import { describe, expect, it } from 'vitest'
import { Database } from '../src/database.js'
import type { Transaction } from '../src/transaction/transaction.js'
import { rejection } from './async-setup.js'
import { codeOf, codeOfAsync, turns } from './outcome-codes.js'

describe('a transaction that its function ends', () => {
  const ends: Readonly<Record<string, readonly [(db: Database, tx: Transaction) => unknown, string]>> = {
    'a close': [(db) => db.close(), 'LDB_CLOSED'],
    'a close before a rollback': [
      (db, tx) => {
        db.close()
        tx.rollback()
      },
      'LDB_CLOSED',
    ],
    'a rollback': [(_, tx) => tx.rollback(), 'LDB_ABORTED'],
    'a disposal': [(_, tx) => tx[Symbol.dispose](), 'LDB_ABORTED'],
    'a commit': [(_, tx) => tx.commit(), 'returned 1'],
    nothing: [() => undefined, 'returned 1'],
    'a commit and a rollback': [
      (_, tx) => {
        tx.commit()
        tx.rollback()
      },
      'returned 1',
    ],
    'a commit that is refused': [
      (_, tx) => codeOf(() => tx.commit({ durability: 'wrong' as never })),
      'returned 1',
    ],
  }

  it.each(Object.entries(ends))('by %s reports what became of it', async (_, [end, expected]) => {
    const db = Database.memory()
    let seqAfter = 0
    const run = (tx: Transaction): number => {
      tx.put('a', '1')
      end(db, tx)
      return 1
    }
    expect(codeOf(() => db.transaction(run))).toBe(expected)
    if (db.isOpen) {
      seqAfter = db.seq
      expect(db.has('a')).toBe(expected === 'returned 1')
    }
    expect(seqAfter).toBe(expected === 'returned 1' ? 1 : 0)
    db.close()
    const other = Database.memory()
    const { promises } = other
    const running = promises.transaction(async (tx) => {
      await tx.put('a', '1')
      await Promise.resolve()
      end(other, tx.sync)
      return 1
    })
    expect(await codeOfAsync(() => running)).toBe(expected.replace('returned', 'resolved to'))
    if (other.isOpen) expect(other.has('a')).toBe(expected === 'returned 1')
    await promises.close()
  })

  it('by a commit that conflicts rejects with the conflict, even if the function ignores it', async () => {
    using db = Database.memory()
    db.put('a', '1')
    const tx = db.begin()
    tx.get('a')
    tx.put('b', '1')
    db.put('a', '2')
    expect(codeOf(() => tx.commit())).toBe('LDB_CONFLICT')
    let attempts = 0
    const running = db.promises.transaction(
      async (each, attempt) => {
        attempts = attempt
        await each.put('b', String(await each.get('a')))
        await db.promises.put('a', '3')
        await each.commit().catch(() => undefined)
        return 1
      },
      { retries: 2 },
    )
    expect(await codeOfAsync(() => running)).toBe('LDB_CONFLICT')
    expect([attempts, db.has('b')]).toEqual([3, false])
    await db.promises.close()
  })

  it('by a drop of a keyspace that it wrote to rejects', async () => {
    const db = Database.memory()
    const users = db.keyspace('users')
    const running = db.promises.transaction(async (tx) => {
      await tx.put('a', '1')
      await tx.in(users).put('a', '1')
      db.dropKeyspace('users')
      return 1
    })
    expect(await codeOfAsync(() => running)).toBe('LDB_NOT_FOUND')
    const tags = db.keyspace('tags')
    const tx = db.begin()
    tx.put('b', '1').in(tags).put('b', '1')
    db.dropKeyspace('tags')
    expect(codeOf(() => tx.commit())).toBe('LDB_NOT_FOUND')
    expect(db.count()).toBe(0)
    await db.promises.close()
  })

  it('rejects at once when the database is closed or the signal is aborted, whatever the function waits for', async () => {
    const db = Database.memory()
    const controller = new AbortController()
    const reason = new Error('enough')
    const never = new Promise<never>(() => undefined)
    const aborted = db.promises.transaction(
      async (tx) => {
        await tx.put('a', '1')
        await never
      },
      { signal: controller.signal },
    )
    const closed = db.promises.transaction(async (tx) => {
      await tx.put('a', '1')
      await never
    })
    await turns()
    controller.abort(reason)
    await expect(aborted).rejects.toMatchObject({ code: 'LDB_ABORTED', cause: reason })
    expect(db.stats().transactions.openCount).toBe(1)
    await db.promises.close()
    await expect(closed).rejects.toEqual(rejection('LDB_CLOSED'))
    const other = Database.memory()
    const left = other.promises.transaction(() => never)
    other.close()
    await expect(left).rejects.toEqual(rejection('LDB_CLOSED'))
  })
})
