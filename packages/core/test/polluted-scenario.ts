import type { KeyEncoding, ValueEncoding } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import { Database } from '../src/database.js'

/** Encodings with the required members only. */
const PLAIN_KEYS: KeyEncoding<string> = {
  name: 'plain',
  encode: (key) => Uint8Array.from(key, (letter) => letter.charCodeAt(0)),
  decode: (bytes) => String.fromCharCode(...bytes),
}
const PLAIN_VALUES: ValueEncoding<number> = {
  name: 'number',
  encode: (value) => Uint8Array.of(value),
  decode: (bytes) => bytes[0] ?? 0,
}
const LONG_MS = 4_000_000_000_000
const CACHE_BYTES = 524_288
/** A short log. */
const TUNING = { preallocateBytes: 0 }

/** A directory of a file system. */
export interface DatabasePlace {
  readonly vfs: Vfs | undefined
  readonly path: string
}

/**
 * Uses every synchronous method of the API that takes options, reads or writes records: with few options, so that many are
 * absent.
 *
 * @param place - `undefined` for a memory-only database.
 * @returns everything that was read, as text.
 */
export function useDatabase(place: DatabasePlace | undefined): string {
  const results: unknown[] = []
  const db = place === undefined ? Database.memory({ cacheBytes: CACHE_BYTES }) : openAt(place)
  try {
    write(db)
    results.push(read(db))
    results.push(transact(db))
    results.push([db.keyspaces(), db.verify().ok, db.verify({ onProgress: () => undefined }).findingCount])
    db.checkpoint()
    db.compact({ gte: 'a' })
    db.compact()
    db.put('after', 'compaction')
  } finally {
    db.close()
  }
  if (place !== undefined) {
    const again = openAt(place)
    try {
      results.push([read(again), again.keyspaces()])
    } finally {
      again.close()
    }
    results.push(Database.verify(place.path, vfsOf(place)).ok)
  }
  return JSON.stringify(results)
}

/** Returns the contents of a database that is opened without pollution, as text. */
export function contentsOf(place: DatabasePlace): string {
  using db = openAt(place)
  const names = db.keyspaces().map(({ name }) => name)
  const entries = names.map((name) => db.keyspace(name, encodingsOf(name)).entries().toArray())
  return JSON.stringify([db.keyspaces(), entries, db.verify().ok])
}

function vfsOf({ vfs }: DatabasePlace): { readonly vfs?: Vfs } {
  return vfs === undefined ? {} : { vfs }
}

function openAt(place: DatabasePlace): Database {
  return Database.open(place.path, {
    ...vfsOf(place),
    cacheBytes: CACHE_BYTES,
    [Symbol.for('ldb.tuning')]: TUNING,
  })
}

function encodingsOf(name: string): object {
  if (name === 'plain') return { keys: PLAIN_KEYS, values: PLAIN_VALUES }
  return {}
}

function write(db: Database): void {
  for (const key of ['a', 'b', 'c', 'd', 'da', 'db', 'e']) db.put(key, key.toUpperCase())
  db.put('ttl', 'long', { ttlMs: LONG_MS })
  db.put('large', 'v'.repeat(20_000), { durability: 'none' })
  db.delete('e')
  db.delete('absent', {})
  const binary = db.keyspace('binary', { keys: 'binary', values: 'binary' })
  binary.put(Uint8Array.of(1, 2), Uint8Array.of(3))
  const tuples = db.keyspace('tuples', { keys: 'tuple', values: 'json' })
  tuples.put(['x', 1, [null, true]], { nested: { name: 'Ada' }, list: [1, 2] })
  tuples.put(['x', 2], 7)
  db.keyspace('expiring', { ttlMs: LONG_MS }).put('soon', 'gone')
  db.keyspace('q').put('k', 'v')
  db.keyspace('plain', { keys: PLAIN_KEYS, values: PLAIN_VALUES }).put('key', 7)
  db.batch()
    .put('f', 'batch')
    .delete('b')
    .in(binary)
    .put(Uint8Array.of(9), Uint8Array.of(9), { ttlMs: Infinity })
    .commit()
  db.batch().deleteRange({ gte: 'zz' }).put('g', 'batch').commit({ durability: 'none' })
  db.deleteRange({ prefix: 'da' })
  db.putIfAbsent('h', 'new')
  db.compareAndSwap('h', 'new', 'newer')
  db.update('h', (value) => `${String(value)}!`)
  db.keyspace('dropped').clear()
  db.dropKeyspace('dropped')
}

function read(db: Database): unknown {
  const plain = db.keyspace('plain', { keys: PLAIN_KEYS, values: PLAIN_VALUES })
  const binary = db.keyspace('binary', {})
  const tuples = db.keyspace<unknown, unknown>('tuples')
  using snapshot = db.snapshot()
  using cursor = db.cursor({ lte: 'c' })
  return [
    [
      db.get('a'),
      db.get('a', {}),
      db.get('b'),
      db.get('large')?.length,
      db.getMany(['a', 'zz']),
      db.has('a'),
    ],
    [
      db.entries().toArray(),
      db.keys({ gte: 'b', limit: 2 }).toArray(),
      db.values({ reverse: true }).toArray(),
    ],
    [db.count(), db.count({ gt: 'a' }), db.count({ lt: 'd' }), db.entries({ prefix: 'd' }).toArray()],
    [db.estimate({ gte: 'b' }).count, cursor.last(), cursor.key, cursor.previous(), cursor.value],
    [plain.entries().toArray(), plain.get('key'), binary.count(), tuples.entries().toArray()],
    [tuples.count({ prefix: ['x'] }), snapshot.count(), snapshot.entries({ lt: 'c' }).toArray()],
    [db.keyspace('q').get('k'), db.keyspace('expiring').get('soon'), db.seq],
  ]
}

function transact(db: Database): unknown {
  const results: unknown[] = []
  results.push(
    db.transaction((tx) => {
      tx.put('t', 'transaction').delete('c').in(db.keyspace('q')).put('k2', 'v2')
      tx.put('u', 'expires', { ttlMs: LONG_MS })
      const savepoint = tx.savepoint()
      tx.deleteRange({ gte: 'd' })
      const inside = [tx.count(), tx.count({ gte: 'a' }), tx.keys({ lte: 'z' }).toArray()]
      tx.rollbackTo(savepoint)
      return [
        inside,
        tx.getForUpdate('a'),
        tx.entries().toArray(),
        tx.count({ gt: 'c' }),
        tx.estimate().count,
      ]
    }),
  )
  using tx = db.begin({ isolation: 'snapshot' })
  results.push(tx.get('t'))
  tx.put('v', 'w')
  tx.commit({ durability: 'full' })
  using readOnly = db.begin({ readOnly: true })
  results.push(readOnly.count())
  return results
}
