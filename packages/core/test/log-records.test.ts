// The records of the log, read from positions on, beside commits and checkpoints.
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Database } from '../src/index.js'
import type { LogRecord } from '../src/index.js'

const code = (expected: string): unknown => expect.objectContaining({ name: 'LdbError', code: expected })

test('records of every kind are read in order, and joined at their positions', () => {
  const vfs = new MemoryVfs()
  using db = Database.open('data', { vfs })
  const users = db.keyspace('users')
  db.put('a', '1')
  db.batch().put('b', '2').in(users).put('u', '3').put('v', '4').commit()
  db.put('large', 'x'.repeat(40_000))
  const { records, nextLsn, oldestLsn, endLsn } = db.logRecords()
  const commits = records.filter(({ kind }) => /(commit|keyspace)-record$/.test(kind))
  expect(commits).toMatchObject([
    { kind: 'keyspace-record', seq: 1, operationCount: 0, keyspaces: ['users'] },
    { kind: 'commit-record', seq: 2, operationCount: 1, keyspaces: ['default'] },
    { kind: 'commit-record', seq: 3, operationCount: 3, keyspaces: ['default', 'users'] },
    { kind: 'blob-commit-record', seq: 4, operationCount: 1, keyspaces: ['default'] },
  ])
  expect(records.some(({ kind }) => kind === 'catalog-record')).toBe(true)
  expect(nextLsn).toBe(endLsn)
  const parts: LogRecord[] = []
  for (let from = oldestLsn; from < endLsn;) {
    const part = db.logRecords({ from, limit: 2 })
    expect(part.records.length).toBeLessThanOrEqual(2)
    expect(part.records[0]?.lsn).toBe(from)
    parts.push(...part.records)
    from = part.nextLsn
  }
  expect(parts).toEqual(records)
  expect(records.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(endLsn - oldestLsn)
  expect(db.logRecords({ from: endLsn })).toMatchObject({ records: [], nextLsn: endLsn })
  db.dropKeyspace('users')
  expect(db.logRecords().records.find(({ seq }) => seq === 3)).toMatchObject({ keyspaces: ['default'] })
  expect(db.logRecords().records.at(-1)).toMatchObject({
    kind: 'keyspace-record',
    seq: 5,
    keyspaces: ['users'],
  })
})

test('a checkpoint is a record, and those before it are gone', async () => {
  const vfs = new MemoryVfs()
  using db = Database.open('data', { vfs })
  db.put('a', '1')
  const { oldestLsn, endLsn } = db.logRecords()
  db.checkpoint()
  const after = await db.promises.logRecords({ from: endLsn })
  expect(after.records.map(({ kind, seq }) => [kind, seq])).toContainEqual(['checkpoint-record', 1])
  expect(() => db.logRecords({ from: oldestLsn })).toThrowError(code('LDB_NOT_FOUND'))
  for (const options of [
    { from: -1 },
    { from: 1e15 },
    { from: endLsn + 1 },
    { limit: 0 },
    { limit: 1e9 },
    { after: 1 },
  ])
    expect(() => db.logRecords(options)).toThrowError(code('LDB_INVALID_ARGUMENT'))
  using memory = Database.memory()
  memory.put('a', '1')
  expect(memory.logRecords()).toEqual({ records: [], nextLsn: 0, oldestLsn: 0, endLsn: 0 })
  memory.close()
  expect(() => memory.logRecords()).toThrowError(code('LDB_CLOSED'))
})
