// Strategy: every method with values of every type in place of each argument, through both APIs.
// Invariant: only an LdbError leaves, and a rejected call has changed nothing.
import { isLdbError } from '@ldb/base'
import { describe, expect, it } from 'vitest'
import { Database } from '../src/database.js'
import type { AsyncDatabaseHandle } from '../src/async-handle.js'

/** A value without a type: methods must reject it. */
// oxlint-disable-next-line typescript/no-explicit-any -- wrong on purpose
type Any = any

const NO_PROTOTYPE: unknown = Object.create(null)
const THINGS: readonly (readonly [name: string, thing: Any])[] = [
  ['undefined', undefined],
  ['null', null],
  ['0', 0],
  ['-1', -1],
  ['1.5', 1.5],
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['an empty string', ''],
  ['half of a character', '\ud800'],
  ['true', true],
  ['a symbol', Symbol('x')],
  ['a bigint', 1n],
  ['an object', { x: 1 }],
  ['an object without prototype', NO_PROTOTYPE],
  ['an array', []],
  ['an array with itself in it', cyclic()],
  ['a function', (): number => 1],
  ['no date', new Date(NaN)],
  ['bytes', new Uint8Array([255, 0])],
  ['other numbers', new Float64Array(2)],
  ['an iterator of nothing known', { [Symbol.iterator]: 1 }],
]

const OPTIONS = [
  ...['gt', 'gte', 'lt', 'lte', 'prefix', 'reverse', 'limit', 'offset'],
  ...['signal', 'durability', 'ttlMs', 'isolation', 'readOnly', 'retries', 'since', 'keyspace', 'onProgress'],
  ...['engine', 'keys', 'values', 'compression', 'borrow', 'unknown'],
]

const SCANS = ['map', 'filter', 'take', 'drop', 'flatMap', 'forEach', 'reduce', 'some', 'every', 'find']

/** Calls with one value in one place. Returned iterables are read to their end. */
const CALLS: Record<string, (db: Database, thing: Any) => unknown> = {
  get: (db, thing) => db.get(thing),
  'get, options': (db, thing) => db.get('a', thing),
  has: (db, thing) => db.has(thing),
  expiresAt: (db, thing) => db.expiresAt(thing),
  getMany: (db, thing) => db.getMany(thing),
  'getMany, one of them': (db, thing) => db.getMany(['a', thing]),
  'put, key': (db, thing) => {
    db.put(thing, 'v')
  },
  'put, value': (db, thing) => {
    db.put('k', thing)
  },
  'put, options': (db, thing) => {
    db.put('k', 'v', thing)
  },
  delete: (db, thing) => {
    db.delete(thing)
  },
  deleteRange: (db, thing) => {
    db.deleteRange(thing)
  },
  clear: (db, thing) => {
    db.clear(thing)
  },
  putIfAbsent: (db, thing) => db.putIfAbsent(thing, thing),
  compareAndSwap: (db, thing) => db.compareAndSwap('k', thing, thing),
  update: (db, thing) => db.update('k', thing),
  'update, result': (db, thing) => db.update('k', () => thing),
  entries: (db, thing) => db.entries(thing).toArray(),
  cursor: (db, thing) => db.cursor(thing).close(),
  'cursor, seek': (db, thing) => {
    using cursor = db.cursor()
    return cursor.seek(thing)
  },
  count: (db, thing) => db.count(thing),
  estimate: (db, thing) => db.estimate(thing),
  keyspace: (db, thing) => db.keyspace(thing),
  'keyspace, options': (db, thing) => db.keyspace('other', thing),
  dropKeyspace: (db, thing) => {
    db.dropKeyspace(thing)
  },
  'tuple key': (db, thing) => db.keyspace('tuples', { keys: 'tuple' }).get([thing]),
  'json value': (db, thing) => {
    db.keyspace('json', { values: 'json' }).put('k', thing)
  },
  'binary value': (db, thing) => {
    db.keyspace('binary', { keys: 'binary', values: 'binary' }).put(thing, thing)
  },
  'batch, put': (db, thing) => db.batch().put(thing, thing),
  'batch, in': (db, thing) => db.batch().in(thing),
  'batch, commit': (db, thing) => {
    db.batch().put('k', 'v').commit(thing)
  },
  transaction: (db, thing) => db.transaction(thing),
  'transaction, options': (db, thing) => db.transaction(() => 1, thing),
  begin: (db, thing) => {
    db.begin(thing).rollback()
  },
  'begin, in': (db, thing) => {
    using tx = db.begin()
    return tx.in(thing)
  },
  getForUpdate: (db, thing) => {
    using tx = db.begin()
    return tx.getForUpdate(thing)
  },
  rollbackTo: (db, thing) => {
    using tx = db.begin()
    tx.rollbackTo(thing)
  },
  'snapshot, in': (db, thing) => {
    using snapshot = db.snapshot()
    return snapshot.in(thing)
  },
  changes: (db, thing) => db.changes(thing).return(),
  verify: (db, thing) => db.verify(thing),
  compact: (db, thing) => {
    db.compact(thing)
  },
  on: (db, thing) => db.on(thing, () => undefined),
  'on, listener': (db, thing) => db.on('error', thing),
  off: (db, thing) => db.off(thing, thing),
  'Database.open': (_, thing) => {
    Database.open(thing, { createIfMissing: false })
  },
  'Database.open, options': (_, thing) => {
    Database.open('/nowhere/at/all', thing)
  },
  'Database.memory': (_, thing) => {
    Database.memory(thing).close()
  },
  'Database.verify': (_, thing) => Database.verify(thing),
  'Database.destroy': (_, thing) => {
    Database.destroy(thing === '' || typeof thing !== 'string' ? thing : '/nowhere/at/all')
  },
}
for (const name of SCANS)
  CALLS[`entries().${name}`] = (db, thing) => walked((db.entries() as Any)[name](thing))
for (const name of SCANS)
  CALLS[`entries().${name}, result`] = (db, thing) => walked((db.entries() as Any)[name](() => thing))
for (const name of OPTIONS) {
  CALLS[`entries({ ${name} })`] = (db, thing) => db.entries({ [name]: thing }).toArray()
  CALLS[`put, { ${name} }`] = (db, thing) => {
    db.put('a', '1', { [name]: thing })
  }
  CALLS[`begin({ ${name} })`] = (db, thing) => {
    db.begin({ [name]: thing }).rollback()
  }
  CALLS[`changes({ ${name} })`] = (db, thing) => db.changes({ [name]: thing }).return()
  CALLS[`verify({ ${name} })`] = (db, thing) => db.verify({ [name]: thing })
  CALLS[`keyspace, { ${name} }`] = (db, thing) => db.keyspace('given', { [name]: thing })
}

const ASYNC_CALLS: Record<string, (db: AsyncDatabaseHandle, thing: Any) => unknown> = {
  get: (db, thing) => db.get(thing),
  'get, options': (db, thing) => db.get('a', thing),
  getMany: (db, thing) => db.getMany(thing),
  'getMany, one of them': (db, thing) => db.getMany(['a', thing]),
  has: (db, thing) => db.has(thing),
  expiresAt: (db, thing) => db.expiresAt(thing),
  put: (db, thing) => db.put('a', thing),
  'put, key': (db, thing) => db.put(thing, 'v'),
  'put, options': (db, thing) => db.put('a', '1', thing),
  delete: (db, thing) => db.delete(thing),
  deleteRange: (db, thing) => db.deleteRange(thing),
  update: (db, thing) => db.update('a', thing),
  'update, result': (db, thing) => db.update('a', () => thing),
  compareAndSwap: (db, thing) => db.compareAndSwap('a', thing, thing),
  count: (db, thing) => db.count(thing),
  estimate: (db, thing) => db.estimate(thing),
  entries: (db, thing) => db.entries(thing).toArray(),
  keyspace: (db, thing) => db.keyspace(thing),
  'keyspace, options': (db, thing) => db.keyspace('other', thing),
  transaction: (db, thing) => db.transaction(thing),
  'transaction, options': (db, thing) => db.transaction(async () => 1, thing),
  'batch, in': (db, thing) => db.batch().in(thing),
  'batch, commit': (db, thing) => db.batch().put('a', '1').commit(thing),
  checkpoint: (db, thing) => db.checkpoint(thing),
  compact: (db, thing) => db.compact(thing),
  verify: (db, thing) => db.verify(thing),
  changes: (db, thing) => db.changes(thing).return(),
}
for (const name of SCANS)
  ASYNC_CALLS[`entries().${name}`] = (db, thing) => walked((db.entries() as Any)[name](thing))
for (const name of SCANS)
  ASYNC_CALLS[`entries().${name}, result`] = (db, thing) => walked((db.entries() as Any)[name](() => thing))
for (const name of OPTIONS) {
  ASYNC_CALLS[`get({ ${name} })`] = (db, thing) => db.get('a', { [name]: thing })
  ASYNC_CALLS[`entries({ ${name} })`] = (db, thing) => db.entries({ [name]: thing }).toArray()
  ASYNC_CALLS[`transaction({ ${name} })`] = (db, thing) => db.transaction(async () => 1, { [name]: thing })
}

function cyclic(): unknown[] {
  const array: unknown[] = []
  array.push(array)
  return array
}

function walked(result: Any): unknown {
  return typeof result?.toArray === 'function' ? result.toArray() : result
}

function filled(): Database {
  const db = Database.memory()
  for (const key of ['a', 'b', 'c']) db.put(key, key)
  return db
}

/** Returns the deviations of a thrown error from the contract. */
function faultOf(name: string, error: unknown): string[] {
  return isLdbError(error) ? [] : [`${name}: ${String(error)}`]
}

describe('values of every type, in place of every argument', () => {
  it.each(THINGS)('%s, by the synchronous API', async (_, thing) => {
    const faults: string[] = []
    for (const [name, call] of Object.entries(CALLS)) {
      const db = filled()
      const { seq } = db
      try {
        await call(db, thing)
      } catch (error) {
        faults.push(...faultOf(name, error))
        // A read of `other` or `tuples` may have created it.
        if (!/keyspace|tuple|json|binary/.test(name)) expect([name, db.seq]).toEqual([name, seq])
      }
      db.close()
    }
    expect(faults).toEqual([])
  })

  it.each(THINGS)('%s, by the asynchronous API', async (_, thing) => {
    const faults: string[] = []
    for (const [name, call] of Object.entries(ASYNC_CALLS)) {
      const db = filled()
      try {
        await call(db.promises, thing)
      } catch (error) {
        faults.push(...faultOf(name, error))
      }
      await db.promises.close()
    }
    expect(faults).toEqual([])
  })

  it.each(['isolation', 'readOnly', 'durability'])(
    'rejects null for %s, as for every other option',
    (name) => {
      const db = filled()
      expect(() => db.begin({ [name]: null })).toThrow(
        expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' }),
      )
      db.close()
    },
  )

  it('rejects one string in place of keys, which would be read as its characters', async () => {
    const db = filled()
    expect(() => db.getMany('abc')).toThrow(expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' }))
    await expect(db.promises.getMany('abc')).rejects.toEqual(
      expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' }),
    )
    db.close()
  })
})
