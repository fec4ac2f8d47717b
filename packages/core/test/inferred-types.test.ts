// Strategy: calls of the API, which the compiler checks with the strictest options (`npm run lint`); some are run as well.
// Invariants: encodings determine the types of keys and values; what fails when it runs is an error of types where types can show it.
import type { KeyEncoding, TupleElement, ValueEncoding } from '@ldb/base'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type {
  AsyncDatabase,
  AsyncKeyspace,
  Batch,
  DatabaseOptions,
  Keyspace,
  KeyspaceOptions,
  KeyspaceReads,
  KeyspaceWrites,
  LdbError,
  RangeOptions,
  TransactionKeyspace,
} from '../src/index.js'
import { Database, isLdbError } from '../src/index.js'

interface Message {
  readonly text: string
}

const messages: ValueEncoding<Message> = {
  name: 'message',
  encode: ({ text }) => Uint8Array.from(text, (character) => character.charCodeAt(0)),
  decode: (bytes) => ({ text: String.fromCharCode(...bytes) }),
}
const numbers: KeyEncoding<number> = {
  name: 'number',
  encode: (key) => Uint8Array.of(key),
  decode: (bytes) => bytes[0] ?? 0,
}

type Tuple = readonly TupleElement[]

/** Checks types only: the function is never called. */
function neverCalled(_calls: (db: Database, adb: AsyncDatabase) => void): void {
  expect(_calls).toBeTypeOf('function')
}

describe('the types of a keyspace', () => {
  test('follow from its encodings', () => {
    using db = Database.memory()
    const mixed = db.keyspace('b', { keys: 'tuple', values: messages })
    expectTypeOf(mixed).toEqualTypeOf<Keyspace<Tuple, Message>>()
    mixed.put(['a', 1], { text: 'x' })
    expect(mixed.get(['a', 1])).toEqual({ text: 'x' })
    neverCalled(() => {
      // @ts-expect-error -- a key of another type
      mixed.put('a', { text: 'x' })
      // @ts-expect-error -- a value of another type
      mixed.put(['a'], { text: 1 })
      // @ts-expect-error -- an option that does not exist
      db.keyspace('c', { keys: 'tuple', value: 'json' })
      // @ts-expect-error -- an encoding that does not exist
      db.keyspace('c', { keys: 'json' })
    })
    expectTypeOf(db.keyspace('t')).toEqualTypeOf<Keyspace<string, string>>()
    expectTypeOf(db.keyspace('t', { ttlMs: 10 })).toEqualTypeOf<Keyspace<string, string>>()
    expectTypeOf(db.keyspace('j', { values: 'json' })).toEqualTypeOf<Keyspace<string, unknown>>()
    expectTypeOf(db.keyspace('n', { keys: numbers, values: 'binary' })).toEqualTypeOf<
      Keyspace<number, Uint8Array>
    >()
    neverCalled((_db, adb) => {
      expectTypeOf(adb.keyspace('b', { keys: 'tuple', values: messages })).toEqualTypeOf<
        Promise<AsyncKeyspace<Tuple, Message>>
      >()
      // @ts-expect-error -- no encoding has such keys
      void adb.keyspace<number, string>('c')
    })
    expectTypeOf(mixed.view({ values: 'binary' })).toEqualTypeOf<KeyspaceWrites<Tuple, Uint8Array>>()
    expectTypeOf(mixed.view({ keys: numbers })).toEqualTypeOf<KeyspaceWrites<number, Message>>()
  })

  test('may be stated, with an encoding that has them', () => {
    neverCalled((db) => {
      db.keyspace<string, string>('c')
      db.keyspace<`user:${string}`, string>('c')
      db.keyspace<unknown, unknown>('c')
      db.keyspace<string, Message>('c', { values: 'json' })
      db.keyspace<string, Message>('c', { values: messages })
      db.keyspace<[string, number], Message>('c', { keys: 'tuple', values: 'json' })
      db.keyspace<number, string>('c', { keys: numbers })
      // @ts-expect-error -- no built-in encoding has such keys
      db.keyspace<number, string>('c')
      // @ts-expect-error -- the default encoding has strings
      db.keyspace<[string, number], string>('c', {})
      // @ts-expect-error -- the default encoding has strings
      db.keyspace<string, Message>('c')
      // @ts-expect-error -- tuples are not bytes
      db.keyspace<Uint8Array, string>('c', { keys: 'tuple' })
      // @ts-expect-error -- an option that does not exist
      db.keyspace<string, Message>('c', { values: 'json', key: 'utf8' })
    })
  })

  test('are kept by options in a variable, batches, transactions and snapshots', () => {
    neverCalled((db) => {
      const options: KeyspaceOptions<number, Message> = { keys: numbers, values: messages }
      const keyspace = db.keyspace('c', options)
      expectTypeOf(keyspace).toEqualTypeOf<Keyspace<number, Message>>()
      expectTypeOf(db.batch().in(keyspace)).toEqualTypeOf<Batch<number, Message>>()
      expectTypeOf(db.begin().in(keyspace)).toEqualTypeOf<TransactionKeyspace<number, Message>>()
      expectTypeOf(db.snapshot().in(keyspace)).toEqualTypeOf<KeyspaceReads<number, Message>>()
      expectTypeOf(db.begin().in(db)).toEqualTypeOf<TransactionKeyspace<string, string>>()
    })
  })
})

test('a prefix has the first elements of a tuple', () => {
  using db = Database.memory()
  const pairs = db.keyspace<[string, number], string>('c', { keys: 'tuple' })
  pairs.put(['x', 1], 'a')
  pairs.put(['y', 1], 'b')
  expect(pairs.values({ prefix: ['x'] }).toArray()).toEqual(['a'])
  expect(pairs.count({ prefix: [] })).toBe(2)
  neverCalled(() => {
    // @ts-expect-error -- the first element is a string
    pairs.count({ prefix: [1] })
    // @ts-expect-error -- a bound is a whole key
    pairs.count({ gte: ['x'] })
  })
  type Rest = RangeOptions<readonly [string, ...number[]]>['prefix']
  expectTypeOf<readonly ['x', 1, 2]>().toExtend<Rest>()
  expectTypeOf<readonly [1]>().not.toExtend<Rest>()
  expectTypeOf<RangeOptions<`user:${string}`>['prefix']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<RangeOptions<Tuple>['prefix']>().toEqualTypeOf<Tuple | undefined>()
})

test('a synchronous transaction returns no promise', () => {
  using db = Database.memory()
  expectTypeOf(db.transaction(() => 1)).toEqualTypeOf<number>()
  expectTypeOf(db.transaction((tx) => tx.get('a'))).toEqualTypeOf<string | undefined>()
  expectTypeOf(db.transaction((tx) => void tx.put('a', '1'))).toEqualTypeOf<undefined>()
  // @ts-expect-error -- the callback is asynchronous
  expect(() => db.transaction(async () => 1)).toThrow(
    expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' }),
  )
})

test('a database is not opened with new', () => {
  // @ts-expect-error -- it has a protected constructor in the declarations
  expect(() => new Database()).toThrow(
    expect.objectContaining({
      code: 'LDB_INVALID_ARGUMENT',
      message: expect.stringContaining('Database.open') as string,
    }),
  )
})

test('isLdbError narrows to the code', () => {
  const error: unknown = new Error()
  if (isLdbError(error, 'LDB_LOCKED')) expectTypeOf(error.code).toEqualTypeOf<'LDB_LOCKED'>()
  if (isLdbError(error)) expectTypeOf(error).toEqualTypeOf<LdbError>()
  neverCalled(() => {
    // @ts-expect-error -- a code that does not exist
    isLdbError(error, 'LDB_LOKED')
  })
})

test('an option may be undefined', () => {
  type Names = keyof DatabaseOptions
  const options: { readonly [Name in Names]: undefined } = {} as { readonly [Name in Names]: undefined }
  expectTypeOf(options).toExtend<DatabaseOptions>()
  const keyspaceOptions = { keys: undefined, values: undefined, engine: undefined, ttlMs: undefined }
  using db = Database.memory({ cacheBytes: undefined, logger: undefined, readOnly: undefined })
  expectTypeOf(db.keyspace('c', keyspaceOptions)).toEqualTypeOf<Keyspace<string, string>>()
  db.put('a', '1', { ttlMs: undefined, durability: undefined })
  expect(db.get('a')).toBe('1')
})
