// Strategy: every options argument of both APIs with a getter that throws under each of its names, and as a proxy whose traps
// throw; keys and values whose getters, `toJSON` or encodings throw.
// Invariants: LDB_INVALID_ARGUMENT with the thrown thing as the cause leaves, nothing is written, and the database works afterwards.
import { isLdbError } from '@ldb/base'
import { describe, expect, it } from 'vitest'
import type { AsyncDatabaseHandle } from '../src/async-handle.js'
import { Database } from '../src/database.js'

/** A value without a type. */
// oxlint-disable-next-line typescript/no-explicit-any -- wrong on purpose
type Any = any

const RANGE = ['gt', 'gte', 'lt', 'lte', 'prefix', 'reverse', 'limit', 'offset']
const PUT = ['durability', 'ttlMs']
const TRANSACTION = ['isolation', 'readOnly', 'durability']
const KEYSPACE = ['engine', 'keys', 'values', 'compression', 'dictionary', 'ttlMs']
const DATABASE = [
  ...['engine', 'durability', 'syncIntervalMs', 'cacheBytes', 'pageBytes', 'compression', 'readOnly', 'vfs'],
  ...[
    'createIfMissing',
    'errorIfExists',
    'changesBacklogBytes',
    'maxOpenFiles',
    'workers',
    'debug',
    'logger',
  ],
]

type Call<Api> = readonly [what: string, names: readonly string[], call: (db: Api, options: Any) => unknown]

const CALLS: readonly Call<Database>[] = [
  ['get', ['borrow'], (db, options) => db.get('a', options)],
  ['put', PUT, (db, options) => db.put('n', 'v', options)],
  ['delete', ['durability'], (db, options) => db.delete('a', options)],
  ['deleteRange', RANGE, (db, options) => db.deleteRange(options)],
  ['deleteRange, options', ['durability'], (db, options) => db.deleteRange({ gte: 'a' }, options)],
  ['clear', ['durability'], (db, options) => db.clear(options)],
  ['putIfAbsent', PUT, (db, options) => db.putIfAbsent('n', 'v', options)],
  ['compareAndSwap', PUT, (db, options) => db.compareAndSwap('a', '1', '2', options)],
  ['update', PUT, (db, options) => db.update('a', () => 'v', options)],
  ['entries', RANGE, (db, options) => db.entries(options).toArray()],
  ['cursor', RANGE, (db, options) => db.cursor(options).close()],
  ['count', RANGE, (db, options) => db.count(options)],
  ['estimate', RANGE, (db, options) => db.estimate(options)],
  ['keyspace', KEYSPACE, (db, options) => db.keyspace('new', options)],
  ['batch, put', ['ttlMs'], (db, options) => db.batch().put('n', 'v', options)],
  ['batch, deleteRange', RANGE, (db, options) => db.batch().deleteRange(options)],
  ['batch, commit', ['durability'], (db, options) => db.batch().put('n', 'v').commit(options)],
  ['transaction', TRANSACTION, (db, options) => db.transaction((tx) => tx.put('n', 'v'), options)],
  ['transaction, put', ['ttlMs'], (db, options) => db.transaction((tx) => tx.put('n', 'v', options))],
  ['transaction, entries', RANGE, (db, options) => db.transaction((tx) => tx.entries(options).toArray())],
  ['begin', TRANSACTION, (db, options) => db.begin(options).rollback()],
  ['changes', ['since', 'keyspace', 'prefix', 'signal'], (db, options) => db.changes(options)],
  ['compact', RANGE, (db, options) => db.compact(options)],
  ['verify', ['onProgress', 'signal'], (db, options) => db.verify(options)],
  ['Database.memory', DATABASE, (_, options) => Database.memory(options).close()],
  ['Database.open', DATABASE, (_, options) => Database.open('/nowhere/at/all', options).close()],
  ['Database.verify', ['vfs', 'onProgress', 'signal'], (_, options) => Database.verify('/nowhere', options)],
  ['Database.destroy', ['vfs'], (_, options) => Database.destroy('/nowhere', options)],
]

const ASYNC_CALLS: readonly Call<AsyncDatabaseHandle>[] = [
  ['get', ['borrow'], (db, options) => db.get('a', options)],
  ['put', [...PUT, 'signal'], (db, options) => db.put('n', 'v', options)],
  ['delete', ['durability', 'signal'], (db, options) => db.delete('a', options)],
  ['deleteRange', RANGE, (db, options) => db.deleteRange(options)],
  ['clear', ['durability', 'signal'], (db, options) => db.clear(options)],
  ['putIfAbsent', [...PUT, 'signal'], (db, options) => db.putIfAbsent('n', 'v', options)],
  ['compareAndSwap', [...PUT, 'signal'], (db, options) => db.compareAndSwap('a', '1', '2', options)],
  ['update', [...PUT, 'signal'], (db, options) => db.update('a', () => 'v', options)],
  ['entries', [...RANGE, 'signal'], (db, options) => db.entries(options).toArray()],
  ['count', [...RANGE, 'signal'], (db, options) => db.count(options)],
  ['keyspace', KEYSPACE, (db, options) => db.keyspace('new', options)],
  ['batch, commit', ['durability', 'signal'], (db, options) => db.batch().put('n', 'v').commit(options)],
  [
    'transaction',
    [...TRANSACTION, 'retries', 'signal'],
    (db, options) => db.transaction(async (tx) => tx.put('n', 'v'), options),
  ],
  ['begin', TRANSACTION, async (db, options) => db.begin(options)],
  ['synced', ['signal'], (db, options) => db.synced(options)],
  ['checkpoint', ['signal'], (db, options) => db.checkpoint(options)],
  ['compact', [...RANGE, 'signal'], (db, options) => db.compact(options)],
  ['verify', ['onProgress', 'signal'], (db, options) => db.verify(options)],
  ['changes', ['since', 'prefix', 'signal'], async (db, options) => db.changes(options)],
]

const THROWN = new RangeError('thrown by the caller')

function throwIt(): never {
  throw THROWN
}

/** Options whose reading throws, each in its own way. */
function throwingOptions(names: readonly string[]): [what: string, options: object][] {
  const getters = names.map((name): [string, object] => [
    `getter ${name}`,
    Object.defineProperty({}, name, { get: throwIt, enumerable: true }),
  ])
  const target = Object.fromEntries(names.map((name) => [name, undefined]))
  return [
    ...getters,
    ['proxy, ownKeys', new Proxy(target, { ownKeys: throwIt })],
    ['proxy, descriptors', new Proxy(target, { getOwnPropertyDescriptor: throwIt })],
    ['proxy, get', new Proxy(target, { get: throwIt })],
  ]
}

function filled(): Database {
  const db = Database.memory({ cacheBytes: 524_288 })
  db.put('a', '1')
  return db
}

async function faultOf(what: string, db: Database, call: () => unknown): Promise<string[]> {
  const { seq } = db
  const before = JSON.stringify([db.keyspaces(), db.entries().toArray()])
  const faults: string[] = []
  try {
    await call()
    faults.push(`${what}: no error`)
  } catch (error) {
    if (!isLdbError(error, 'LDB_INVALID_ARGUMENT')) faults.push(`${what}: ${String(error)}`)
    else if (error.cause !== THROWN) faults.push(`${what}: cause ${String(error.cause)} of ${error.message}`)
  }
  const after = JSON.stringify([db.keyspaces(), db.entries().toArray()])
  if (db.seq !== seq || after !== before) faults.push(`${what}: has written ${after}`)
  return faults
}

describe('options that throw when they are read', () => {
  it.each(CALLS)('%s', async (_, names, call) => {
    const db = filled()
    const faults: string[] = []
    for (const [what, options] of throwingOptions(names)) {
      faults.push(...(await faultOf(what, db, () => call(db, options))))
    }
    expect(faults).toEqual([])
    db.put('works', 'still')
    expect(db.verify().ok).toBe(true)
    db.close()
  })

  it.each(ASYNC_CALLS)('%s, of the asynchronous API', async (_, names, call) => {
    const db = filled()
    const faults: string[] = []
    for (const [what, options] of throwingOptions(names)) {
      faults.push(...(await faultOf(what, db, () => call(db.promises, options))))
    }
    expect(faults).toEqual([])
    await db.promises.put('works', 'still')
    expect(db.verify().ok).toBe(true)
    await db.promises.close()
  })

  it('reads each option once', () => {
    const db = filled()
    let readCount = 0
    const options = {
      get ttlMs(): number {
        readCount++
        return 1000
      },
    }
    db.put('k', 'v', options)
    expect(readCount).toBe(1)
    db.close()
  })

  it('ignores options that are not own properties', () => {
    class Options {
      get ttlMs(): number {
        return throwIt()
      }
    }
    const db = filled()
    db.put('k', 'v', new Options())
    expect(db.get('k')).toBe('v')
    db.close()
  })
})

describe('keys and values that throw when they are read', () => {
  const getter = (): object => Object.defineProperty({}, 'x', { get: throwIt, enumerable: true })
  const values: [what: string, value: Any][] = [
    ['getter', getter()],
    ['nested getter', { list: [getter()] }],
    ['getter toJSON', Object.defineProperty({}, 'toJSON', { get: throwIt, enumerable: true })],
    ['proxy', new Proxy({}, { ownKeys: throwIt })],
  ]
  const keys: [what: string, key: Any][] = [
    ['getter', Object.defineProperty([1], 0, { get: throwIt })],
    ['nested proxy', [new Proxy([], { get: throwIt })]],
  ]

  it.each(values)('json value, %s', async (what, value) => {
    const db = filled()
    const json = db.keyspace('json', { values: 'json' })
    const faults = [
      await faultOf(what, db, () => json.put('k', value)),
      await faultOf(what, db, () => json.update('k', () => value)),
      await faultOf(what, db, () => db.batch().put('b', '1').in(json).put('k', value)),
      await faultOf(what, db, () => db.transaction((tx) => tx.put('b', '1').in(json).put('k', value))),
      await faultOf(what, db, () => db.promises.of(json).put('k', value)),
    ]
    expect(faults.flat()).toEqual([])
    expect(json.count()).toBe(0)
    db.close()
  })

  it.each(keys)('tuple key, %s', async (what, key) => {
    const db = filled()
    const tuples = db.keyspace('tuples', { keys: 'tuple' })
    const faults = [
      await faultOf(what, db, () => tuples.put(key, 'v')),
      await faultOf(what, db, () => tuples.get(key)),
      await faultOf(what, db, () => tuples.entries({ prefix: key })),
      await faultOf(what, db, () => db.promises.of(tuples).put(key, 'v')),
    ]
    expect(faults.flat()).toEqual([])
    db.close()
  })

  it('custom encodings', async () => {
    const db = filled()
    const encoding = { name: 'throwing', encode: throwIt, decode: throwIt }
    const keyed = db.keyspace('keyed', { keys: encoding })
    const valued = db.keyspace('valued', { values: encoding })
    const unreadable = (name: string): Any =>
      Object.defineProperty({ ...encoding, name: 'unreadable' }, name, { get: throwIt })
    const faults = [
      await faultOf('key', db, () => keyed.put('k' as never, 'v')),
      await faultOf('range', db, () => keyed.count({ gte: 'k' as never })),
      await faultOf('value', db, () => valued.put('k', 'v' as never)),
      ...(await Promise.all(
        ['name', 'encode', 'encodeInto', 'decodesBorrowed'].map((name) =>
          faultOf(name, db, () => db.keyspace('x', { keys: unreadable(name) })),
        ),
      )),
    ]
    expect(faults.flat()).toEqual([])
    db.close()
  })

  it('abort signals', async () => {
    const db = filled()
    const signal: Any = Object.defineProperty({}, 'aborted', { get: throwIt })
    expect(await faultOf('put', db, () => db.promises.put('n', 'v', { signal }))).toEqual([])
    expect(await faultOf('verify', db, () => db.verify({ signal }))).toEqual([])
    await db.promises.close()
  })
})
