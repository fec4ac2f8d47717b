// Strategy: functions of synchronous transactions that write past their transaction, through every method of both APIs.
// Invariants: U3. Such a write is refused, with a message that says how to write it; reads, and calls that began before, are not.
import { isLdbError } from '@ldb/base'
import { describe, expect, it } from 'vitest'
import { Database } from '../src/database.js'
import type { Keyspace } from '../src/write/keyspace.js'
import { codeOf, codeOfAsync } from './outcome-codes.js'

describe('a write past the transaction in its synchronous function', () => {
  const attempts: Readonly<Record<string, (db: Database, users: Keyspace<string, string>) => unknown>> = {
    'put of the database': (db) => db.put('a', '2'),
    'put of a keyspace': (_, users) => users.put('a', '2'),
    delete: (_, users) => users.delete('a'),
    deleteRange: (_, users) => users.deleteRange({ gte: 'a' }),
    clear: (_, users) => users.clear(),
    putIfAbsent: (_, users) => users.putIfAbsent('b', '2'),
    compareAndSwap: (_, users) => users.compareAndSwap('a', '1', '2'),
    update: (_, users) => users.update('a', () => '2'),
    'commit of a batch': (db, users) => db.batch().in(users).put('a', '2').commit(),
    'nested transaction': (db) => db.transaction((tx) => tx.put('a', '2')),
    'nested transaction without writes': (db) => db.transaction((tx) => tx.get('a')),
    'commit of another transaction': (db) => {
      using other = db.begin()
      other.put('a', '2')
      other.commit()
    },
    'creation of a keyspace': (db) => db.keyspace('new'),
    'change of a default time to live': (db) => db.keyspace('users', { ttlMs: 1000 }),
    'drop of a keyspace': (db) => {
      db.dropKeyspace('users')
    },
  }
  const asyncAttempts: Readonly<
    Record<string, (db: Database, users: Keyspace<string, string>) => Promise<unknown>>
  > = {
    put: (db) => db.promises.put('a', '2'),
    delete: (db, users) => db.promises.of(users).delete('a'),
    clear: (db, users) => db.promises.of(users).clear(),
    deleteRange: (db, users) => db.promises.of(users).deleteRange({ gte: 'a', limit: 1 }),
    putIfAbsent: (db) => db.promises.putIfAbsent('b', '2'),
    update: (db) => db.promises.update('a', () => '2'),
    'commit of a batch': (db) => db.promises.batch().put('a', '2').commit(),
    transaction: (db) => db.promises.transaction((tx) => tx.put('a', '2')),
    'commit of a transaction': async (db) => {
      const tx = db.promises.begin()
      void tx.put('a', '2')
      await tx.commit()
    },
    keyspace: (db) => db.promises.keyspace('new'),
    dropKeyspace: (db) => db.promises.dropKeyspace('users'),
  }

  function database(): { readonly db: Database; readonly users: Keyspace<string, string> } {
    const db = Database.memory()
    const users = db.keyspace('users')
    db.batch().put('a', '1').in(users).put('a', '1').commit()
    return { db, users }
  }

  it.each(Object.entries(attempts))('is refused: %s', (_, attempt) => {
    const { db, users } = database()
    const { seq } = db
    let message = ''
    db.transaction((tx) => {
      try {
        attempt(db, users)
      } catch (error) {
        if (isLdbError(error, 'LDB_INVALID_ARGUMENT')) ({ message } = error)
      }
      tx.in(users).put('c', users.get('a') ?? '')
    })
    expect(message).toContain('tx.in(users).put(…)')
    expect(db.seq).toBe(seq + 1)
    expect([db.get('a'), users.entries().toArray()]).toEqual([
      '1',
      [
        ['a', '1'],
        ['c', '1'],
      ],
    ])
    expect(codeOf(() => db.transaction(() => attempt(db, users)))).toBe('LDB_INVALID_ARGUMENT')
    // Outside of the function, all of them are allowed.
    attempt(db, users)
    db.close()
  })

  it.each(Object.entries(asyncAttempts))('is refused by the asynchronous API: %s', async (_, attempt) => {
    const { db, users } = database()
    const { seq } = db
    let outcome = Promise.resolve('')
    db.transaction(() => {
      outcome = codeOfAsync(() => attempt(db, users))
    })
    expect(await outcome).toBe('LDB_INVALID_ARGUMENT')
    expect([db.seq, db.get('a'), users.get('a')]).toEqual([seq, '1', '1'])
    await attempt(db, users)
    await db.promises.close()
  })

  it('is not confused with reads, and with calls that began before', async () => {
    const { db, users } = database()
    const put = db.promises.put('p', '1')
    const swap = db.promises.compareAndSwap('q', undefined, '1')
    const outer = db.begin()
    outer.put('r', '1')
    const result = db.transaction((tx) => {
      using snapshot = db.snapshot()
      const reader = db.begin({ readOnly: true })
      const seen = [
        db.get('a'),
        users.count(),
        db.transaction((nested) => nested.get('p'), { readOnly: true }),
        reader.get('q'),
        snapshot.get('a'),
        db.keyspace('users') === users,
      ]
      reader.commit()
      tx.put('s', '1').commit()
      return seen
    })
    expect(result).toEqual(['1', 1, '1', '1', '1', true])
    outer.commit()
    expect([await put, await swap]).toEqual([undefined, true])
    expect(db.keys().toArray()).toEqual(['a', 'p', 'q', 'r', 's'])
    expect(
      codeOf(() =>
        db.transaction(() => {
          throw new Error('mine')
        }),
      ),
    ).toBe('threw Error: mine')
    db.put('t', '1')
    db.close()
  })
})
