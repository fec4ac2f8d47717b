// What each command does with a database that it cannot use, with bad arguments, and with outputs that it cannot write: code and message.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { Database } from '@ldb/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ldb, ldbAll, PROGRAM, userEnvironment } from './command.js'

let folder: string
const at = (...names: string[]): string => join(folder, ...names)
const KEY = '5a'.repeat(32)
const encryption = { key: new Uint8Array(32).fill(0x5a) }

/** Fills databases: a plain one, an encrypted one, and one with damaged pages; with backups of the first two. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ldb-cli-errors-'))
  for (const [name, options] of [
    ['db', {}],
    ['encrypted', { encryption }],
    ['damaged', {}],
  ] as const) {
    const database = Database.open(at(name), options)
    for (let i = 0; i < 300; i++) database.put(`k${i}`, `v${i}`, { durability: 'none' })
    database.checkpoint()
    database.backup(at(`backups of ${name}`))
    database.close()
  }
  const tree = at('damaged/keyspaces/1/tree.ldb')
  writeFileSync(tree, readFileSync(tree).fill(0xaa, 3 * 8192))
  mkdirSync(at('foreign'))
  writeFileSync(at('foreign/text'), 'text')
  writeFileSync(at('text'), 'text')
  writeFileSync(at('lines'), '{"key":"x","value":"1"}\n')
  writeFileSync(at('export'), '{"ldb":1,"seq":1}\n{"keyspace":"default","key":"x","value":"1"}\n')
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

let targets = 0

/** Returns all commands that open a database, applied to one. Each target is a new one. */
function commandsOn(path: string): string[][] {
  const target = (): string => at(`target ${targets++}`)
  return [
    ['get', path, 'k1'],
    ['put', path, 'k1', 'other'],
    ['delete', path, 'k2'],
    ['scan', path],
    ['count', path],
    ['keyspaces', path],
    ['stats', path],
    ['verify', path],
    ['repair', path, target()],
    ['backup', path, target()],
    ['compact', path],
    ['checkpoint', path],
    ['export', path],
    ['load', path, at('lines')],
    ['changes', path],
    ['shell', path],
    ['copy', path, target()],
  ]
}

/** Leaves out the commands that work in a thread, whose start takes as long as that of a process. */
function withoutThreads(commands: readonly string[][]): string[][] {
  return commands.filter(([name]) => name !== 'verify' && name !== 'repair')
}

/** Runs commands, and returns for each its name, its code and the code of its error. No message contains anything of a key. */
async function endsOf(commands: readonly string[][], env: Record<string, string> = {}): Promise<string[]> {
  const results = await ldbAll(commands, env)
  return results.map(({ code, out, err }, index) => {
    expect(out + err).not.toContain('c7c7')
    return `${commands[index]?.[0]} ${code} ${/^ldb: (LDB_\w+): [^\n]+\n$/.exec(err)?.[1] ?? err}`
  })
}

function expected(commands: readonly string[][], end: string): string[] {
  return commands.map(([name]) => `${name} ${end}`)
}

test.each([
  ['that is missing', 'missing', '3 LDB_NOT_FOUND'],
  ['that is a directory of other files', 'foreign', '1 LDB_FORMAT'],
  ['that is a file', 'text', '1 LDB_FORMAT'],
])('a database %s', async (_, name, end) => {
  const commands = name === 'missing' ? commandsOn(at(name)) : withoutThreads(commandsOn(at(name)))
  expect(await endsOf(commands)).toEqual(expected(commands, end))
  // An import creates a database: not where there is something else.
  const others =
    name === 'missing'
      ? []
      : [
          ['import', at(name), at('export')],
          ['create', at(name)],
        ]
  expect(await endsOf(others)).toEqual(expected(others, end))
  expect(readdirSync(folder).filter((each) => each.startsWith('target'))).toEqual([])
  expect(existsSync(at('missing'))).toBe(false)
  const [inspect, studio] = await ldbAll([
    ['inspect', at('missing')],
    ['studio', at('missing')],
  ])
  expect([inspect?.code, studio?.code]).toEqual([3, 3])
})

test('a database that another process has open', async () => {
  const holder = Database.open(at('db'))
  const commands = [
    ...commandsOn(at('db')),
    ['import', at('db'), at('export')],
    ['create', at('db'), '--keyspace', 'other'],
  ]
  const ends = await endsOf(commands)
  holder.close()
  expect(ends).toEqual(expected(commands, '5 LDB_LOCKED'))
  expect(await ldbAll([['inspect', at('db')]])).toMatchObject([{ code: 0 }])
})

test('a database of which the key is missing, wrong or needless', async () => {
  const commands = [
    ...commandsOn(at('encrypted')),
    ['import', at('encrypted'), at('export')],
    ['create', at('encrypted'), '--keyspace', 'other'],
    ['restore', at('backups of encrypted'), at('restored')],
  ]
  const wrong = { LDB_KEY: 'c7'.repeat(32) }
  const needless = withoutThreads(commandsOn(at('db')))
  const keyless = withoutThreads(commands)
  expect(await endsOf(keyless)).toEqual(expected(keyless, '1 LDB_KEY'))
  expect(await endsOf([...commands, ...needless], wrong)).toEqual(
    expected([...commands, ...needless], '1 LDB_KEY'),
  )
  const others = [commands[0] ?? []]
  expect(await endsOf(others, { LDB_PASSPHRASE: 'c7c7' })).toEqual(expected(others, '1 LDB_KEY'))
  expect(existsSync(at('restored'))).toBe(false)
  const [right] = await ldbAll([['get', at('encrypted'), 'k1']], { LDB_KEY: KEY })
  expect(right).toEqual({ code: 0, out: 'v1\n', err: '' })
})

test('a database with damaged pages', async () => {
  const reading = commandsOn(at('damaged')).filter(([name]) => !['verify', 'repair'].includes(String(name)))
  const commands = [...reading, ['import', at('damaged'), at('export')]].filter(([name]) => name !== 'shell')
  const results = await ldbAll(commands)
  expect(results.map(({ code }, index) => [commands[index]?.[0], code])).toEqual(
    commands.map(([name]) => [name, 4]),
  )
  for (const { err } of results) expect(err).toMatch(/^ldb: LDB_\w+: .*tree\.ldb, offset \d+\)/)
})

test('arguments that name nothing or are no numbers, keys or values', async () => {
  const db = at('db')
  const cases: [number, string[]][] = [
    ...['get', 'put', 'delete', 'scan', 'count', 'load'].map((name): [number, string[]] => [
      3,
      [
        name,
        db,
        ...({ get: ['a'], put: ['a', 'b'], delete: ['a'], load: [at('lines')] }[name] ?? []),
        '--keyspace',
        'absent',
      ],
    ]),
    [3, ['export', db, '--csv', '--keyspace', 'absent']],
    [2, ['scan', db, '--gt', 'xx', '--key-format', 'hex']],
    [2, ['put', db, 'a', 'zz', '--value-format', 'hex']],
    [2, ['put', db, 'a', '{', '--value-format', 'json']],
    [2, ['put', db, 'a', 'b', '--ttl', '-5']],
    [1, ['put', db, 'x'.repeat(70_000), 'b']],
    [2, ['scan', db, '--key-format', 'octal']],
    [2, ['scan', db, '--limit', '-1']],
    [1, ['get', db, 'a', '--key-file', at('absent')]],
    [2, ['get', db, 'a', '--key-file', at('text')]],
    [2, ['create', at('new'), '--engine', 'heap']],
    [2, ['create', db, '--keyspace', 'a', '--keys', 'latin1']],
    [2, ['changes', db, '--interval', 'x']],
    [2, ['changes', db, '--since', '-1']],
    [2, ['bench', '--durability', 'some']],
    [2, ['bench', '--value-bytes', '-1']],
    [2, ['studio', db, '--port', 'http']],
    [2, ['copy', db, at('new'), '--engine', 'heap']],
    [2, ['copy', db]],
    [2, ['restore', at('backups of db')]],
    [2, ['restore', at('backups of db'), at('new'), '--until', '2026-01-01']],
    [3, ['restore', at('backups of db'), at('new'), '--until', '99999']],
    [3, ['restore', at('foreign'), at('new')]],
    [1, ['restore', at('text'), at('new')]],
    [2, ['verify']],
    [2, ['repair', db]],
    [2, ['compact', db, 'twice']],
    [2, ['checkpoint', db, '--bogus']],
    [2, ['keyspaces', '--json']],
    [2, ['stats', db, '--unknown']],
    [2, ['shell']],
    [1, ['import', db, at('absent')]],
    [1, ['import', db, at('foreign')]],
    [1, ['import', db, at('text')]],
    [1, ['load', db, at('foreign')]],
    [3, ['inspect', db, '--file', '../text']],
  ]
  const results = await ldbAll(cases.map(([, args]) => args))
  expect(results.map(({ code }, index) => [code, cases[index]?.[1]])).toEqual(cases)
  for (const { out, err } of results) expect([out, err.length > 0]).toEqual(['', true])
  expect(existsSync(at('new'))).toBe(false)
})

test('targets that exist or cannot be written stay as they are', async () => {
  const db = at('db')
  const commands = [
    ['backup', db, at('foreign')],
    ['backup', db, at('text')],
    ['restore', at('backups of db'), at('foreign')],
    ['restore', at('backups of db'), at('text')],
    ['repair', db, at('foreign')],
    ['repair', db, db],
    ['create', db],
    ['get', db, 'k1', '--output', at('foreign')],
    ['export', db, '--output', at('foreign')],
    ['export', db, '--output', at('absent', 'export')],
    ...(existsSync('/dev/full')
      ? [
          ['get', db, 'k1', '--output', '/dev/full'],
          ['export', db, '--output', '/dev/full'],
        ]
      : []),
  ]
  const results = await ldbAll(commands)
  expect(results.map(({ code, out }) => `${code}${out}`)).toEqual(commands.map(() => '1'))
  for (const { err } of results) expect(err).toMatch(/^ldb: [^\n]+\n$/)
  expect(readdirSync(at('foreign'))).toEqual(['text'])
  expect(readFileSync(at('text'), 'utf8')).toBe('text')
})

test.skipIf(!existsSync('/dev/full'))('a full device behind the standard output is an error', () => {
  const script = ['scan', 'get'].map((name) => {
    const args = name === 'get' ? ` k1` : ''
    return `'${process.execPath}' '${PROGRAM}' ${name} '${at('db')}'${args} > /dev/full; echo $?`
  })
  const { stdout, stderr } = spawnSync('sh', ['-c', script.join('\n')], {
    encoding: 'utf8',
    env: userEnvironment(),
  })
  expect(stdout).toBe('1\n1\n')
  expect(stderr.match(/^ldb: the standard output cannot be written: ENOSPC/gm)).toHaveLength(2)
})

test('a directory without write access is read, and not written', () => {
  const path = at('read only')
  const database = Database.open(path)
  database.put('a', '1')
  database.close()
  for (const name of ['', ...readdirSync(path, { recursive: true, encoding: 'utf8' })]) {
    const each = join(path, name)
    chmodSync(each, existsSync(join(each, '.')) ? 0o555 : 0o444)
  }
  chmodSync(folder, 0o755)
  // Permissions bind no superuser.
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  const run = (...args: string[]): [number | null, string, string] => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
      encoding: 'utf8',
      env: userEnvironment(),
      ...user,
    })
    return [status, stdout, stderr]
  }
  expect(run('get', path, 'a')).toEqual([0, '1\n', ''])
  const [code, out, err] = run('put', path, 'a', '2')
  expect([code, out]).toEqual([1, ''])
  expect(err).toMatch(/^ldb: LDB_(?:IO|READ_ONLY): [^\n]+\n$/)
  expect(ldb(['get', path, 'a']).out).toBe('1\n')
  for (const name of ['', ...readdirSync(path, { recursive: true, encoding: 'utf8' })])
    chmodSync(join(path, name), 0o755)
})
