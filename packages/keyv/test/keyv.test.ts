// The suites that Keyv publishes for its stores, and what this store adds.
import * as suites from '@keyv/test-suite'
import { AsyncDatabase } from '@ldb/core'
import Keyv from 'keyv'
import * as vitest from 'vitest'
import { KeyvLdb } from '../src/index.js'

const { afterAll, beforeAll, describe, expect, test } = vitest

let database: AsyncDatabase

beforeAll(async () => {
  database = await AsyncDatabase.memory()
})

afterAll(async () => {
  await database.close()
})

describe('the suites of Keyv', () => {
  const store = (): KeyvLdb => new KeyvLdb({ database })
  suites.default(vitest, Keyv, store)
  suites.keyvIteratorTests(vitest, Keyv, store)
})

test('an entry with a time to live is absent from the store after it, and a namespace is a prefix', async () => {
  const store = new KeyvLdb({ database, keyspace: 'other' })
  const cache = new Keyv({ store, namespace: 'n', useKeyPrefix: true })
  await cache.set('a', 1, 30)
  await cache.set('b', 2)
  expect(await (await database.keyspace('other')).keys().toArray()).toEqual(['n:a', 'n:b'])
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(await store.get('n:a')).toBe(undefined)
  expect(await store.has('n:b')).toBe(true)
  expect(await cache.get('b')).toBe(2)
})

test('many keys are written, read and removed in one commit each', async () => {
  const store = new KeyvLdb({ database, keyspace: 'many' })
  const before = database.seq
  await store.setMany([
    { key: 'a', value: '1' },
    { key: 'b', value: '2', ttl: 60_000 },
  ])
  const written = database.seq
  expect(await store.getMany(['a', 'x', 'b'])).toEqual(['1', undefined, '2'])
  expect(await store.hasMany(['a', 'x'])).toEqual([true, false])
  expect([await store.deleteMany(['a', 'b']), await store.deleteMany(['a', 'b'])]).toEqual([true, false])
  expect([await store.set('c', '3'), await store.delete('c'), await store.delete('c')]).toEqual([
    true,
    true,
    false,
  ])
  expect(written - before).toBeLessThanOrEqual(2)
})

test('a value that is not text, and options that are wrong, are refused', async () => {
  const store = new KeyvLdb({ database })
  await expect(store.set('a', { b: 1 })).rejects.toMatchObject({ code: 'LDB_INVALID_ARGUMENT' })
  expect(() => new KeyvLdb({ data: 1 } as never)).toThrow('unknown option')
  expect(() => new KeyvLdb({} as never)).toThrow('needs a database')
})
