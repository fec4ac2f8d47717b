// Databases of other kinds are copied byte for byte, with the packages that read them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Database } from '@ldb/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ldbAll, userEnvironment } from './command.js'

const require = createRequire(import.meta.url)
const LIBRARY = fileURLToPath(new URL('../lib/index.js', import.meta.url))
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ldb-cli-foreign-'))
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Returns the entries of a keyspace of bytes, as pairs of hexadecimal digits. */
function entriesOf(path: string, keyspace: string): [string, string][] {
  const database = Database.open(path, { readOnly: true })
  try {
    const bytes = database.keyspace(keyspace, { keys: 'binary', values: 'binary' })
    return bytes
      .entries()
      .map(([key, value]): [string, string] => [
        Buffer.from(key).toString('hex'),
        Buffer.from(value).toString('hex'),
      ])
      .toArray()
  } finally {
    database.close()
  }
}

function hex(content: string | Uint8Array): string {
  return Buffer.from(content).toString('hex')
}

const ENTRIES = Array.from({ length: 2500 }, (_, i) => [`k${String(i).padStart(5, '0')}`, `v${i}`] as const)
const EXPECTED = ENTRIES.map(([key, value]) => [hex(key), hex(value)])

test('LevelDB', async () => {
  const { ClassicLevel } = require('classic-level') as {
    ClassicLevel: new (path: string) => { batch(operations: object[]): Promise<void>; close(): Promise<void> }
  }
  const level = new ClassicLevel(join(folder, 'level'))
  await level.batch(ENTRIES.map(([key, value]) => ({ type: 'put', key, value })))
  await level.close()
  const path = join(folder, 'from-level')
  expect(await ldbAll([['import', path, '--from-level', join(folder, 'level')]])).toEqual([
    { code: 0, out: '2500 entries\n', err: '' },
  ])
  expect(entriesOf(path, 'level')).toEqual(EXPECTED)
})

test('LMDB', async () => {
  const { open } = require('lmdb') as {
    open: (options: object) => {
      openDB(options: object): { put(key: Uint8Array, value: Uint8Array): Promise<unknown> }
      put(key: Uint8Array, value: Uint8Array): Promise<unknown>
      close(): Promise<void>
    }
  }
  const bytes = { keyEncoding: 'binary', encoding: 'binary' }
  const single = open({ path: join(folder, 'lmdb'), ...bytes })
  await Promise.all(ENTRIES.map(([key, value]) => single.put(Buffer.from(key), Buffer.from(value))))
  await single.close()
  const many = open({ path: join(folder, 'many.mdb'), noSubdir: true, maxDbs: 4, ...bytes })
  const users = many.openDB({ name: 'users', ...bytes })
  await users.put(Buffer.from([0, 255]), Buffer.from([1]))
  await many.close()
  const path = join(folder, 'from-lmdb')
  expect(await ldbAll([['import', path, '--from-lmdb', join(folder, 'lmdb')]])).toEqual([
    { code: 0, out: '2500 entries\n', err: '' },
  ])
  expect(entriesOf(path, 'lmdb')).toEqual(EXPECTED)
  const [named] = await ldbAll([
    ['import', path, '--from-lmdb', join(folder, 'many.mdb'), '--table', 'users'],
  ])
  expect(named).toMatchObject({ code: 0, out: '1 entries\n' })
  expect(entriesOf(path, 'users')).toEqual([['00ff', '01']])
})

test('SQLite', async () => {
  const { Database: Sqlite } = require('node-sqlite3-wasm') as {
    Database: new (path: string) => {
      exec(sql: string): void
      run(sql: string, values: unknown[]): void
      close(): void
    }
  }
  const file = join(folder, 'a.sqlite')
  const sqlite = new Sqlite(file)
  sqlite.exec('CREATE TABLE kv (key TEXT PRIMARY KEY, value TEXT); BEGIN')
  for (const [key, value] of ENTRIES) sqlite.run('INSERT INTO kv VALUES (?, ?)', [key, value])
  sqlite.exec('COMMIT; CREATE TABLE "odd ""name""" (id BLOB, "the value")')
  sqlite.run('INSERT INTO "odd ""name""" VALUES (?, ?)', [Uint8Array.of(0, 255), Uint8Array.of(7)])
  sqlite.run('INSERT INTO "odd ""name""" VALUES (?, ?)', [12, null])
  sqlite.exec('CREATE TABLE nulls (key, value); INSERT INTO nulls VALUES (NULL, 1)')
  sqlite.close()
  const path = join(folder, 'from-sqlite')
  expect(await ldbAll([['import', path, '--from-sqlite', file, '--table', 'kv']])).toEqual([
    { code: 0, out: '2500 entries\n', err: '' },
  ])
  expect(entriesOf(path, 'kv')).toEqual(EXPECTED)
  const odd = [
    '--table',
    'odd "name"',
    '--key-column',
    'id',
    '--value-column',
    'the value',
    '--keyspace',
    'odd',
  ]
  const from = ['import', path, '--from-sqlite']
  const results = await ldbAll([
    [...from, file, ...odd],
    [...from, file, '--table', 'nulls'],
    [...from, file, '--table', 'absent'],
    [...from, join(folder, 'absent'), '--table', 'kv'],
    [...from, file],
    [...from, file, '--table', 'kv', '--csv'],
    ['import', path, 'a', '--from-lmdb', 'b'],
    ['import', path, '--from-level', 'a', '--from-lmdb', 'b'],
    ['import', path, '--from-lmdb', folder],
  ])
  expect(results.map(({ code }) => code)).toEqual([0, 1, 1, 3, 2, 2, 2, 2, 3])
  expect(results[1]?.err).toContain('NULL in key')
  expect(entriesOf(path, 'odd')).toEqual([
    ['00ff', '07'],
    [hex('12'), ''],
  ])
})

test('a copy that was cut goes on behind its last commit', async () => {
  const path = join(folder, 'resumed')
  const source = join(folder, 'level')
  const database = Database.open(path)
  const level = database.keyspace('level', { keys: 'binary', values: 'binary' })
  // As a process leaves it that was killed: the entries and the position of its commits. Other values show what is not read again.
  level.load(ENTRIES.slice(0, 1000).map(([key]) => [Buffer.from(key), Buffer.from('before')] as const))
  const input = createHash('sha256')
    .update(JSON.stringify(['--from-level', source, undefined, 'key', 'value']))
    .digest('hex')
  database.keyspace<string, unknown>('ldb:imports', { values: 'json' }).put('copy', { count: 1000, input })
  database.close()
  const [other, resumed] = await ldbAll([
    ['import', path, '--from-lmdb', join(folder, 'lmdb'), '--resume', 'copy'],
    ['import', path, '--from-level', source, '--resume', 'copy'],
  ])
  expect(other).toMatchObject({ code: 1, err: expect.stringContaining('another input') })
  expect(resumed).toMatchObject({ code: 0, out: '1500 entries\n' })
  expect(entriesOf(path, 'level')).toEqual([
    ...EXPECTED.slice(0, 1000).map(([key]) => [key, hex('before')]),
    ...EXPECTED.slice(1000),
  ])
})

test('a package that is not installed is named', () => {
  // The command alone, without the packages of the workspace.
  const alone = join(folder, 'alone')
  mkdirSync(alone)
  writeFileSync(
    join(alone, 'block.cjs'),
    `
    const { Module } = require('node:module')
    const load = Module._load
    Module._load = (name, ...rest) => {
      if (/^(classic-level|lmdb|better-sqlite3|node:sqlite|node-sqlite3-wasm)$/.test(name))
        throw Object.assign(new Error('absent'), { code: 'MODULE_NOT_FOUND' })
      return load(name, ...rest)
    }`,
  )
  writeFileSync(join(alone, 'file'), '')
  const wanted = [
    ['--from-level', alone],
    ['--from-lmdb', join(alone, 'file')],
    ['--from-sqlite', join(alone, 'file'), '--table', 't'],
  ]
  const commands = wanted.map((args) => ['import', join(alone, 'db'), ...args])
  const script = `import { runCli } from ${JSON.stringify(pathToFileURL(LIBRARY).href)}
    const codes = []
    for (const args of ${JSON.stringify(commands)}) codes.push(await runCli(args))
    console.log(codes.join())`
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--require', join(alone, 'block.cjs'), '--input-type=module', '--eval', script],
    { encoding: 'utf8', env: userEnvironment() },
  )
  expect(stdout).toBe('1,1,1\n')
  expect(stderr).toBe(
    [
      'ldb: --from-level needs a package: npm install classic-level\n',
      'ldb: --from-lmdb needs a package: npm install lmdb\n',
      'ldb: --from-sqlite needs a package: npm install better-sqlite3 or node-sqlite3-wasm\n',
    ].join(''),
  )
})
