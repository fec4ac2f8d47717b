// The command `copy`, between directories, a PostgreSQL and an etcd.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database } from '@ldb/core'
import { EtcdServers, findEtcd, findPostgres, makeCertificate, PostgresServer } from '@ldb/servers'
import type { Certificate } from '@ldb/servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ldb, ldbAll, PROGRAM, userEnvironment } from './command.js'

const postgres = findPostgres()
const etcd = findEtcd()
for (const missing of [postgres.missing, etcd.missing])
  if (missing !== undefined) console.log(`tests of ldb copy are skipped: ${missing}`)

const COUNT = 12_000
const SECRET = 'Wr0ngSecret'
/** An encoding that the command does not know. */
const reversed = {
  name: 'reversed',
  encode: (bytes: Uint8Array): Uint8Array => bytes.slice().reverse(),
  decode: (bytes: Uint8Array): Uint8Array => bytes.slice().reverse(),
}

let folder: string
let db: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ldb-cli-copy-'))
  db = join(folder, 'db')
  const database = Database.open(db)
  database.load(Array.from({ length: COUNT }, (_, i) => [`k${String(i).padStart(6, '0')}`, `v${i}`] as const))
  const events = database.keyspace('events', { keys: 'tuple', values: 'json' })
  events.put(['ada', 1], { kind: 'login' })
  const custom = database.keyspace('custom', { keys: reversed, values: reversed })
  custom.put(Uint8Array.of(1, 2), Uint8Array.of(3, 255))
  database
    .keyspace('maps', { keys: 'binary', values: 'structured' })
    .put(Uint8Array.of(0), new Map([[1, 2n]]))
  database.close()
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** The content of two databases is the same, expiries included. */
function expectEqual(path: string, other: string): void {
  const { ok, comparison } = Database.verify(path, { against: other })
  expect([ok, comparison?.equal]).toEqual([true, true])
}

const COPIED = ['custom 1', `default ${COUNT}`, 'events 1', 'maps 1']

function keyspacesOf(json: string): unknown {
  const { keyspaces } = JSON.parse(json) as { keyspaces: { name: string; count: number; digest: string }[] }
  for (const { digest } of keyspaces) expect(digest).toMatch(/^[0-9a-f]{64}$/)
  return keyspaces.map(({ name, count }) => `${name} ${count}`).sort((a, b) => (a < b ? -1 : 1))
}

test('copies a directory, once, into keyspaces of another engine', async () => {
  const target = join(folder, 'target')
  const held = join(folder, 'held')
  const writer = Database.open(held)
  const first = ldb(['copy', db, target, '--engine', 'lsm', '--json'])
  const [second, none, same, unknown, locked, stats] = await ldbAll([
    ['copy', db, target],
    ['copy', join(folder, 'absent'), join(folder, 'target-of-absent')],
    ['copy', db, db],
    ['copy', db, `redis://user:${SECRET}@localhost`],
    ['copy', held, join(folder, 'target-of-held')],
    ['keyspaces', target, '--json'],
  ])
  writer.close()
  expect([first.code, first.err]).toEqual([0, ''])
  expect(keyspacesOf(first.out)).toEqual(COPIED)
  expectEqual(target, db)
  expect(stats?.out).toContain('lsm')
  expect(second?.code).toBe(1)
  expect(second?.err).toMatch(/^ldb: LDB_EXISTS: keyspace "\w+" of the target is not empty\n$/)
  expect([none?.code, same?.code, unknown?.code, locked?.code]).toEqual([3, 2, 2, 5])
  expect(unknown?.err).not.toContain(SECRET)
})

test('malformed arguments are exit code 2, without the password that they contain', async () => {
  const [malformed, halfTls, login] = await ldbAll([
    ['copy', db, `etcd://ada:${SECRET}@a b/`],
    ['copy', db, 'etcds://127.0.0.1:1', '--cert', join(folder, 'absent.pem')],
    ['copy', db, `etcd://ada:%zz${SECRET}@127.0.0.1:1`],
  ])
  const unescaped = ['/', '?', '#', '@', ':'].map(
    (mark) => `postgres://ada:${SECRET}${mark}${SECRET}@a b/app?x=${SECRET}`,
  )
  for (const { code, err } of await ldbAll(unescaped.map((url) => ['copy', db, url]))) {
    expect(code).toBe(1)
    expect(err).toMatch(/^ldb: postgres:\/\/ada@a b\/app: /)
    expect(err).not.toContain(SECRET)
  }
  expect([malformed?.code, halfTls?.code, login?.code]).toEqual([2, 2, 2])
  expect(halfTls?.err).toBe('ldb: --cert and --cert-key belong together\n')
  expect(`${malformed?.err}${login?.err}`).not.toContain(SECRET)
})

test('expiries of a directory are copied', async () => {
  const [expiring, copied] = [join(folder, 'expiring'), join(folder, 'copied-expiries')]
  const database = Database.open(expiring)
  database.put('a', '1', { ttlMs: 3_600_000 })
  const expiresAt = database.expiresAt('a') ?? NaN
  database.close()
  const [result] = await ldbAll([['copy', expiring, copied, '--json']])
  // Entries that expire are not among those that are compared.
  expect(keyspacesOf(result?.out ?? '')).toEqual(['default 0'])
  const copy = Database.open(copied)
  expect(Math.abs((copy.expiresAt('a') ?? NaN) - expiresAt)).toBeLessThan(60_000)
  copy.close()
})

describe.skipIf(postgres.missing !== undefined)('PostgreSQL', () => {
  let server: PostgresServer
  let own: Certificate
  let url: string
  let env: Record<string, string>

  beforeAll(async () => {
    own = makeCertificate()
    server = await PostgresServer.start(postgres.bin ?? '', { tls: own })
    url = `postgres://postgres@127.0.0.1:${server.port}/postgres`
    env = { PGPASSWORD: server.password }
  })

  afterAll(async () => {
    await server.stop()
  })

  test('Ctrl-C interrupts a copy, the same command continues it, and the way back gives the same database', async () => {
    const child = spawn(process.execPath, [PROGRAM, 'copy', db, url], {
      env: { ...userEnvironment(), ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let err = ''
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      err += part
    })
    const rowsOf = (keyspace: string): number => {
      const id = server.query(`select id from ldb.keyspaces where name = '${keyspace}'`)
      return id === '' ? 0 : Number(server.query(`select count(*) from ldb.e${id}`))
    }
    const hasBegun = (): boolean =>
      server.query("select to_regclass('ldb.keyspaces') is not null") === 't' && rowsOf('ldb-copy') > 0
    while (!hasBegun() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5))
    child.kill('SIGINT')
    expect(await once(child, 'close')).toEqual([130, null])
    expect(err).toBe('ldb: interrupted\n')
    expect(rowsOf('ldb-copy')).toBeGreaterThan(0)
    expect(rowsOf('default')).toBeLessThanOrEqual(COUNT)

    const back = join(folder, 'back')
    const [continued, again, returned] = await ldbAll(
      [
        ['copy', db, url, '--json'],
        ['copy', db, url],
        ['copy', url, back, '--json'],
      ],
      env,
    )
    expect([continued?.code, continued?.err]).toEqual([0, ''])
    expect(keyspacesOf(continued?.out ?? '')).toEqual(COPIED)
    expect([again?.code, again?.err]).toEqual([1, expect.stringContaining('LDB_EXISTS')])
    expect([returned?.code, returned?.err]).toEqual([0, ''])
    expectEqual(back, db)
  })

  test('a schema is a database of its own, and large values need a flag', async () => {
    const large = join(folder, 'large')
    const database = Database.open(large)
    database.put('large', 'x'.repeat(200_000))
    database.close()
    const [refused, copied] = await ldbAll(
      [
        ['copy', large, url, '--schema', 'portable'],
        ['copy', large, url, '--schema', 'whole', '--engine-limits'],
      ],
      env,
    )
    expect([refused?.code, refused?.err]).toEqual([1, expect.stringMatching(/^ldb: LDB_TOO_LARGE: /)])
    expect([copied?.code, copied?.err]).toEqual([0, ''])
  })

  test('TLS is asked for by the URL, and trusts the authority of a file', async () => {
    const small = join(folder, 'small-tls')
    Database.open(small).close()
    const [trusted, other] = [join(folder, 'trusted.pem'), join(folder, 'other.pem')]
    writeFileSync(trusted, own.certificate)
    writeFileSync(other, makeCertificate().certificate)
    const modes = ['?sslmode=verify-full', '?sslmode=no-verify', '']
    const copies = await ldbAll(
      modes.flatMap((mode, index) => [
        ['copy', small, `${url}${mode}`, '--schema', `tls${index}`, '--ca', trusted],
        ['copy', small, `${url}${mode}`, '--schema', `other${index}`, '--ca', other],
      ]),
      env,
    )
    expect(copies.map(({ code }) => code)).toEqual([0, 1, 0, 1, 0, 1])
    expect(copies[1]?.err).toMatch(/certificate/)
    const [untrusted] = await ldbAll([['copy', small, `${url}?sslmode=verify-full`]], env)
    expect([untrusted?.code, untrusted?.err]).toEqual([1, expect.stringMatching(/certificate/)])
  })

  test('a refused login is an error that contains no password', async () => {
    const wrong = url.replace('postgres@', `postgres:${SECRET}@`)
    const [result] = await ldbAll([['copy', wrong, join(folder, 'refused')]], env)
    expect([result?.code, result?.out]).toEqual([1, ''])
    expect(result?.err).toMatch(/^ldb: postgres:\/\/postgres@127\.0\.0\.1:\d+\/postgres: /)
    expect(result?.err).not.toContain(SECRET)
  })
})

/** Makes an etcd ask for the login of its user `root`. */
async function demandLogin(endpoint: string): Promise<void> {
  const calls = [
    ['user/add', { name: 'root', password: SECRET }],
    ['role/add', { name: 'root' }],
    ['user/grant', { user: 'root', role: 'root' }],
    ['enable', {}],
  ] as const
  for (const [path, body] of calls) {
    const response = await fetch(`${endpoint}/v3/auth/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    })
    expect(response.status).toBe(200)
  }
}

describe.skipIf(etcd.missing !== undefined)('etcd', () => {
  test('copies to a prefix and back', async () => {
    const servers = await EtcdServers.start(etcd.program ?? '', { memberCount: 1 })
    try {
      const small = join(folder, 'small')
      const database = Database.open(small)
      database.load(Array.from({ length: 300 }, (_, i) => [`k${1000 + i}`, `v${i}`] as const))
      database.close()
      const address = servers.endpoints[0]?.replace('http', 'etcd') ?? ''
      const back = join(folder, 'back-from-etcd')
      const [there, back1, other] = await ldbAll([
        ['copy', small, `${address}/app/`],
        ['copy', `${address}/app/`, back],
        ['copy', `${address}/other/`, join(folder, 'empty'), '--json'],
      ])
      expect([there?.code, there?.err]).toEqual([0, ''])
      expect(there?.out).toMatch(
        /^keyspace +entries +sha-256\ndefault +300 +[0-9a-f]{16}\nthe same in both\n$/,
      )
      expect([back1?.code, back1?.err]).toEqual([0, ''])
      expectEqual(back, small)
      expect(keyspacesOf(other?.out ?? '')).toEqual(['default 0'])
      await demandLogin(servers.endpoints[0] ?? '')
      const [refused, named] = await ldbAll(
        [
          ['copy', `${address}/app/`, join(folder, 'refused-by-etcd')],
          ['copy', address.replace('//', '//root@') + '/app/', join(folder, 'named-in-etcd')],
        ],
        { ETCDCTL_USER: `root:${SECRET}x`, ETCDCTL_PASSWORD: SECRET },
      )
      expect([refused?.code, named?.code, named?.err]).toEqual([1, 0, ''])
      expect(refused?.err).toMatch(/^ldb: etcd:\/\/127\.0\.0\.1:\d+\/app\/: /)
      expect(refused?.err).not.toContain(SECRET)
    } finally {
      await servers.stop()
    }
  })
})
