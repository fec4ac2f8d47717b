// Strategy: every operation of the synchronous API that calls a function of the caller, while which the database is closed or the
// keyspace is dropped; and every method afterwards.
// Invariants: A11, S4. No operation reports success for what it did not do, and each fails with the code of what ended it.
import { describe, expect, it } from 'vitest'
import { Database } from '../src/database.js'
import type { Keyspace } from '../src/write/keyspace.js'
import type { Transaction } from '../src/transaction/transaction.js'
import { open } from './async-setup.js'
import { FaultyVfs } from './faulty-vfs.js'
import { codeOf } from './outcome-codes.js'

interface Subject {
  readonly db: Database
  readonly users: Keyspace<string, string>
  /** Ends the operation. */
  readonly end: () => void
}

function* keysThat(end: () => void): Generator<string> {
  yield 'a'
  end()
  yield 'b'
}

/** Operations that may succeed when the keyspace is dropped: an open read stays valid (K4). */
const READS: Readonly<Record<string, (subject: Subject) => unknown>> = {
  'forEach at the first entry': ({ users, end }) =>
    users.keys().forEach((key) => void (key === 'a' && end())),
  'map at the second entry': ({ users, end }) =>
    users
      .keys()
      .map((key) => void (key === 'b' && end()))
      .toArray(),
  filter: ({ users, end }) =>
    users
      .keys()
      .filter((key) => key !== 'a' || end() === undefined)
      .toArray(),
  flatMap: ({ users, end }) =>
    users
      .keys()
      .flatMap(() => [end()])
      .toArray(),
  reduce: ({ users, end }) => users.keys().reduce((text) => (end(), text)),
  every: ({ users, end }) => users.keys().every(() => (end(), true)),
  'some at no entry': ({ users, end }) => users.keys().some(() => (end(), false)),
  'a loop': ({ users, end }) => {
    for (const _ of users.entries()) end()
  },
  'a cursor': ({ users, end }) => {
    using cursor = users.cursor()
    for (let found = cursor.first(); found; found = cursor.next()) end()
  },
  'a snapshot': ({ db, users, end }) => {
    using snapshot = db.snapshot()
    end()
    return snapshot.in(users).get('a')
  },
}

const WRITES: Readonly<Record<string, (subject: Subject) => unknown>> = {
  update: ({ users, end }) => users.update('new', () => (end(), 'x')),
  batch: ({ db, users, end }) => {
    const batch = db.batch().in(users).put('new', 'x')
    end()
    batch.commit()
  },
  'begin and commit': ({ db, users, end }) => {
    using tx = db.begin()
    tx.in(users).put('new', 'x')
    end()
    tx.commit()
  },
}

const STEPS: Readonly<Record<string, (tx: Transaction, users: Keyspace<string, string>) => unknown>> = {
  put: (tx, users) => tx.in(users).put('new', 'x'),
  'put elsewhere': (tx) => tx.put('other', 'x'),
  get: (tx, users) => tx.in(users).get('a'),
  lock: (tx, users) => tx.in(users).getForUpdate('b'),
  scan: (tx, users) => tx.in(users).keys().toArray(),
  savepoint: (tx) => tx.savepoint(),
}

function subjectOf(vfs: FaultyVfs, ends: (db: Database) => void): Subject {
  const db = open(vfs).sync
  const users = db.keyspace('users')
  db.batch().in(users).put('a', '1').put('b', '2').commit()
  let isEnded = false
  return {
    db,
    users,
    end: () => {
      if (!isEnded) ends(db)
      isEnded = true
    },
  }
}

const CLOSE = (db: Database): void => {
  db.close()
}
const DROP = (db: Database): void => {
  db.dropKeyspace('users')
}

function reopened(vfs: FaultyVfs): string[] {
  const db = open(vfs).sync
  const keys = db.keyspaces().flatMap(({ name }) => db.keyspace(name).keys().toArray())
  expect(db.verify().ok).toBe(true)
  db.close()
  return keys
}

describe('operations within which the database is closed', () => {
  it.each(Object.entries({ ...READS, ...WRITES }))('fail: %s', (_, operation) => {
    const vfs = new FaultyVfs()
    const subject = subjectOf(vfs, CLOSE)
    expect(codeOf(() => operation(subject))).toBe('LDB_CLOSED')
    expect(reopened(vfs)).toEqual(['a', 'b'])
  })

  it('fail: a multi-get whose keys end it', () => {
    const { users, end } = subjectOf(new FaultyVfs(), CLOSE)
    expect(codeOf(() => users.getMany(keysThat(end)))).toBe('LDB_CLOSED')
  })

  it.each(Object.keys(STEPS))('fail: a transaction after the step %s', (last) => {
    for (const isIgnoring of [false, true]) {
      const vfs = new FaultyVfs()
      const { db, users, end } = subjectOf(vfs, CLOSE)
      const run = (tx: Transaction): number => {
        for (const [name, step] of Object.entries(STEPS)) {
          if (isIgnoring) codeOf(() => step(tx, users))
          else step(tx, users)
          if (name === last) end()
        }
        return 1
      }
      expect(codeOf(() => db.transaction(run))).toBe('LDB_CLOSED')
      expect(reopened(vfs)).toEqual(['a', 'b'])
    }
  })
})

describe('operations within which the keyspace is dropped', () => {
  it.each(Object.entries(WRITES))('fail: %s', (_, operation) => {
    const vfs = new FaultyVfs()
    const subject = subjectOf(vfs, DROP)
    expect(codeOf(() => operation(subject))).toBe('LDB_NOT_FOUND')
    subject.db.close()
    expect(reopened(vfs)).toEqual([])
  })

  it.each(Object.entries(READS))('return the state that they have pinned: %s', (_, operation) => {
    const subject = subjectOf(new FaultyVfs(), DROP)
    expect(codeOf(() => operation(subject))).toMatch('returned')
    expect(subject.db.stats().reads.openCount).toBe(0)
    subject.db.close()
  })

  it('fail: a multi-get whose keys end it', () => {
    const { db, users, end } = subjectOf(new FaultyVfs(), DROP)
    expect(codeOf(() => users.getMany(keysThat(end)))).toBe('LDB_NOT_FOUND')
    db.close()
  })

  it('are refused in the function of a transaction', () => {
    const { db, end } = subjectOf(new FaultyVfs(), DROP)
    expect(codeOf(() => db.transaction(end))).toBe('LDB_INVALID_ARGUMENT')
    db.close()
  })
})
