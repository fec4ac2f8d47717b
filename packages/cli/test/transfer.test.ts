// Exports, imports and loads: what is written is read again, wherever a run was cut.
import { spawn } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database } from '@ldb/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FileSource } from '../src/fields/byte-source.js'
import { recordsOf } from '../src/formats/log-segment.js'
import { ldb, ldbAll, PROGRAM, userEnvironment } from './command.js'

let folder: string
let path: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ldb-cli-transfer-'))
  path = join(folder, 'db')
  const database = Database.open(path)
  database.load(Array.from({ length: 4500 }, (_, i) => [`k${String(i).padStart(5, '0')}`, `v${i}`] as const))
  database.put('quoted "key", with\na line', 'a,"b"\r\nc')
  database.put('spaces', ' \t')
  const events = database.keyspace<readonly [string, number], unknown>('events', {
    keys: 'tuple',
    values: 'json',
  } as never)
  events.put(['a,b', 1], { text: '"' })
  database.close()
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** An export without its first line, which has the number of the newest commit. */
function entryLines(text: string): string[] {
  return text.split('\n').slice(1)
}

test('lines of JSON of all keyspaces are exported and imported', async () => {
  const target = join(folder, 'imported')
  const exported = ldb(['export', path])
  expect(exported.code).toBe(0)
  const file = join(folder, 'export.ndjson')
  expect(ldb(['import', target], exported.out)).toEqual({ code: 0, out: '4503 entries\n', err: '' })
  const [again, toFile] = await ldbAll([
    ['export', target],
    ['export', path, '--output', file],
  ])
  expect(entryLines(again?.out ?? '')).toEqual(entryLines(exported.out))
  expect(toFile).toEqual({ code: 0, out: '', err: '' })
  expect(readFileSync(file, 'utf8')).toBe(exported.out)
  expect(existsSync(`${file}.resume`)).toBe(false)
})

test('a keyspace is exported, imported and loaded as CSV, whatever its texts contain', async () => {
  const target = join(folder, 'target')
  const loaded = join(folder, 'loaded')
  const files = { default: join(folder, 'default.csv'), events: join(folder, 'events.csv') }
  const create = (name: string): string[][] => [
    ['create', name],
    ['create', name, '--keyspace', 'events', '--keys', 'tuple', '--values', 'json'],
  ]
  const results = await ldbAll([
    ...create(target),
    ...create(loaded),
    ...Object.entries(files).flatMap(([name, file]) => [
      ['export', path, '--csv', '--keyspace', name, '--output', file],
      ['import', target, file, '--csv', '--keyspace', name],
      ['load', loaded, file, '--csv', '--keyspace', name],
      ['export', target, '--csv', '--keyspace', name],
      ['export', loaded, '--csv', '--keyspace', name],
    ]),
  ])
  expect(results.map(({ code }) => code)).toEqual(results.map(() => 0))
  for (const [index, [file, count]] of [
    [files.default, 4502],
    [files.events, 1],
  ].entries()) {
    const text = readFileSync(String(file), 'utf8')
    const [, imported, load, ...exports] = results.slice(4 + index * 5)
    expect(text).toMatch(/^key,value\n/)
    expect([imported?.out, load?.out]).toEqual([`${count} entries\n`, `${count} entries\n`])
    expect(exports.slice(0, 2).map(({ out }) => out)).toEqual([text, text])
  }
  const copy = Database.open(target, { readOnly: true })
  expect(copy.get('quoted "key", with\na line')).toBe('a,"b"\r\nc')
  expect(copy.get('spaces')).toBe(' \t')
  copy.close()
})

test('lines of a scan are loaded, all of them or none', async () => {
  const target = join(folder, 'lines')
  const [lines, created] = await ldbAll([
    ['scan', path, '--json'],
    ['create', target],
  ])
  expect(created?.code).toBe(0)
  expect(ldb(['load', target], lines?.out ?? '')).toEqual({ code: 0, out: '4502 entries\n', err: '' })
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const first = '{"key":"x1","value":"1"}\n'
  const results = await ldbAll([
    ['load', target, file('unsorted', `${first}{"key":"x0","value":"1"}\n`)],
    ['load', target, file('no-json', `${first}{"key":\n`)],
    ['load', target, file('no-value', `${first}{"key":"x2"}\n`)],
    ['load', target, file('number', `${first}{"key":"x2","value":1}\n`)],
    ['load', target, file('no-csv', 'a,b\n'), '--csv'],
    ['load', target, join(folder, 'absent')],
    ['load', target, file('one', first), '--keyspace', 'absent'],
    ['load', join(folder, 'no-database'), file('one', first)],
    ['load', target, file('one', first), '--ttl', 'x'],
    ['count', target],
    ['load', target, file('one', first), '--ttl', '3600000'],
    ['count', target],
  ])
  expect(results.map(({ code }) => code)).toEqual([1, 1, 1, 1, 1, 1, 3, 3, 2, 0, 0, 0])
  expect(results[2]?.err).toContain('line 2 cannot be loaded: it has no value')
  expect([results[9]?.out, results[11]?.out]).toEqual(['4502\n', '4503\n'])
})

test('a row or a line that is none is named, and what is before it in other commits stays', async () => {
  const target = join(folder, 'partial')
  const rows = Array.from({ length: 2500 }, (_, i) => `k${i},v\n`).join('')
  const files = [
    `key,value\n${rows}one,two,three\n`,
    'a,b\n',
    '',
    'key,value\n',
    '{"ldb":2}\n',
    '{"ldb":1}\nx\n',
  ]
  const names = files.map((text, index) => {
    const name = join(folder, `faulty-${index}`)
    writeFileSync(name, text)
    return name
  })
  const [created, partial, count, ...errors] = await ldbAll([
    ['create', target],
    ['import', target, String(names[0]), '--csv'],
    ['count', target],
    ['import', target, String(names[1]), '--csv'],
    ['import', target, String(names[2]), '--csv'],
    ['import', target, join(folder, 'absent.csv'), '--csv'],
    ['import', target, String(names[3]), '--csv', '--keyspace', 'absent'],
    ['import', target, String(names[4])],
    ['import', target, String(names[5])],
    ['import', target, String(names[5]), '--keyspace', 'x'],
    ['export', target, '--keyspace', 'default'],
    ['export', target, '--resume'],
    ['export', target, '--csv', '--keyspace', 'absent'],
    ['export', join(folder, 'nothing')],
    ['import', target, '--table', 'x'],
  ])
  expect(created?.code).toBe(0)
  expect(partial).toMatchObject({ code: 1, err: expect.stringContaining('at line 2502 or before it') })
  expect(count?.out).toBe('2000\n')
  expect(errors.map(({ code }) => code)).toEqual([1, 1, 1, 3, 1, 1, 2, 2, 2, 3, 3, 2])
})

/** Runs an import of the standard input that is killed when some of it is committed, and returns how many entries there are. */
async function killedImport(args: readonly string[], target: string, input: string): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: userEnvironment(),
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  child.stdin.on('error', () => undefined)
  child.stdin.write(input)
  // The rest of the input does not come.
  while (commitCount(join(target, 'wal')) < 2) await new Promise((resolve) => setTimeout(resolve, 20))
  child.kill('SIGKILL')
  await once(child, 'exit')
  const database = Database.open(target)
  const count = database.count()
  database.close()
  return count
}

/** Returns the number of commits in a log that is being written. */
function commitCount(log: string): number {
  let count = 0
  for (const name of readdirSync(log).filter((file) => file.endsWith('.wal'))) {
    const source = new FileSource(join(log, name))
    for (const { type } of recordsOf(source)) if (type === 1) count++
    source.close()
  }
  return count
}

test.each(['lines', 'csv'])(
  'a killed import of %s goes on, and loses and repeats nothing',
  async (format) => {
    const target = join(folder, `killed-${format}`)
    const csv = format === 'csv' ? ['--csv'] : []
    const [exported] = await ldbAll([
      ['export', path, ...csv],
      ['create', target],
    ])
    const text = exported?.out ?? ''
    const args = ['import', target, ...csv, '--resume', 'one']
    const count = await killedImport(args, target, text.slice(0, Math.floor(text.length * 0.9)))
    expect(count).toBeGreaterThan(0)
    expect(count).toBeLessThan(4502)
    const file = join(folder, `again-${format}`)
    const other = join(folder, `other-${format}`)
    writeFileSync(file, text)
    writeFileSync(other, text.replace('k00003', 'k0000x'))
    const [refused, resumed, keyspaces, again] = await ldbAll([
      ['import', target, other, ...csv, '--resume', 'one'],
      ['import', target, file, ...csv, '--resume', 'one'],
      ['keyspaces', target],
      ['export', target, ...csv],
    ])
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('has begun with another input') })
    const all = format === 'csv' ? 4502 : 4503
    expect(resumed).toMatchObject({ code: 0, out: `${all - count} entries\n` })
    expect(keyspaces?.out).not.toContain('ldb:imports')
    expect(entryLines(again?.out ?? '')).toEqual(entryLines(text))
  },
)

test('an export that was cut goes on, if the database has not changed', async () => {
  const source = join(folder, 'large')
  const database = Database.open(source)
  for (let i = 0; i < 1200; i++)
    database.put(`k${String(i).padStart(5, '0')}`, String(i).repeat(1000), { durability: 'none' })
  database.close()
  for (const csv of [[], ['--csv']]) {
    const file = join(folder, `cut-${csv.length}`)
    const whole = join(folder, `whole-${csv.length}`)
    const args = ['export', source, '--output', file, ...csv]
    const [cut, other] = await ldbAll([
      { args, interruptAfter: 2 },
      ['export', source, '--output', whole, ...csv],
    ])
    expect([cut?.code, other?.code]).toEqual([130, 0])
    expect(statSync(file).size).toBeLessThan(statSync(whole).size)
    // A killed process may leave more than the point says.
    appendFileSync(file, 'k99999')
    expect(await ldbAll([[...args, '--resume']])).toEqual([{ code: 0, out: '', err: '' }])
    expect(readFileSync(file).equals(readFileSync(whole))).toBe(true)
    const [again, , changed] = await ldbAll([
      { args, interruptAfter: 2 },
      ['put', source, 'later', `${csv.length}`],
      [...args, '--resume'],
    ])
    expect(again?.code).toBe(130)
    expect(changed).toMatchObject({ code: 1, err: expect.stringContaining('the database has changed') })
    expect(await ldbAll([['delete', source, 'later']])).toMatchObject([{ code: 0 }])
  }
})
