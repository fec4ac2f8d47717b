// Exported lines, imported into an empty database, are the same database: every encoding, bytes that are no text, expiry, large values.
import { ManualTime, MemoryVfs, SeededRandom } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Database, exportLines, importLines } from '@ldb/core'

function open(): Database {
  const time = new ManualTime()
  time.advance(1000)
  return Database.open('db', {
    vfs: new MemoryVfs({ clock: time, scheduler: time, random: new SeededRandom(1) }),
  })
}

test('a round trip is the identity', async () => {
  using source = open()
  source.put('a', 'text')
  source.put('\u{1f600}', 'line\nbreak "quoted"')
  source.put('soon', 'gone', { ttlMs: 5000 })
  const json = source.keyspace('json', { keys: 'tuple', values: 'json', ttlMs: 60_000 })
  json.put([1, 'x', null], { deep: [1, { base64: 'AA==' }], n: -0.5 })
  json.put([2], 0)
  const bytes = source.keyspace('bytes', {
    keys: 'binary',
    values: 'binary',
    engine: 'lsm',
    compression: 'deflate',
  })
  for (let length = 0; length < 9; length++)
    bytes.put(new Uint8Array(length).fill(0xff), new Uint8Array(length * 9000).fill(length))
  const lines = exportLines(source)
  const first = lines.next().value
  expect(first).toBe('{"ldb":1,"seq":16}\n')
  source.put('later', 'not in it')
  const text = [first, ...lines].join('')
  using target = open()
  async function* parts(): AsyncGenerator<string> {
    for (let at = 0; at < text.length; at += 777) yield text.slice(at, at + 777)
  }
  expect(await importLines(target, parts())).toEqual({ entryCount: 14, expiredCount: 0 })
  source.delete('later')
  expect([...exportLines(target)].slice(1)).toEqual([...exportLines(source)].slice(1))
  expect(
    target
      .keyspaces()
      .map(({ name, engine, keys, values, compression, ttlMs }) => [
        name,
        engine,
        keys,
        values,
        compression,
        ttlMs,
      ]),
  ).toEqual(
    source
      .keyspaces()
      .map(({ name, engine, keys, values, compression, ttlMs }) => [
        name,
        engine,
        keys,
        values,
        compression,
        ttlMs,
      ]),
  )
  expect(source.stats().reads).toEqual(target.stats().reads)
})

test.each([
  ['', /line 0/],
  ['{}', /line 1 .*"ldb":1/],
  ['{"ldb":2}', /line 1/],
  ['{"ldb":1}\nx', /line 2 .*JSON/],
  ['{"ldb":1}\n3', /line 2 .*object/],
  ['{"ldb":1}\n{"key":"a"}', /line 2 .*keyspace/],
  ['{"ldb":1}\n{"keyspace":"default","key":"a","value":"b"}', /line 2 .*options/],
  [
    '{"ldb":1}\n{"keyspace":"default","engine":"btree"}\n{"keyspace":"default","key":"a","value":3}',
    /line 3 .*value/,
  ],
  [
    '{"ldb":1}\n{"keyspace":"default","engine":"btree"}\n{"keyspace":"default","key64":"a","value":""}',
    /line 3 .*key/,
  ],
])('%j is refused', async (text, message) => {
  using db = Database.memory()
  await expect(importLines(db, [text])).rejects.toMatchObject({ code: 'LDB_INVALID_ARGUMENT' })
  await expect(importLines(db, [text])).rejects.toThrow(message)
})
