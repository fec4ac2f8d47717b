// Commands that read and write entries: arguments, files and the standard input, formats, ranges, errors.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database } from '@ldb/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ldb, ldbAll } from './command.js'

let folder: string
let db: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ldb-cli-'))
  db = join(folder, 'db')
  const database = Database.open(db)
  database.load(
    Array.from({ length: 20_000 }, (_, i) => [`k${String(i).padStart(6, '0')}`, `v${i}`] as const),
  )
  const events = database.keyspace<readonly [string, number], unknown>('events', {
    keys: 'tuple',
    values: 'json',
  } as never)
  events.put(['ada', 1], { kind: 'login' })
  events.put(['ada', 2], { kind: 'logout' })
  database
    .keyspace('bytes', { keys: 'binary', values: 'binary' })
    .put(Uint8Array.of(0, 255), Uint8Array.of(1, 2))
  database.close()
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

test('each command of entries runs as a process of its own', async () => {
  const path = join(folder, 'fresh')
  expect(ldb(['create', path])).toEqual({ code: 0, out: '', err: '' })
  expect(ldb(['put', path, 'b'], 'from input')).toEqual({ code: 0, out: '', err: '' })
  expect(ldb(['get', path, 'b'])).toEqual({ code: 0, out: 'from input\n', err: '' })
  expect(ldb(['scan', path, '--json'])).toEqual({
    code: 0,
    out: '{"key":"b","value":"from input"}\n',
    err: '',
  })
  expect(ldb(['count', path])).toEqual({ code: 0, out: '1\n', err: '' })
  expect(ldb(['delete', path, '--key-from', '-'], 'b')).toEqual({ code: 0, out: '', err: '' })
  expect(await ldbAll([['get', path, 'b']])).toEqual([{ code: 3, out: '', err: '' }])
})

test('keys and values come from arguments and files, in every format', async () => {
  const path = join(folder, 'formats')
  const keyFile = join(folder, 'the-key')
  const valueFile = join(folder, 'the-value')
  const hexFile = join(folder, 'hex')
  const copy = join(folder, 'copy')
  writeFileSync(keyFile, 'key\n')
  writeFileSync(valueFile, Uint8Array.of(0, 1, 0xff, 10))
  writeFileSync(hexFile, '6b 32'.replace(' ', '') + '\n')
  const results = await ldbAll([
    ['create', path],
    ['put', path, 'a', '1'],
    ['get', path, 'a', '--value-format', 'hex'],
    ['get', path, 'YQ==', '--key-format', 'base64', '--value-format', 'base64'],
    ['get', path, '61', '--key-format', 'hex'],
    ['get', path, '"a"', '--key-format', 'json'],
    ['put', path, 'one', '--key-from', keyFile],
    ['get', path, 'key\n'],
    ['put', path, '--key-from', hexFile, '--key-format', 'hex', '--file', valueFile],
    ['get', path, 'k2', '--value-format', 'hex'],
    ['get', path, 'k2', '--output', copy],
    ['put', path, 'k3', '--file', hexFile, '--value-format', 'hex'],
    ['get', path, 'k3'],
    ['put', path, 'brief', 'x', '--ttl', '3600000'],
    ['delete', path, '--key-from', keyFile],
    ['count', path],
  ])
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  expect(results.map(({ out }) => out).filter((out) => out !== '')).toEqual([
    '31\n',
    'MQ==\n',
    '1\n',
    'one\n',
    '0001ff0a\n',
    'k2\n',
    '4\n',
  ])
  expect([...readFileSync(copy)]).toEqual([0, 1, 0xff, 10])
})

test('ranges are scanned and counted in the formats of the encodings', async () => {
  const [range, last, above, events, bytes, keys] = await ldbAll([
    ['scan', db, '--gte', 'k000010', '--lt', 'k000012'],
    ['scan', db, '--prefix', 'k01999', '--reverse', '--limit', '1', '--keys-only'],
    ['count', db, '--gt', 'k019989', '--lte', 'k019998'],
    ['scan', db, '--keyspace', 'events', '--prefix', '["ada"]', '--json'],
    ['scan', db, '--keyspace', 'bytes'],
    ['scan', db, '--keyspace', 'events', '--keys-only', '--json'],
  ])
  expect(range?.out).toBe('k000010\tv10\nk000011\tv11\n')
  expect(last?.out).toBe('k019999\n')
  expect(above?.out).toBe('9\n')
  expect(events?.out).toBe(
    '{"key":["ada",1],"value":{"kind":"login"}}\n{"key":["ada",2],"value":{"kind":"logout"}}\n',
  )
  expect(bytes?.out).toBe('00ff\t0102\n')
  expect(keys?.out).toBe('{"key":["ada",1]}\n{"key":["ada",2]}\n')
})

test('errors have their exit codes', async () => {
  const cases: [number, string[]][] = [
    [1, ['create', db]],
    [2, ['create', join(folder, 'no'), '--keys', 'tuple']],
    [2, ['create', db, '--engine', 'heap']],
    [3, ['get', join(folder, 'nothing'), 'a']],
    [3, ['get', db, 'a', '--keyspace', 'nothing']],
    [2, ['get', db]],
    [2, ['get', db, 'a', '--key-from', 'b']],
    [2, ['get', db, 'xyz', '--key-format', 'hex']],
    [2, ['get', db, '!', '--key-format', 'base64']],
    [2, ['get', db, '{', '--keyspace', 'events']],
    [2, ['get', db, '{}', '--keyspace', 'events']],
    [1, ['get', db, '--key-from', join(folder, 'no-file')]],
    [2, ['put', db, 'a', 'b', '--file', 'c']],
    [2, ['put', db, 'a', 'b', '--key-from', 'c']],
    [2, ['put', db, '--key-from', '-', '--file', '-']],
    [2, ['put', db, 'a', 'b', '--ttl', '0']],
    [3, ['delete', db, 'a']],
    [2, ['scan', db, '--limit', 'many']],
    [3, ['scan', db, '--keyspace', 'nothing']],
    [3, ['count', join(folder, 'nothing')]],
    [2, ['unknown']],
  ]
  const results = await ldbAll(cases.map(([, args]) => args))
  expect(results.map(({ code }, index) => [code, cases[index]?.[1]])).toEqual(cases)
  expect(results.every(({ out }) => out === '')).toBe(true)
  const holder = Database.open(db)
  const locked = ['get', 'put', 'delete', 'scan', 'count', 'stats', 'compact'].map((name) =>
    name === 'put' ? [name, db, 'a', 'b'] : ['get', 'delete'].includes(name) ? [name, db, 'a'] : [name, db],
  )
  const answers = await ldbAll(locked)
  holder.close()
  expect(answers.map(({ code }) => code)).toEqual(locked.map(() => 5))
  for (const { err } of answers) expect(err).toMatch(/^ldb: LDB_LOCKED: [^\n]+\n$/)
  const [help, of] = await ldbAll([['--help'], ['scan', '--help']])
  expect([help?.code, help?.out.includes('Exit codes: 0 ok')]).toEqual([0, true])
  expect([of?.code, of?.out.includes('Exit codes: 0 ok')]).toEqual([0, true])
})

test('keys of encryption come from a file or the environment, and are in no message', async () => {
  const path = join(folder, 'secret')
  const key = 'a1'.repeat(32)
  const file = join(folder, 'key')
  writeFileSync(file, key)
  const bytes = join(folder, 'key-bytes')
  writeFileSync(bytes, Buffer.from(key, 'hex'))
  const made = await ldbAll([
    ['create', path, '--key-file', file],
    ['put', path, 'a', '1', '--key-file', bytes],
    ['get', path, 'a', '--key-file', file],
  ])
  expect(made.map(({ code, out }) => [code, out])).toEqual([
    [0, ''],
    [0, ''],
    [0, '1\n'],
  ])
  const [own] = await ldbAll([['get', path, 'a']], { LDB_KEY: key })
  expect(own?.out).toBe('1\n')
  const [wrong] = await ldbAll([['get', path, 'a']], { LDB_KEY: 'b2'.repeat(32) })
  expect([wrong?.code, wrong?.err.includes('LDB_KEY'), wrong?.err.includes('b2b2')]).toEqual([1, true, false])
  const [short] = await ldbAll([['get', path, 'a']], { LDB_KEY: 'a1a1' })
  expect([short?.code, short?.err.includes('a1a1')]).toEqual([2, false])
})
