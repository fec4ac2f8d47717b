// What unstorage requires of a driver, through its own storage and server, and what this driver adds.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AsyncDatabase } from '@ldb/core'
import { createStorage, prefixStorage, restoreSnapshot, snapshot } from 'unstorage'
import type { Driver, Storage } from 'unstorage'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ldbDriver } from '../src/index.js'

let database: AsyncDatabase
let storage: Storage
let driver: Driver

beforeEach(async () => {
  database = await AsyncDatabase.memory()
  driver = ldbDriver({ database })
  storage = createStorage({ driver })
})

afterEach(async () => {
  await storage.dispose()
  await database.close()
})

test('items are absent, written, read and removed', async () => {
  expect([await storage.hasItem('s1:a'), await storage.getItem('s1:a'), await storage.getKeys()]).toEqual([
    false,
    null,
    [],
  ])
  await storage.setItem('s1:a', 'text')
  await storage.setItem('/s2/b?query=1', 'other')
  expect([await storage.hasItem('s1:a'), await storage.getItem('s1:a')]).toEqual([true, 'text'])
  expect(await storage.getItem('s2:b?query=2')).toBe('other')
  await storage.removeItem('s1:a')
  expect([await storage.hasItem('s1:a'), await storage.getItem('s1:a')]).toEqual([false, null])
})

test('keys are listed by base and by depth', async () => {
  for (const key of ['top', 'a:one', 'a:b:two', 'a:b:three', 'ab:four']) await storage.setItem(key, 'x')
  expect(await storage.getKeys()).toEqual(['a:b:three', 'a:b:two', 'a:one', 'ab:four', 'top'])
  expect(await storage.getKeys('a')).toEqual(['a:b:three', 'a:b:two', 'a:one'])
  expect(await storage.getKeys(undefined, { maxDepth: 0 })).toEqual(['top'])
  expect(await storage.getKeys(undefined, { maxDepth: 1 })).toEqual(['a:one', 'ab:four', 'top'])
  await driver.clear?.('a:', {})
  expect(await storage.getKeys()).toEqual(['ab:four', 'top'])
  await storage.clear()
  await storage.clear()
  expect(await storage.getKeys()).toEqual([])
})

test('values of every kind keep their type', async () => {
  const values = { object: { a: [1, null] }, zero: 0, no: false, text: 'text', date: new Date(0) }
  for (const [key, value] of Object.entries(values)) await storage.setItem(key, value as never)
  expect(await storage.getItem('object')).toEqual(values.object)
  expect([await storage.getItem('zero'), await storage.getItem('no'), await storage.getItem('text')]).toEqual(
    [0, false, 'text'],
  )
  class Unknown {
    readonly field = 1
  }
  await expect(storage.setItem('bad', new Unknown() as never)).rejects.toThrow('Cannot stringify')
  await storage.setItemRaw('raw', Uint8Array.of(0, 255, 1))
  expect(await storage.getItemRaw('raw')).toEqual(Uint8Array.of(0, 255, 1))
})

test('many items are written and read at once, each in one commit or one state', async () => {
  // The first use creates the keyspace, which is a commit.
  await storage.hasItem('t:1')
  const before = database.seq
  await storage.setItems([
    { key: 't:1', value: 'one' },
    { key: 't:2', value: 'two' },
  ])
  expect(database.seq - before).toBe(1)
  expect(await storage.getItems(['t:1', { key: 't:2' }, 't:3'])).toEqual([
    { key: 't:1', value: 'one' },
    { key: 't:2', value: 'two' },
    { key: 't:3', value: null },
  ])
})

test('a snapshot is taken and restored, and a prefixed storage sees its part', async () => {
  await restoreSnapshot(storage, { 'x:a': 'one', 'x:b': 'two', y: 'three' })
  expect(await snapshot(storage, 'x')).toEqual({ a: 'one', b: 'two' })
  expect(await prefixStorage(storage, 'x').getItem('b')).toBe('two')
})

test('a watcher is notified of commits, of whichever opener, until it ends', async () => {
  const events: string[] = []
  const unwatch = await storage.watch((event, key) => events.push(`${event} ${key}`))
  await storage.setItem('a', '1')
  await storage.setItem('b', '1')
  await storage.removeItem('a')
  const items = await database.keyspace<string, Uint8Array>('storage', { keys: 'utf8', values: 'binary' })
  await items.put('c', Uint8Array.of(49))
  await database.put('elsewhere', '1')
  await storage.clear()
  const expected = ['update a', 'update b', 'remove a', 'update c', 'remove b', 'remove c']
  while (events.length < expected.length) await new Promise((resolve) => setImmediate(resolve))
  expect(events).toEqual(expected)
  await unwatch()
  await storage.setItem('late', '1')
  await database.synced()
  expect(events).toEqual(expected)
})

test('a watcher ends with its database, and one that fails reports it and disturbs no other', async () => {
  const failures: unknown[] = []
  const path = mkdtempSync(join(tmpdir(), 'ldb-unstorage-'))
  const driver = ldbDriver({ database: path, onWatchError: (error) => failures.push(error) })
  const seen: string[] = []
  await driver.watch(() => {
    throw new Error('a fault of the callback')
  })
  await driver.watch((_event, key) => seen.push(key))
  await driver.setItem('a', '1')
  while (failures.length === 0) await new Promise((resolve) => setImmediate(resolve))
  await driver.setItem('b', '2')
  while (seen.length < 2) await new Promise((resolve) => setImmediate(resolve))
  expect([failures, seen]).toEqual([[new Error('a fault of the callback')], ['a', 'b']])
  await expect(driver.dispose()).rejects.toThrow('a fault of the callback')
  // It was closed nevertheless.
  const again = await AsyncDatabase.open(path)
  const watching = ldbDriver({ database: again, onWatchError: (error) => failures.push(error) })
  const unwatch = await watching.watch(() => undefined)
  await again.close()
  await unwatch()
  expect(failures).toHaveLength(1)
  rmSync(path, { recursive: true, force: true })
})

test('an item with a time to live expires', async () => {
  await storage.setItem('short', 'x', { ttl: 0.02 })
  await storage.setItem('long', 'x', { ttl: 60 })
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect([await storage.hasItem('short'), await storage.hasItem('long')]).toEqual([false, true])
})

test('a directory is opened at the first use and closed by dispose', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ldb-unstorage-'))
  const path = join(folder, 'db')
  const first = createStorage({ driver: ldbDriver({ database: path }) })
  await first.setItem('a', 'kept')
  await first.dispose()
  const second = createStorage({
    driver: ldbDriver({ database: path, databaseOptions: { createIfMissing: false } }),
  })
  expect(await second.getItem('a')).toBe('kept')
  await second.dispose()
  rmSync(folder, { recursive: true, force: true })
  expect(() => ldbDriver({} as never)).toThrow('needs a database')
})
