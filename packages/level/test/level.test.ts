// What LdbLevel adds to abstract-level: errors, durability, options, and text that is not UTF-8.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database, isLdbError } from '@ldb/core'
import { MemoryVfs } from '@ldb/vfs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LdbLevel } from '../src/index.js'
import { toLevelError } from '../src/level-error.js'
import { LdbError } from '@ldb/base'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ldb-level-'))
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

interface CodedError {
  readonly code?: string
  readonly name: string
  readonly cause?: CodedError
}

async function errorOf(action: () => unknown): Promise<CodedError> {
  try {
    await action()
  } catch (error) {
    return error as CodedError
  }
  throw new Error('it did not fail')
}

function inMemory(options?: object): LdbLevel {
  return new LdbLevel('database', { vfs: new MemoryVfs(), ...options })
}

test('a locked database is LEVEL_LOCKED, with our error as the cause', async () => {
  const location = join(folder, 'locked')
  const first = new LdbLevel(location)
  await first.open()
  const error = await errorOf(() => new LdbLevel(location).open())
  expect([error.code, error.cause?.code]).toEqual(['LEVEL_DATABASE_NOT_OPEN', 'LEVEL_LOCKED'])
  expect(isLdbError(error.cause?.cause, 'LDB_LOCKED')).toBe(true)
  expect((await errorOf(() => LdbLevel.destroy(location))).code).toBe('LEVEL_LOCKED')
  await first.close()
  await LdbLevel.destroy(location)
  const missing = await errorOf(() => new LdbLevel(location, { createIfMissing: false }).open())
  expect([missing.cause?.code, missing.cause?.cause?.code]).toEqual(['LEVEL_NOT_FOUND', 'LDB_NOT_FOUND'])
})

test.each([
  ['LDB_CLOSED', 'LEVEL_DATABASE_NOT_OPEN'],
  ['LDB_READ_ONLY', 'LEVEL_READONLY'],
  ['LDB_IO', 'LEVEL_IO_ERROR'],
  ['LDB_NO_SPACE', 'LEVEL_IO_ERROR'],
  ['LDB_COMMIT_UNKNOWN', 'LEVEL_IO_ERROR'],
  ['LDB_CORRUPTION', 'LEVEL_CORRUPTION'],
  ['LDB_FORMAT', 'LEVEL_CORRUPTION'],
  ['LDB_KEY', 'LEVEL_KEY'],
  ['LDB_ABORTED', 'LEVEL_ABORTED'],
] as const)('%s becomes %s', (code, expected) => {
  const original = new LdbError(code, 'text')
  expect(toLevelError(original)).toMatchObject({ code: expected, cause: original })
})

test('a key above the limit is LEVEL_INVALID_KEY, and a write to a read-only database LEVEL_READONLY', async () => {
  const vfs = new MemoryVfs()
  const level = inMemory({ vfs })
  expect((await errorOf(() => level.put('k'.repeat(65_536), '1'))).code).toBe('LEVEL_INVALID_KEY')
  await level.put('a', '1')
  await level.close()
  const reader = inMemory({ vfs, readOnly: true, createIfMissing: false })
  expect(await reader.get('a')).toBe('1')
  expect((await errorOf(() => reader.put('a', '2'))).code).toBe('LEVEL_READONLY')
  await reader.close()
})

test('only a write with sync waits for the device', async () => {
  const level = inMemory({ syncIntervalMs: 60_000 })
  // The first commit syncs the new log.
  await level.put('first', '0')
  const syncs = (): number => level.database.sync.stats().log.syncCount
  const before = syncs()
  await level.put('a', '1')
  await level.batch([{ type: 'put', key: 'b', value: '2' }])
  expect(syncs()).toBe(before)
  await level.put('c', '3', { sync: true } as object)
  expect(syncs()).toBe(before + 1)
  await level.batch([{ type: 'del', key: 'c' }], { sync: true } as object)
  expect(syncs()).toBe(before + 2)
  await level.close()
})

test('entries that are not UTF-8 are read as text with replacements, in every method', async () => {
  const level = inMemory()
  const bytes = Buffer.from([0x61, 0xff, 0x62])
  await level.put<Buffer, Buffer>(bytes, bytes, { keyEncoding: 'buffer', valueEncoding: 'buffer' })
  await level.put('z', 'text')
  const text = 'a\ufffdb'
  const get = { keyEncoding: 'buffer', valueEncoding: 'utf8' } as const
  expect(await level.get<Buffer, string>(bytes, get)).toBe(text)
  expect(level.getSync<Buffer, string>(bytes, get)).toBe(text)
  expect(await level.getMany<Buffer, string>([bytes, Buffer.from('z')], get)).toEqual([text, 'text'])
  expect(await level.iterator().all()).toEqual([
    [text, text],
    ['z', 'text'],
  ])
  expect((await errorOf(() => level.put('\ud800', '1'))).name).toBe('TypeError')
  await level.close()
})

test('options of classic-level have their equivalents', async () => {
  const level = inMemory({
    compression: false,
    cacheSize: 1_048_576,
    writeBufferSize: 65_536,
    engine: 'lsm',
    blockSize: 1,
  })
  await level.open()
  const keyspace = level.database.sync.keyspaces().find(({ name }) => name === 'level')
  expect(keyspace).toMatchObject({ engine: 'lsm', compression: 'none', keys: 'binary', values: 'binary' })
  await level.close()
  const wrong = await errorOf(() => inMemory({ durability: 'always' }).open())
  expect(wrong.cause).toBeInstanceOf(TypeError)
})

test('an iterator reads the state at its creation, in blocks and after seeks', async () => {
  const level = inMemory()
  await level.batch(
    Array.from({ length: 1000 }, (_, i) => ({ type: 'put' as const, key: `k${1000 + i}`, value: String(i) })),
  )
  const iterator = level.iterator({ gte: 'k1100', lt: 'k1900', limit: 500 })
  await level.clear()
  expect((await iterator.nextv(300)).length).toBe(300)
  iterator.seek('k1895')
  expect((await iterator.nextv(300)).map(([key]) => key)).toEqual([
    'k1895',
    'k1896',
    'k1897',
    'k1898',
    'k1899',
  ])
  iterator.seek('k1050')
  expect(await iterator.nextv(300)).toEqual([])
  await iterator.close()
  expect(await level.keys().all()).toEqual([])
  await level.close()
})

test('the entries are those of the keyspace "level", for any other opener', async () => {
  const location = join(folder, 'shared')
  const level = new LdbLevel(location)
  await level.put('a', '1')
  expect(await level.approximateSize('a', 'b')).toBeGreaterThan(0)
  await level.compactRange('a', 'b')
  await level.close()
  const database = Database.open(location)
  expect(
    database
      .keyspace('level', { keys: 'binary', values: 'binary' })
      .view({ keys: 'utf8', values: 'utf8' })
      .get('a'),
  ).toBe('1')
  database.close()
})
