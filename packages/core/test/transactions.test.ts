// Strategy: transactions of the database over keyspaces with encodings, through the commit path, beside single writes.
// Invariants: C1, C4, C5, K4, S1, X2, and M3 to M6, M14, M22, M29 of @ldb/mvcc.
import { isLdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Database } from '../src/database.js'

function codeOf(call: () => unknown): LdbErrorCode | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    if (isLdbError(error)) return error.code
    throw error
  }
}

test('a transaction over keyspaces is one commit, and survives an open', () => {
  const vfs = new MemoryVfs()
  vfs.makeDirectory('/home')
  const db = Database.open('/home/data', { vfs })
  const users = db.keyspace('users', { keys: 'tuple', values: 'json' })
  const given = db.transaction((tx) => {
    tx.in(users).put(['US', 1], { name: 'Ada' })
    tx.put('seen', 'Ada').put('gone', 'x').delete('gone')
    expect(tx.in(users).get(['US', 1])).toEqual({ name: 'Ada' })
    expect([...tx.keys()]).toEqual(['seen'])
    expect([db.get('seen'), users.count()]).toEqual([undefined, 0])
    return tx.count()
  })
  expect([given, db.seq]).toEqual([1, 2])
  db.close()
  using again = Database.open('/home/data', { vfs })
  expect(again.get('seen')).toBe('Ada')
  expect(again.keyspace('users', { keys: 'tuple', values: 'json' }).get(['US', 1])).toEqual({ name: 'Ada' })
})

test('transactions conflict with single writes, batches and conditional writes', () => {
  using db = Database.memory()
  db.put('a', '1')
  const others: (() => unknown)[] = [
    () => db.put('a', '2'),
    () => db.batch().put('a', '2').commit(),
    () => db.update('a', (value) => `${value}!`),
    () => db.clear(),
    () => db.putIfAbsent('a', '2'),
    () => db.deleteRange({ prefix: 'a' }),
    () => db.transaction((tx) => tx.put('a', '3')),
  ]
  for (const other of others) {
    const tx = db.begin()
    tx.put('b', String(tx.get('a')))
    other()
    expect([String(other), codeOf(() => tx.commit())]).toEqual([String(other), 'LDB_CONFLICT'])
    expect([tx.isOpen, db.get('b')]).toEqual([false, undefined])
  }
  const harmless = db.begin()
  harmless.put('b', String(harmless.get('a')))
  db.put('c', 'elsewhere')
  harmless.commit()
  expect(db.get('b')).toBe('3')
  expect(db.stats().transactions).toMatchObject({ openCount: 0, conflictCount: others.length })
})

test('scans of a transaction see the state at their call, own writes included', () => {
  using db = Database.memory()
  db.batch().put('a', '1').put('c', '3').commit()
  using tx = db.begin()
  tx.put('b', '2')
  const scan = tx.entries()
  tx.put('d', '4').delete('a')
  db.put('e', '5')
  expect(scan.map(([key, value]) => key + value).toArray()).toEqual(['a1', 'b2', 'c3'])
  expect(tx.keys({ reverse: true, limit: 2 }).toArray()).toEqual(['d', 'c'])
  for (const key of tx.keys()) tx.put(`${key}${key}`, 'more')
  expect(tx.count()).toBe(6)
  tx.deleteRange({ gte: '', limit: 2 })
  expect(tx.keys().toArray()).toEqual(['c', 'cc', 'd', 'dd'])
  const left = tx.values()
  tx.rollback()
  expect(codeOf(() => left.next())).toBe('LDB_CLOSED')
  expect(codeOf(() => tx.get('a'))).toBe('LDB_CLOSED')
  expect(db.keys().toArray()).toEqual(['a', 'c', 'e'])
})

test('savepoints, reads for update and isolation levels', () => {
  using db = Database.memory()
  db.batch().put('x', '1').put('y', '1').commit()
  const outcomes = (['snapshot', 'serializable'] as const).map((isolation) => {
    const [first, second] = [db.begin({ isolation }), db.begin({ isolation })]
    first.get('x')
    first.put('y', '2')
    second.get('y')
    second.put('x', '2')
    first.commit()
    return codeOf(() => second.commit())
  })
  expect(outcomes).toEqual([undefined, 'LDB_CONFLICT'])
  using tx = db.begin({ isolation: 'snapshot' })
  const savepoint = tx.savepoint()
  tx.put('x', 'undone')
  tx.rollbackTo(savepoint)
  expect(tx.get('x')).toBe('2')
  expect(tx.getForUpdate('y')).toBe('2')
  tx.put('z', '1')
  db.put('y', '3')
  expect(codeOf(() => tx.commit())).toBe('LDB_CONFLICT')
})

test('a callback that returns a promise, or throws, commits nothing', () => {
  using db = Database.memory()
  // @ts-expect-error -- the types refuse it too
  expect(codeOf(() => db.transaction(async (tx) => tx.put('a', '1')))).toBe('LDB_INVALID_ARGUMENT')
  const own = new Error('own')
  expect(() =>
    db.transaction((tx) => {
      tx.put('a', '1')
      throw own
    }),
  ).toThrow(own)
  expect(codeOf(() => db.begin({ isolation: 'none' as 'snapshot' }))).toBe('LDB_INVALID_ARGUMENT')
  expect(codeOf(() => db.begin({ retries: 1 } as object))).toBe('LDB_INVALID_ARGUMENT')
  expect(codeOf(() => db.begin({ readOnly: true }).put('a', '1'))).toBe('LDB_READ_ONLY')
  expect(codeOf(() => db.begin().in(Database.memory().keyspace('other')))).toBe('LDB_INVALID_ARGUMENT')
  expect([db.seq, db.count()]).toEqual([0, 0])
})

test('a dropped keyspace stays readable in a transaction, which cannot write to it', () => {
  const vfs = new MemoryVfs()
  vfs.makeDirectory('/home')
  using db = Database.open('/home/data', { vfs })
  const users = db.keyspace('users')
  users.put('a', '1')
  const tx = db.begin()
  db.dropKeyspace('users')
  expect(tx.in(users).entries().toArray()).toEqual([['a', '1']])
  tx.in(users).put('b', '2')
  expect(codeOf(() => tx.commit())).toBe('LDB_NOT_FOUND')
  const again = db.keyspace('users')
  const later = db.begin()
  later.in(again).put('c', '3')
  later.commit()
  expect(again.keys().toArray()).toEqual(['c'])
})

test('close ends transactions, and the next open does not see them', () => {
  const vfs = new MemoryVfs()
  vfs.makeDirectory('/home')
  const db = Database.open('/home/data', { vfs })
  db.put('a', '1')
  const tx = db.begin()
  const scan = tx.entries()
  scan.next()
  tx.put('a', '2')
  db.close()
  for (const call of [() => tx.get('a'), () => tx.commit(), () => tx.put('a', '3'), () => scan.next()])
    expect(codeOf(call)).toBe('LDB_CLOSED')
  tx.rollback()
  expect(codeOf(() => db.begin())).toBe('LDB_CLOSED')
  using again = Database.open('/home/data', { vfs })
  expect(again.get('a')).toBe('1')
  using reader = Database.open('/home/data', { vfs: copyOf(vfs), readOnly: true })
  expect(reader.transaction((each) => each.get('a'))).toBe('1')
  expect(codeOf(() => reader.transaction((each) => each.put('a', '2')))).toBe('LDB_READ_ONLY')
})

/** A separate file system with one database. */
function copyOf(_vfs: MemoryVfs): MemoryVfs {
  const vfs = new MemoryVfs()
  vfs.makeDirectory('/home')
  const db = Database.open('/home/data', { vfs })
  db.put('a', '1')
  db.close()
  return vfs
}

test('entries that expire during a transaction stay visible to it', () => {
  const vfs = new MemoryVfs()
  vfs.makeDirectory('/home')
  using db = Database.open('/home/data', { vfs })
  const sessions = db.keyspace('sessions', { ttlMs: 60_000 })
  sessions.put('long', '1')
  sessions.put('never', '1', { ttlMs: Infinity })
  db.transaction((tx) => {
    const view = tx.in(sessions)
    view.put('mine', '2', { ttlMs: 1_000 })
    expect([view.get('long'), view.get('mine'), view.has('never'), view.count()]).toEqual(['1', '2', true, 3])
    expect(view.entries().toArray()).toEqual([
      ['long', '1'],
      ['mine', '2'],
      ['never', '1'],
    ])
  })
  expect(sessions.get('mine')).toBe('2')
})

test('commits of the asynchronous API in flight conflict, or become visible first', async () => {
  const vfs = new MemoryVfs()
  vfs.makeDirectory('/home')
  const db = Database.open('/home/data', { vfs })
  const early = db.begin()
  expect(early.get('a')).toBeUndefined()
  early.put('b', '1')
  const written = db.promises.put('a', '1')
  expect(codeOf(() => early.commit())).toBe('LDB_CONFLICT')
  const late = db.begin()
  expect(late.get('a')).toBe('1')
  late.put('b', '2')
  late.commit()
  await written
  expect([db.get('a'), db.get('b')]).toEqual(['1', '2'])
  await db.promises.close()
})
