// Golden streams of backups, in fixtures/streams-v1: a full backup, and increments of blocks and of commits. tooling/formats reads the same files with a
// reader that shares no code with the engine. LDB_WRITE_FIXTURES=1 makes them; never change them for the present format.
import { ManualTime, MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Database } from '@ldb/core'
import { FIXTURE_TIME, readFixture, writeFixture } from '../fixture-files.js'
import { contentsAt } from './backup-setup.js'
import { streamOf } from './stream-setup.js'

const NAMES = ['1-full.backup', '2-blocks.backup', '3-commits.backup'] as const

async function makeStreams(): Promise<Map<string, Uint8Array>> {
  const time = new ManualTime(FIXTURE_TIME)
  const vfs = new MemoryVfs({ seed: 11, clock: time, scheduler: time })
  const db = Database.open('data', { vfs, pageBytes: 4096, blobBytes: 2000 })
  for (let index = 0; index < 300; index++) db.put(`key ${String(index).padStart(3, '0')}`, `value ${index}`)
  const tables = db.keyspace('tables', { engine: 'lsm' })
  for (let index = 0; index < 50; index++) tables.put(`key ${index}`, `value ${index}`)
  db.put('large', 'a value of a blob file, '.repeat(200))
  db.checkpoint()
  db.put('key 000', 'in the log')
  const full = await streamOf(db)
  for (let index = 100; index < 110; index++) db.put(`key ${index}`, `changed ${index}`)
  const blocks = await streamOf(db, full.manifest)
  db.put('key 001', 'a commit')
  db.put('large 2', 'another value of a blob file, '.repeat(200))
  const commits = await streamOf(db, blocks.manifest)
  expect([full, blocks, commits].map(({ content }) => content)).toEqual(['blocks', 'blocks', 'commits'])
  db.close()
  return new Map([full, blocks, commits].map(({ bytes }, index) => [NAMES[index] as string, bytes]))
}

if (process.env['LDB_WRITE_FIXTURES'] === '1') writeFixture('streams-v1', await makeStreams())

test('the golden streams restore each of their states', async () => {
  const files = readFixture('streams-v1')
  const streams = NAMES.map((name) => files.get(name) as Uint8Array)
  const expected = new Map<string, string>()
  for (let index = 0; index < 300; index++)
    expected.set(`key ${String(index).padStart(3, '0')}`, `value ${index}`)
  expected.set('large', 'a value of a blob file, '.repeat(200)).set('key 000', 'in the log')
  const states = [new Map(expected)]
  for (let index = 100; index < 110; index++) expected.set(`key ${index}`, `changed ${index}`)
  states.push(new Map(expected))
  expected.set('key 001', 'a commit').set('large 2', 'another value of a blob file, '.repeat(200))
  states.push(expected)
  for (const [index, state] of states.entries()) {
    const vfs = new MemoryVfs()
    await Database.restore(streams.slice(0, index + 1), 'restored', { vfs })
    const [[, entries], [, tables]] = contentsAt(vfs, 'restored') as [
      [string, unknown[]],
      [string, unknown[]],
    ]
    expect(new Map(entries as [string, string][])).toEqual(state)
    expect(tables).toHaveLength(50)
  }
})
