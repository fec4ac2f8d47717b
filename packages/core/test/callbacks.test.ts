// Strategy: functions of the caller that return promises, foreign promises that throw, and results whose `then` cannot be read; and
// functions of synchronous transactions that write past their transaction, or end it.
// Invariants: U3, U4, U5. The call reports such a function once, as its own error; no rejection stays unhandled.
import { isLdbError } from '@ldb/base'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import type { Keyspace } from '../src/write/keyspace.js'
import { Database } from '../src/database.js'
import type { Logger } from '../src/health/options.js'
import type { Transaction } from '../src/transaction/transaction.js'
import { rejection } from './async-setup.js'

function codeOf(call: () => unknown): string {
  try {
    return `returned ${JSON.stringify(call())}`
  } catch (error) {
    return isLdbError(error) ? error.code : `threw ${String(error)}`
  }
}

async function codeOfAsync(call: () => Promise<unknown>): Promise<string> {
  try {
    return `resolved to ${JSON.stringify(await call())}`
  } catch (error) {
    return isLdbError(error) ? error.code : `rejected with ${String(error)}`
  }
}

async function turns(): Promise<void> {
  for (let round = 0; round < 5; round++) await new Promise((resolve) => setImmediate(resolve))
}

/** Results of functions that must be synchronous. */
const PROMISES: Readonly<Record<string, () => unknown>> = {
  'a promise': () => Promise.resolve(1),
  'a rejected promise': () => Promise.reject(new Error('rejected')),
  'a promise that is rejected later': async () => {
    await Promise.resolve()
    throw new Error('rejected later')
  },
  'a foreign promise that throws': () => ({
    // oxlint-disable-next-line unicorn/no-thenable -- the subject of the test
    then: () => {
      throw new Error('thrown by then')
    },
  }),
  'a function with a method then': () =>
    // oxlint-disable-next-line unicorn/no-thenable -- the subject of the test
    Object.assign(() => 1, {
      then: (_: unknown, reject: (error: unknown) => void) => reject(new Error('no')),
    }),
  'an object whose then cannot be read': () => ({
    // oxlint-disable-next-line unicorn/no-thenable -- the subject of the test
    get then(): never {
      throw new Error('thrown by the getter')
    },
  }),
}

describe.each(Object.entries(PROMISES))('a function that returns %s', (_, result) => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => {
    unhandled.push(reason)
  }
  beforeEach(() => {
    unhandled.length = 0
    process.on('unhandledRejection', note)
  })
  afterEach(async () => {
    await turns()
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
  const given = result as () => never

  it('is refused where it must be synchronous, and nothing is written', async () => {
    using db = Database.memory()
    db.put('a', '1')
    const custom = db.keyspace('custom', { values: { name: 'custom', encode: given, decode: given } })
    const calls: readonly (() => unknown)[] = [
      () => db.transaction(given),
      () =>
        db.transaction((tx) => {
          tx.put('a', '2')
          return given()
        }),
      () => db.update('a', given),
      () => db.entries().forEach(given),
      () => db.entries().filter(given).toArray(),
      () => db.entries().some(given),
      () => db.entries().every(given),
      () => db.entries().find(given),
      () => db.entries().flatMap(given).toArray(),
      () => db.verify({ onProgress: given }),
      () => custom.put('a', '1' as never),
    ]
    for (const call of calls) expect(codeOf(call)).toBe('LDB_INVALID_ARGUMENT')
    expect(await codeOfAsync(() => db.promises.update('a', given))).toBe('LDB_INVALID_ARGUMENT')
    expect(await codeOfAsync(() => db.promises.verify({ onProgress: given }))).toBe('LDB_INVALID_ARGUMENT')
    expect(db.entries().toArray()).toEqual([['a', '1']])
    expect(db.stats().transactions.openCount + db.stats().reads.openCount).toBe(0)
    await db.promises.close()
  })

  it('is reported to the logger where it listens to events', async () => {
    const errors: string[] = []
    const ignore = (): void => undefined
    const logger: Logger = {
      debug: ignore,
      info: ignore,
      warn: ignore,
      error: (text) => void errors.push(text),
    }
    const db = Database.memory({ logger })
    db.on('checkpoint', given)
    db.put('a', '1')
    db.checkpoint()
    await turns()
    expect(errors).toHaveLength(result === PROMISES['a promise'] ? 0 : 1)
    db.off('checkpoint', given)
    db.close()
  })
})

test('a logger and a listener that fail do not fail the operation', async () => {
  const fail = (): never => {
    throw Object.create(null)
  }
  const reject = (): Promise<never> => Promise.reject(new Error('rejected'))
  for (const logger of [
    { debug: fail, info: fail, warn: fail, error: fail },
    { debug: reject, info: reject, warn: reject, error: reject },
  ]) {
    const db = Database.memory({ logger: logger as unknown as Logger })
    db.on('checkpoint', fail)
    db.put('a', '1')
    db.checkpoint()
    expect(db.get('a')).toBe('1')
    db.close()
    await turns()
  }
})

test('functions of scans may work on promises where those are results', async () => {
  using db = Database.memory()
  db.batch().put('a', '1').put('b', '2').commit()
  const lengths = db.keys().map(async (key) => key.length)
  expect(await Promise.all(lengths.toArray())).toEqual([1, 1])
  const text = db.values().reduce(async (joined, value) => (await joined) + value, Promise.resolve(''))
  expect(await text).toBe('12')
})

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

describe('a range delete without a bound', () => {
  it.each<[string, unknown]>([
    ['no argument', undefined],
    ['an empty object', {}],
    ['an undefined prefix', { prefix: undefined }],
    ['undefined bounds', { gt: undefined, gte: undefined, lt: undefined, lte: undefined }],
    ['a limit alone', { limit: 1 }],
    ['reverse alone', { reverse: true, offset: 2 }],
    ['an inherited bound', Object.create({ gte: 'a' })],
  ])('is refused: %s', async (_, given) => {
    using db = Database.memory()
    const users = db.keyspace('users')
    db.batch().put('a', '1').in(users).put('a', '1').commit()
    const range = given as { gte: string }
    const { promises } = db
    const tx = db.begin()
    const asyncTx = promises.begin()
    for (const call of [
      () => db.deleteRange(range),
      () => users.deleteRange(range),
      () => db.batch().deleteRange(range),
      () => db.batch().in(users).deleteRange(range),
      () => tx.deleteRange(range),
      () => tx.in(users).deleteRange(range),
      () => promises.batch().deleteRange(range),
    ]) {
      expect(call).toThrow(expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' }) as Error)
      expect(call).toThrow('clear()')
    }
    for (const call of [
      () => promises.deleteRange(range),
      () => promises.of(users).deleteRange(range),
      () => asyncTx.deleteRange(range),
      () => asyncTx.in(users).deleteRange(range),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'LDB_INVALID_ARGUMENT' })
      await expect(call()).rejects.toThrow('clear()')
    }
    expect([db.count(), users.count()]).toEqual([1, 1])
    db.deleteRange({ gte: '' })
    expect(db.count()).toBe(0)
    await promises.close()
  })

  it('has no other name: batches cannot be cleared', () => {
    using db = Database.memory()
    expect('clear' in db.batch() || 'clear' in db.promises.batch()).toBe(false)
    db.put('a', '1')
    db.begin().clear()
    db.clear()
    expect(db.count()).toBe(0)
  })
})
