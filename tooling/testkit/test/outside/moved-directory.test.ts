// Strategy: real directories are moved, replaced and removed under an open database, before every operation that needs a name, in both
// APIs; and a second process creates and fills a database where the first one was.
// Invariants: an operation by name in a directory that is not the own one fails with LDB_POISONED or, for a commit that is written, with
// LDB_COMMIT_UNKNOWN; the database is then poisoned; no foreign file changes; every acknowledged commit is in the moved directory, and
// every commit of the other database in its own.
import { readFileSync, renameSync, rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScriptFolder } from '../../src/outside/script-folder.js'

const LOST = readFileSync(new URL('../children/lost-directory.mjs', import.meta.url), 'utf8')
const LOSSES = [
  'moved',
  'moved and replaced',
  'moved and replaced by a copy',
  'moved, and moved back after the operation',
  'removed',
  'removed and replaced',
  'the log replaced',
  'the keyspaces replaced',
  'the file LOCK removed',
  'the file LOCK replaced',
  'a symbolic link that leads elsewhere',
] as const

/** Commits of each database in the tests with two processes. */
const COMMITS = 200
const OPENER = `
  import { createInterface } from 'node:readline'
  import { AsyncDatabase, Database, isLdbError } from '@ldb/core'
  const [, , path, api, durability, prefix] = process.argv
  const options = { durability, [Symbol.for('ldb.tuning')]: { segmentBytes: 65536, preallocateBytes: 0 } }
  const db = api === 'async' ? await AsyncDatabase.open(path, options) : Database.open(path, options)
  for (let index = 0; index < ${COMMITS}; index++) await db.put(prefix + index, 'x'.repeat(200))
  while ((await db.stats()).log.unsyncedBytes > 0) await new Promise((resolve) => setTimeout(resolve, 10))
  console.log('filled')
  const operations = {
    close: () => db.close(),
    'checkpoint and close': async () => {
      try {
        await db.checkpoint()
      } finally {
        await db.close()
      }
    },
    // The directory is moved by another process while the checkpoint is written.
    'write until the directory is moved': async () => {
      for (let index = 0; ; index++) {
        await db.put(prefix + 'more ' + index, 'y'.repeat(2000))
        console.log('acknowledged ' + index)
        if (index % 20 === 0) await db.checkpoint()
        if (index % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      }
    },
  }
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      await operations[line]()
      console.log('done')
    } catch (error) {
      console.log(isLdbError(error) ? error.code : error.stack)
      await Promise.resolve(db.close()).catch(() => undefined)
    }
    process.exit()
  }
`
const READER = `
  import { Database } from '@ldb/core'
  const [, , path, prefix] = process.argv
  const db = Database.open(path, { createIfMissing: false })
  console.log(JSON.stringify({ ok: db.verify().ok, total: db.count(), keys: db.keys({ prefix }).toArray() }))
  db.close()
`

let folder: ScriptFolder
beforeEach(() => {
  folder = new ScriptFolder()
})
afterEach(() => {
  folder.remove()
})

async function contentOf(
  path: string,
  prefix: string,
): Promise<{ ok: boolean; total: number; keys: string[] }> {
  const end = await folder.run(READER, { args: [path, prefix] })
  expect(end.stderr).toBe('')
  return JSON.parse(end.stdout) as { ok: boolean; total: number; keys: string[] }
}

describe('a directory that is lost while its database is open', () => {
  it.each(LOSSES)('%s', { timeout: 120_000 }, async (loss) => {
    const end = await folder.run(LOST, { args: [folder.path, loss] })
    expect(end.stderr).toBe('')
    expect(JSON.parse(end.stdout)).toEqual({ caseCount: 28, faults: [] })
  })
})

describe('a second process creates a database where the first one was', () => {
  const cases = (['sync', 'async'] as const).flatMap((api) =>
    (['full', 'periodic', 'none'] as const).map((durability) => [api, durability] as const),
  )
  it.each(cases)('%s API at %s', { timeout: 120_000 }, async (api, durability) => {
    const operation = durability === 'periodic' ? 'checkpoint and close' : 'close'
    const data = `${folder.path}/data`
    const moved = `${folder.path}/data.bak`
    const first = folder.start(OPENER, { args: ['data', api, durability, 'first '] })
    await first.waitForLine('filled')
    renameSync(data, moved)
    const second = folder.start(OPENER, { args: ['data', api, durability, 'second '] })
    await second.waitForLine('filled')
    first.send(operation)
    expect((await first.end()).stdout).toBe('filled\nLDB_POISONED\n')
    second.send('close')
    expect((await second.end()).stdout).toBe('filled\ndone\n')
    const ofFirst = await contentOf(moved, 'first ')
    expect(ofFirst).toMatchObject({ ok: true, total: COMMITS })
    expect(ofFirst.keys).toHaveLength(COMMITS)
    const ofSecond = await contentOf(data, 'second ')
    expect(ofSecond).toMatchObject({ ok: true, total: COMMITS })
    expect(ofSecond.keys).toHaveLength(COMMITS)
  })
})

describe('a directory that is moved during writes and checkpoints', () => {
  it.each(['sync', 'async'])('%s API', { timeout: 120_000 }, async (api) => {
    const data = `${folder.path}/data`
    const moved = `${folder.path}/data.bak`
    for (let round = 0; round < 2; round++) {
      const first = folder.start(OPENER, { args: ['data', api, 'full', 'first '] })
      await first.waitForLine('filled')
      first.send('write until the directory is moved')
      await first.waitForLine(`acknowledged ${20 + 7 * round}`)
      renameSync(data, moved)
      const second = folder.start(OPENER, { args: ['data', 'sync', 'full', 'second '] })
      await second.waitForLine('filled')
      const { stdout } = await first.end()
      expect(stdout).toMatch(/\n(LDB_POISONED|LDB_COMMIT_UNKNOWN)\n$/)
      second.send('close')
      expect((await second.end()).stdout).toBe('filled\ndone\n')
      const acknowledged = stdout.split('\n').filter((line) => line.startsWith('acknowledged ')).length
      const ofFirst = await contentOf(moved, 'first more ')
      expect(ofFirst.ok).toBe(true)
      expect(ofFirst.keys.length).toBeGreaterThanOrEqual(acknowledged)
      expect(await contentOf(data, 'second ')).toMatchObject({ ok: true, total: COMMITS })
      for (const path of [data, moved]) rmSync(path, { recursive: true })
    }
  })
})
