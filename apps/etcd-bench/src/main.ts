import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClusterDatabase } from '@ldb/cluster'
import { AsyncDatabase } from '@ldb/core'
import { EtcdDriver } from '@ldb/etcd'
import { EtcdServers, findEtcd } from '@ldb/servers'
import { BareSubject } from './bare-subject.js'
import { DatabaseSubject } from './database-subject.js'
import { ENTRIES } from './subject.js'
import type { Subject } from './subject.js'

const ROUNDS = 3
const OPS = 2000

interface Row {
  readonly name: string
  /** Operations of one round. */
  readonly count: number
  readonly concurrency: number
  run(subject: Subject, index: number): Promise<unknown>
}

const hundred = (index: number): number[] =>
  Array.from({ length: 100 }, (_, i) => (index * 37 + i * 17) % ENTRIES)
const thousand = (index: number): number[] =>
  Array.from({ length: 1000 }, (_, i) => (index * 1000 + i) % ENTRIES)

const ROWS: readonly Row[] = [
  { name: 'put', count: 100, concurrency: 1, run: (subject, index) => subject.put(index) },
  { name: 'put, 64 at a time', count: 1500, concurrency: 64, run: (subject, index) => subject.put(index) },
  { name: 'get', count: 200, concurrency: 1, run: (subject, index) => subject.get(index * 7) },
  {
    name: 'get, 64 at a time',
    count: 2000,
    concurrency: 64,
    run: (subject, index) => subject.get(index * 7),
  },
  {
    name: 'getMany(100)',
    count: 40,
    concurrency: 1,
    run: (subject, index) => subject.getMany(hundred(index)),
  },
  { name: `scan of ${ENTRIES}`, count: 15, concurrency: 1, run: (subject) => subject.scan() },
  { name: 'batch(1000)', count: 15, concurrency: 1, run: (subject, index) => subject.batch(thousand(index)) },
  {
    name: 'transaction, 2 reads and 2 writes',
    count: 60,
    concurrency: 1,
    run: (subject, index) => subject.transaction(2 * index, 2 * index + 1),
  },
  { name: 'put to change', count: 60, concurrency: 1, run: (subject, index) => subject.putToChange(index) },
]

interface Sample {
  readonly wallUs: number
  readonly cpuUs: number
}

/** Runs a row once. Returns times of one operation, in microseconds. */
async function measure(row: Row, subject: Subject): Promise<Sample> {
  let index = 0
  const worker = async (): Promise<void> => {
    while (index < row.count) await row.run(subject, index++)
  }
  const cpu = process.cpuUsage()
  const start = performance.now()
  await Promise.all(Array.from({ length: row.concurrency }, worker))
  const wallUs = ((performance.now() - start) * 1000) / row.count
  const { user, system } = process.cpuUsage(cpu)
  return { wallUs, cpuUs: (user + system) / row.count }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

const { program, missing } = findEtcd()
if (program === undefined) throw new Error(missing)
const servers = await EtcdServers.start(program, { args: ['--max-txn-ops', String(OPS)], sync: true })
const folder = mkdtempSync(join(tmpdir(), 'ldb-etcd-bench-'))
try {
  const { endpoints } = servers
  const driver = await EtcdDriver.open({ endpoints, maxTxnOps: OPS })
  const subjects: Subject[] = [
    new BareSubject('bare, plain', endpoints, false),
    new BareSubject('bare, fenced', endpoints, true),
    new DatabaseSubject('cluster', await ClusterDatabase.open(driver)),
    new DatabaseSubject('embedded', await AsyncDatabase.open(folder)),
  ]
  for (const subject of subjects) for (let i = 0; i < 2; i++) await subject.batch(thousand(i))
  console.log(`| operation | clock | ${subjects.map(({ name }) => name).join(' | ')} | cluster / fenced |`)
  console.log(`|---|---|${'---|'.repeat(subjects.length + 1)}`)
  for (const row of ROWS) {
    const samples = subjects.map((): Sample[] => [])
    // The subjects alternate. The first round warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [number, subject] of subjects.entries()) {
        const sample = await measure(row, subject)
        if (round > 0) samples[number]?.push(sample)
      }
    }
    for (const clock of ['wallUs', 'cpuUs'] as const) {
      const medians = samples.map((each) => median(each.map((sample) => sample[clock])))
      const cells = medians.map((value) => `${value.toFixed(0)} us`)
      const ratio = (medians[2] ?? 0) / (medians[1] ?? 0)
      console.log(
        `| ${row.name} | ${clock === 'wallUs' ? 'wall' : 'client CPU'} | ${cells.join(' | ')} | ${ratio.toFixed(2)} |`,
      )
    }
  }
  for (const subject of subjects) await subject.close()
} finally {
  await servers.stop()
  rmSync(folder, { recursive: true, force: true })
}
