// Strategy: one application uses the drivers of clusters as npm installs them, as an ES module, as a CommonJS module, and built into one file that runs where nothing
// is installed. Invariants: it reads what it wrote and the changes, from PostgreSQL and from etcd; a build has no errors, and no warnings but those of `pg`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EtcdServers, findEtcd, findPostgres, PostgresServer } from '@ldb/servers'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { bundleWithEsbuild, bundleWithVite, bundleWithWebpack } from '../src/bundle.js'
import { copyConsumer, dropConsumer, run } from '../src/consumer.js'
import type { Consumer } from '../src/consumer.js'

const APPLICATION = `
import { ClusterDatabase } from '@ldb/cluster'
import { EtcdDriver } from '@ldb/etcd'
import { PostgresDriver } from '@ldb/postgres'

async function use(driver) {
  const db = await ClusterDatabase.open(driver)
  await db.clear()
  const commits = db.changes()[Symbol.asyncIterator]()
  const next = commits.next()
  await db.put('a', '1')
  await db.transaction(async (tx) => tx.put('b', (await tx.get('a')) + '2'))
  const { value } = await next
  const read = [db.engine, await db.get('b'), await db.entries().toArray(), value.changes.map(({ key }) => key)]
  await commits.return()
  await db.close()
  console.log(JSON.stringify(read))
}

async function main() {
  const { POSTGRES, ETCD } = process.env
  if (POSTGRES) await use(await PostgresDriver.open(POSTGRES))
  if (ETCD) await use(await EtcdDriver.open({ endpoints: [ETCD] }))
}
void main()
`
const READ = ['12', [['a', '1'], ['b', '12']], ['a']] // prettier-ignore

const postgres = findPostgres()
const etcd = findEtcd()
/** `pg` loads an optional package, and goes on without it. */
const OPTIONAL = [/pg-native/]

let consumer: Consumer
let elsewhere = ''
const stops: (() => Promise<void>)[] = []
const expected: unknown[] = []

beforeAll(async () => {
  consumer = copyConsumer(inject('packed'))
  elsewhere = mkdtempSync(join(tmpdir(), 'ldb-deployed-'))
  for (const { missing } of [postgres, etcd]) if (missing !== undefined) console.log(missing)
  if (postgres.bin !== undefined) {
    const server = await PostgresServer.start(postgres.bin)
    stops.push(() => server.stop())
    process.env['POSTGRES'] = server.url
    expected.push(['PostgreSQL', ...READ])
  }
  if (etcd.program !== undefined) {
    const servers = await EtcdServers.start(etcd.program, { memberCount: 1 })
    stops.push(() => servers.stop())
    process.env['ETCD'] = servers.endpoints[0]
    expected.push(['etcd', ...READ])
  }
}, 60_000)

afterAll(async () => {
  for (const stop of stops) await stop()
  dropConsumer(consumer)
  rmSync(elsewhere, { recursive: true, force: true })
})

function writeApplication(name: string, code: string): string {
  const file = join(consumer.folder, name)
  writeFileSync(file, code)
  return file
}

/** Runs an application. Returns what it has read from each server. */
function readBy(file: string): unknown[] {
  const lines = run(process.execPath, [file], elsewhere).trim().split('\n')
  return lines.map((line): unknown => JSON.parse(line))
}

describe.skipIf(postgres.bin === undefined && etcd.program === undefined)('the packed drivers', () => {
  test('serve an ES module', () => {
    expect(readBy(writeApplication('cluster.mjs', APPLICATION))).toEqual(expected)
  })

  test('serve a CommonJS module', () => {
    const code = APPLICATION.replaceAll(/^import (.*) from (.*)$/gm, 'const $1 = require($2)')
    expect(readBy(writeApplication('cluster.cjs', code))).toEqual(expected)
  })

  test.each([
    ['webpack', bundleWithWebpack, 'cjs'],
    ['esbuild', bundleWithEsbuild, 'cjs'],
    ['vite', bundleWithVite, 'mjs'],
  ] as const)('serve an application built with %s', async (name, bundle, extension) => {
    const entry = writeApplication(`cluster-${name}.mjs`, APPLICATION)
    const built = join(elsewhere, `${name}.${extension}`)
    await bundle(entry, built, 'node', OPTIONAL)
    expect(readBy(built)).toEqual(expected)
  })
})
