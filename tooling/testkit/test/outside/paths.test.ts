// Strategy: processes open databases, logs and trees by relative paths and file: URLs, and change their working directory before every
// kind of operation.
// Invariants: all files stay in the directory that the path denoted at the open; nothing appears in another working directory; errors
// name absolute paths.
import { mkdirSync, readdirSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScriptFolder } from '../../src/outside/script-folder.js'

const TIMEOUT = { timeout: 120_000 }

let folder: ScriptFolder
beforeEach(() => {
  folder = new ScriptFolder()
  for (const name of ['one', 'two', 'elsewhere', 'with space', '100%', '%41'])
    mkdirSync(`${folder.path}/${name}`)
})
afterEach(() => {
  folder.remove()
})

/** Runs a script that prints one line of JSON, and returns its value. */
async function resultOf(source: string, args: readonly string[] = []): Promise<unknown> {
  const end = await folder.run(`${PRELUDE}${source}`, { args })
  expect(end).toMatchObject({ code: 0, stderr: '' })
  return JSON.parse(end.stdout) as unknown
}

const PRELUDE = `
  import * as fs from 'node:fs'
  import { pathToFileURL } from 'node:url'
  import { AsyncDatabase, Database, isLdbError } from '@ldb/core'
  const root = process.cwd()
  const small = { [Symbol.for('ldb.tuning')]: { segmentBytes: 4096, preallocateBytes: 0 } }
  const print = (value) => console.log(JSON.stringify(value))
  const readBack = (path) => {
    const report = Database.verify(path)
    const db = Database.open(path, { createIfMissing: false })
    const count = db.count()
    db.close()
    return [report.ok, count]
  }
`

describe('a relative path, and another working directory before', () => {
  const operations: Readonly<Record<string, string>> = {
    'a put': `await put('a')`,
    'the creation of a segment': `for (let index = 0; index < 100; index++) await put('key' + index)`,
    'a checkpoint': `await api.checkpoint()`,
    'a compaction': `await api.compact()`,
    'the creation of a keyspace': `await (await api.keyspace('made')).put('a', '1')`,
    'the drop of a keyspace': `await api.dropKeyspace('dropped')`,
    'the first entry that expires': `await api.put('expires', '1', { ttlMs: 1e9 })`,
    'a background sync': `
      await api.put('a', 'x', { durability: 'none' })
      while ((await api.stats()).log.unsyncedBytes > 0) await new Promise((resolve) => setTimeout(resolve, 5))`,
    'a read of the changes': `
      for await (const change of api.changes({ since: 0 })) if (change.seq >= 1) break`,
    'a verification': `if (!(await api.verify()).ok) throw new Error('not ok')`,
    'the close': ``,
  }

  it.each(['sync', 'async'])('each operation of the %s API', TIMEOUT, async (api) => {
    const cases = Object.entries(operations).map(
      ([name, source]) => `[${JSON.stringify(name)}, async ({ api, put }) => {${source}}],`,
    )
    const result = await resultOf(`
      const results = {}
      for (const [name, operate] of [${cases.join('\n')}]) {
        process.chdir(root + '/one')
        fs.rmSync('data', { recursive: true, force: true })
        const db = Database.open('./data', { syncIntervalMs: 5, ...small })
        const api = '${api}' === 'async' ? db.promises : db
        db.keyspace('dropped')
        db.put('first', '1')
        process.chdir(root + '/elsewhere')
        try {
          await operate({ api, put: (key) => api.put(key, 'x'.repeat(100)) })
          await api.close()
          const [ok, count] = readBack(root + '/one/data')
          results[name] = ok && count > 0 ? 'ok' : 'verify: ' + ok + ', count: ' + count
        } catch (error) {
          results[name] = error.stack
        }
      }
      print([results, fs.readdirSync(root + '/elsewhere'), fs.readdirSync(root + '/one')])
    `)
    const expected = Object.fromEntries(Object.keys(operations).map((name) => [name, 'ok']))
    expect(result).toEqual([expected, [], ['data']])
  })

  it.each(['sync', 'async'])('two databases of one name keep apart in the %s API', TIMEOUT, async (api) => {
    const result = await resultOf(`
      const open = (path) => ('${api}' === 'async' ? AsyncDatabase.open(path, small) : Database.open(path, small))
      process.chdir(root + '/one')
      const one = await open('./data')
      process.chdir(root + '/two')
      const two = await open('./data')
      for (let index = 0; index < 60; index++) {
        process.chdir(root + (index % 2 === 0 ? '/one' : '/two'))
        await one.put('one' + index, 'x'.repeat(100))
        await two.put('two' + index, 'x'.repeat(100))
      }
      process.chdir(root + '/elsewhere')
      await one.close()
      await two.close()
      print([readBack(root + '/one/data'), readBack(root + '/two/data')])
    `)
    expect(result).toEqual([
      [true, 60],
      [true, 60],
    ])
    expect(readdirSync(`${folder.path}/elsewhere`)).toEqual([])
  })

  it('the static methods resolve the path at the call', TIMEOUT, async () => {
    const result = await resultOf(`
      process.chdir(root + '/one')
      Database.open('data').close()
      await (await AsyncDatabase.open('../two/./data')).close()
      const checks = [Database.verify('data').ok, (await AsyncDatabase.verify('../two/data/')).ok]
      const verified = Database.verify('data', { onProgress: () => process.chdir(root + '/elsewhere') }).ok
      process.chdir(root + '/one')
      const destroyed = AsyncDatabase.destroy('data')
      process.chdir(root + '/elsewhere')
      await destroyed
      Database.destroy('../two/data')
      print([...checks, verified, ...['one', 'two', 'elsewhere'].map((name) => fs.readdirSync(root + '/' + name))])
    `)
    expect(result).toEqual([true, true, true, [], [], []])
  })

  it('the database in the working directory itself', TIMEOUT, async () => {
    const result = await resultOf(`
      process.chdir(root + '/one')
      const db = Database.open('.', small)
      process.chdir('..')
      for (let index = 0; index < 60; index++) db.put('key' + index, 'x'.repeat(100))
      db.keyspace('made')
      db.close()
      print([readBack('one'), fs.readdirSync(root).includes('CATALOG')])
    `)
    expect(result).toEqual([[true, 60], false])
  })

  it('errors name absolute paths', TIMEOUT, async () => {
    const result = await resultOf(`
      const errorOf = (action) => {
        try {
          action()
        } catch (error) {
          return [error.code, error.details.file, error.message.includes(root)]
        }
      }
      const db = Database.open('data')
      const results = [
        errorOf(() => Database.open('data')),
        errorOf(() => Database.open('absent', { createIfMissing: false })),
        errorOf(() => Database.destroy('./elsewhere/')),
      ]
      db.put('a', '1')
      db.checkpoint()
      db.close()
      fs.truncateSync('data/keyspaces/1/tree.ldb', 100)
      print([...results, errorOf(() => Database.open('data'))])
    `)
    const at = (name: string): string => `${folder.path}/${name}`
    expect(result).toEqual([
      ['LDB_LOCKED', at('data'), true],
      ['LDB_NOT_FOUND', at('absent'), true],
      ['LDB_FORMAT', at('elsewhere'), true],
      ['LDB_CORRUPTION', at('data/keyspaces/1/tree.ldb'), true],
    ])
  })
})

describe('a file: URL', () => {
  it('opens the directory that it names, as an object and as a string', TIMEOUT, async () => {
    const result = await resultOf(`
      const results = {}
      for (const name of ['with space', '100%', '%41', 'one']) {
        const url = pathToFileURL(root + '/' + name + '/data')
        const first = Database.open(url, small)
        first.put('a', '1')
        first.close()
        const second = await AsyncDatabase.open(url.href, { createIfMissing: false })
        await second.put('b', '2')
        process.chdir(root + '/elsewhere')
        await second.close()
        process.chdir(root)
        results[name] = [Database.verify(url).ok, (await AsyncDatabase.verify(url.href)).ok]
        results[name].push(readBack(root + '/' + name + '/data'), fs.readdirSync(root + '/' + name))
        Database.destroy(url)
        results[name].push(fs.readdirSync(root + '/' + name))
      }
      print(results)
    `)
    const each = [true, true, [true, 2], ['data'], []]
    expect(result).toEqual({ 'with space': each, '100%': each, '%41': each, one: each })
  })

  it.each(['https://example.org/data', 'file://host/data', 'file:///a%2fb', 'data:,x'])(
    'is LDB_INVALID_ARGUMENT when it names no local directory: %s',
    TIMEOUT,
    async (url) => {
      const result = await resultOf(`
        const results = []
        for (const call of [
          () => Database.open(new URL('${url}')),
          () => Database.verify(new URL('${url}')),
          () => Database.destroy(new URL('${url}')),
          () => AsyncDatabase.open(new URL('${url}')),
          () => AsyncDatabase.verify(new URL('${url}')),
          () => AsyncDatabase.destroy(new URL('${url}')),
        ]) {
          try {
            await call()
            results.push('accepted')
          } catch (error) {
            results.push(isLdbError(error) ? error.code : error.stack)
          }
        }
        print(results)
      `)
      expect(result).toEqual(Array.from({ length: 6 }, () => 'LDB_INVALID_ARGUMENT'))
    },
  )
})

describe('libraries with a relative path, and another working directory afterwards', () => {
  it('a log', TIMEOUT, async () => {
    const result = await resultOf(`
      const { NodeVfs } = await import('@ldb/vfs')
      const { verifyWal, Wal } = await import('@ldb/wal')
      process.chdir(root + '/one')
      const vfs = new NodeVfs()
      const wal = Wal.open(vfs, 'log', { segmentBytes: 1024, preallocateBytes: 0 })
      process.chdir(root + '/elsewhere')
      for (let index = 0; index < 30; index++) {
        wal.append(new Uint8Array(100))
        if (index % 2 === 0) wal.sync()
        else await wal.syncAsync()
      }
      const reader = wal.read(wal.firstLsn)
      let count = 0
      while (reader.next()) count++
      wal.truncateBefore(wal.endLsn)
      await wal.beginRotation().syncAsync()
      const findings = []
      wal.verify({ finding: (finding) => findings.push(finding), progress: () => {} })
      wal.close()
      process.chdir(root + '/one')
      verifyWal(vfs, 'log', { finding: (finding) => findings.push(finding), progress: () => process.chdir(root) })
      Wal.open(vfs, new URL('one/log', 'file://' + root + '/'), { mustExist: true }).close()
      print([count, findings, fs.readdirSync(root + '/elsewhere')])
    `)
    expect(result).toEqual([30, [], []])
  })

  it('a tree', TIMEOUT, async () => {
    const result = await resultOf(`
      const { NodeVfs } = await import('@ldb/vfs')
      const { BTree } = await import('@ldb/btree')
      const { toSeq } = await import('@ldb/base')
      const vfs = new NodeVfs()
      process.chdir(root + '/one')
      BTree.open(vfs, './tree').close()
      const tree = BTree.open(vfs, 'tree', { rewriteMeta: 'write' })
      process.chdir(root + '/elsewhere')
      const bytes = (text) => new TextEncoder().encode(text)
      tree.load([[bytes('a'), bytes('1')]], toSeq(1))
      await tree.beginCheckpoint().syncAsync()
      tree.checkpoint()
      tree.close()
      const again = BTree.open(vfs, new URL('one/tree', 'file://' + root + '/'), { create: false })
      print([again.entryCount, fs.readdirSync(root + '/elsewhere'), fs.readdirSync(root + '/one')])
      again.close()
    `)
    expect(result).toEqual([1, [], ['tree']])
  })

  it('are LDB_POISONED when their directory was moved and replaced', TIMEOUT, async () => {
    const result = await resultOf(`
      const { NodeVfs } = await import('@ldb/vfs')
      const { Wal } = await import('@ldb/wal')
      const vfs = new NodeVfs()
      const fill = (wal, count) => {
        for (let index = 0; index < count; index++) {
          wal.append(new Uint8Array(100))
          wal.sync()
        }
      }
      const options = { segmentBytes: 1024, preallocateBytes: 0 }
      const outcomes = []
      for (const operate of [
        (wal) => fill(wal, 30),
        (wal) => wal.truncateBefore(wal.endLsn),
        (wal) => wal.rotate(),
        (wal) => wal.beginRotation().syncAsync(),
        async (wal) => {
          wal.append(new Uint8Array(100))
          await wal.syncAsync()
        },
      ]) {
        const wal = Wal.open(vfs, 'log', options)
        fill(wal, 22)
        fs.renameSync('log', 'moved')
        const other = Wal.open(vfs, 'log', options)
        fill(other, 5)
        const before = fs.readdirSync('log').join()
        try {
          await operate(wal)
          outcomes.push('done')
        } catch (error) {
          outcomes.push(error.code)
        }
        wal.close()
        if (fs.readdirSync('log').join() !== before) outcomes.push('the other log was changed')
        other.close()
        for (const [path, count] of [['log', 5], ['moved', 22]]) {
          const again = Wal.open(vfs, path, { mustExist: true })
          const reader = again.read(again.firstLsn)
          let found = 0
          while (reader.next()) found++
          if (found < count) outcomes.push(path + ' has ' + found)
          again.close()
          fs.rmSync(path, { recursive: true })
        }
      }
      print(outcomes)
    `)
    expect(result).toEqual([
      'LDB_POISONED',
      'LDB_POISONED',
      'LDB_POISONED',
      'LDB_POISONED',
      'LDB_COMMIT_UNKNOWN',
    ])
  })
})
