// Packages of the Level ecosystem that know nothing of LDB, end to end on a database in files.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LevelDatastore } from 'datastore-level'
import { Key } from 'interface-datastore'
import { EntryStream, KeyStream } from 'level-read-stream'
import { EntryStream as WebEntryStream } from 'level-web-stream'
import { Quadstore } from 'quadstore'
import { DataFactory } from 'rdf-data-factory'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LdbLevel } from '../src/index.js'

let folder: string
let level: LdbLevel

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ldb-ecosystem-'))
  level = new LdbLevel(join(folder, 'db'))
})

afterEach(async () => {
  await level.close()
  rmSync(folder, { recursive: true, force: true })
})

async function fill(count: number): Promise<void> {
  await level.batch(
    Array.from({ length: count }, (_, i) => ({
      type: 'put' as const,
      key: `k${String(i).padStart(4, '0')}`,
      value: `v${i}`,
    })),
  )
}

test('level-read-stream streams entries and keys in both directions', async () => {
  await fill(2500)
  const entries: unknown[] = []
  for await (const entry of new EntryStream(level as never, { gte: 'k0001', lt: 'k0003' }))
    entries.push(entry)
  expect(entries).toEqual([
    { key: 'k0001', value: 'v1' },
    { key: 'k0002', value: 'v2' },
  ])
  const keys: unknown[] = []
  for await (const key of new KeyStream(level as never, { reverse: true })) keys.push(key)
  expect([keys.length, keys[0], keys.at(-1)]).toEqual([2500, 'k2499', 'k0000'])
})

test('level-web-stream streams entries', async () => {
  await fill(1200)
  const entries: unknown[] = []
  for await (const entry of new WebEntryStream(level as never, {
    gt: 'k1196',
  }) as never as AsyncIterable<unknown>)
    entries.push(entry)
  expect(entries).toEqual([
    ['k1197', 'v1197'],
    ['k1198', 'v1198'],
    ['k1199', 'v1199'],
  ])
})

test('datastore-level keeps a datastore of IPFS in the database', async () => {
  const blocks = new LdbLevel<string, Uint8Array>(join(folder, 'blocks'), { valueEncoding: 'view' })
  const store = new LevelDatastore(blocks as never)
  await store.open()
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  await store.put(new Key('/blocks/a'), bytes('1'))
  const batch = store.batch()
  batch.put(new Key('/blocks/b'), bytes('2'))
  batch.put(new Key('/pins/c'), bytes('3'))
  batch.delete(new Key('/blocks/a'))
  await batch.commit()
  expect(await store.has(new Key('/blocks/a'))).toBe(false)
  expect(await store.get(new Key('/blocks/b'))).toEqual(bytes('2'))
  const keys: string[] = []
  for await (const { key } of store.query({ prefix: '/blocks' })) keys.push(key.toString())
  expect(keys).toEqual(['/blocks/b'])
  await store.close()
})

test('quadstore keeps its indexes in the database', async () => {
  const factory = new DataFactory()
  const store = new Quadstore({ backend: level as never, dataFactory: factory as never })
  await store.open()
  const subject = factory.namedNode('http://example.com/ada')
  const knows = factory.namedNode('http://example.com/knows')
  const names = ['grace', 'alan', 'barbara'].map((name) => factory.namedNode(`http://example.com/${name}`))
  for (const name of names) await store.put(factory.quad(subject, knows, name) as never)
  const [, alan] = names
  await store.del(factory.quad(subject, knows, alan as never) as never)
  const { items } = (await store.get({ subject, predicate: knows } as never)) as { items: unknown }
  expect((items as { object: { value: string } }[]).map(({ object }) => object.value).sort()).toEqual([
    'http://example.com/barbara',
    'http://example.com/grace',
  ])
  // Six orders of each quad, and what quadstore keeps beside them.
  expect((await level.keys({ keyEncoding: 'view' }).all()).length).toBeGreaterThanOrEqual(12)
  await store.close()
  await level.open()
})

test('sublevels of sublevels are ranges of prefixes in the keyspace', async () => {
  const users = level.sublevel<string, { name: string }>('users', { valueEncoding: 'json' })
  const drafts = users.sublevel('drafts')
  await level.batch<string, unknown>(
    [
      { type: 'put', sublevel: users, key: 'u1', value: { name: 'Ada' } },
      { type: 'put', sublevel: drafts as never, key: 'd1', value: 'text' },
    ],
    {},
  )
  await level.put('plain', 'p')
  expect(await level.keys().all()).toEqual(['!users!!drafts!d1', '!users!u1', 'plain'])
  await users.clear()
  expect(await level.keys().all()).toEqual(['plain'])
})
