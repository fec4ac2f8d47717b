/** Prints the figures of LDB over PostgreSQL and etcd beside those of bare clients, and of the embedded database. See README.md. */

import { ClusterDatabase } from '@ldb/cluster'
import type { ClusterDriver, KeyValueDatabase } from '@ldb/cluster'
import { AsyncDatabase } from '@ldb/core'
import { EtcdDriver } from '@ldb/etcd'
import { PostgresDriver } from '@ldb/postgres'
import {
  createScratchFolder,
  EtcdServers,
  findEtcd,
  findPostgres,
  PostgresServer,
  removeScratchFolder,
} from '@ldb/servers'
import { BareEtcd } from './bare-etcd.js'
import { BarePostgres } from './bare-postgres.js'
import { fill, ldbOperations } from './ldb.js'
import { countRow, measureRow } from './measure.js'
import type { Subject } from './measure.js'
import { figuresTable } from './table.js'
import type { RowFigures } from './table.js'
import { ROWS } from './workload.js'
import type { RowName } from './workload.js'

const ROUNDS_DEFAULT = 15
const TXN_OPS = 2000

/** An engine under measurement, with its bare clients. */
interface Engine {
  readonly name: string
  readonly subjects: readonly Subject[]
  close(): Promise<void>
}

async function databaseSubject(name: string, db: ClusterDatabase | AsyncDatabase): Promise<Subject> {
  await fill(db as KeyValueDatabase)
  return { name, operations: ldbOperations(db as KeyValueDatabase, () => db.changes()) }
}

async function openCluster(driver: Promise<ClusterDriver>): Promise<ClusterDatabase> {
  return ClusterDatabase.open(await driver)
}

async function openPostgres(): Promise<Engine | string> {
  const { bin, missing } = findPostgres()
  if (bin === undefined) return missing
  const server = await PostgresServer.start(bin, { sync: true })
  const db = await openCluster(PostgresDriver.open(server.url))
  const ldb = await databaseSubject('ldb', db)
  const bare = await BarePostgres.open(server.url)
  return {
    name: 'PostgreSQL',
    subjects: [
      { name: 'plain', operations: bare.plain() },
      { name: 'same', operations: await bare.same() },
      ldb,
    ],
    close: async () => {
      await Promise.all([bare.close(), db.close()])
      await server.stop()
    },
  }
}

async function openEtcd(): Promise<Engine | string> {
  const { program, missing } = findEtcd()
  if (program === undefined) return missing
  const servers = await EtcdServers.start(program, { args: ['--max-txn-ops', String(TXN_OPS)], sync: true })
  // All clients use the leader: a follower adds a round trip of its own.
  const endpoint = servers.endpoints[await servers.waitForLeader()] ?? ''
  const db = await openCluster(EtcdDriver.open({ endpoints: [endpoint], maxTxnOps: TXN_OPS }))
  const ldb = await databaseSubject('ldb', db)
  const bare = await BareEtcd.open(endpoint)
  return {
    name: 'etcd',
    subjects: [
      { name: 'plain', operations: bare.plain() },
      { name: 'same', operations: await bare.same() },
      ldb,
    ],
    close: async () => {
      bare.close()
      await db.close()
      await servers.stop()
    },
  }
}

async function measure(engine: Engine, rows: readonly RowName[], rounds: number): Promise<void> {
  const folder = createScratchFolder('cluster-bench')
  const db = await AsyncDatabase.open(`${folder}/data`)
  try {
    const embedded = await databaseSubject('embedded', db)
    const figures: RowFigures[] = []
    for (const row of rows) {
      console.error(`${engine.name}: ${row}`)
      const measured = await measureRow(row, [embedded, ...engine.subjects], rounds)
      figures.push({ row, measured, roundTrips: await countRow(row, engine.subjects) })
    }
    console.log(`\n${engine.name}: medians of ${rounds} rounds\n\n${figuresTable(figures)}`)
  } finally {
    await db.close()
    removeScratchFolder(folder)
  }
}

const OPEN = { postgres: openPostgres, etcd: openEtcd }
const isNumber = (arg: string): boolean => /^\d+$/.test(arg)

async function run(args: readonly string[]): Promise<void> {
  const rounds = Number(args.find(isNumber) ?? ROUNDS_DEFAULT)
  const engines = Object.entries(OPEN).filter(
    ([name]) => !args.some((arg) => arg in OPEN) || args.includes(name),
  )
  const wanted = args.filter((arg) => !isNumber(arg) && !(arg in OPEN))
  const all = Object.keys(ROWS) as RowName[]
  const rows = wanted.length === 0 ? all : all.filter((row) => wanted.includes(row.split(' ')[0] ?? ''))
  for (const [, open] of engines) {
    const engine = await open()
    if (typeof engine === 'string') {
      console.log(engine)
      continue
    }
    try {
      await measure(engine, rows, rounds)
    } finally {
      await engine.close()
    }
  }
}

await run(process.argv.slice(2))
