import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { runFailureWorkload } from '@ldb/cluster-conformance'
import { PostgresDriver } from '@ldb/postgres'
import { CuttingProxy, findPostgres, PostgresGroup } from '@ldb/servers'
import type { Suite, SuiteCounts } from '../suite/suite.js'
import { countUnknown } from './unknown-outcomes.js'
import type { UnknownCounts } from './unknown-outcomes.js'

const CLIENT = fileURLToPath(new URL('./counting-client.js', import.meta.url))
/** One in so many requests through the proxy loses its answer. */
const CUT_ONE_IN = 150
const DEADLINE_MS = 60_000

type Disturbance = 'failover' | 'freezePrimary' | 'killStandby' | 'freezeStandby' | 'killClient'

const DISTURBANCES: readonly Disturbance[] = [
  'failover',
  'freezePrimary',
  'killStandby',
  'freezeStandby',
  'killClient',
]

/**
 * One primary and two synchronous standbys under clients: kills with promotion, freezes, killed clients and lost answers.
 *
 * @remarks A case without PostgreSQL counts as skipped.
 */
export const postgresFailuresSuite: Suite = {
  name: 'postgres-failures',
  stepCount: DISTURBANCES.length,
  runCase: async (seed, stepCount = DISTURBANCES.length) => {
    const { bin, missing } = findPostgres()
    if (bin === undefined) {
      console.log(`postgres-failures is skipped: ${missing}`)
      return { skipped: 1 }
    }
    const group = await PostgresGroup.start(bin)
    try {
      return await runDisturbed(group, seed, stepCount)
    } finally {
      await group.stop()
    }
  },
}

async function runDisturbed(group: PostgresGroup, seed: number, stepCount: number): Promise<SuiteCounts> {
  let random = seed * 7919 + 1
  const below = (limit: number): number => {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0
    return (random >>> 8) % limit
  }
  let isCutting = true
  const proxy = await CuttingProxy.start(
    () => group.primary.port,
    () => (isCutting && below(CUT_ONE_IN) === 0 ? (below(2) === 0 ? 'cut' : 'drop') : 'pass'),
  )
  const proxyUrl = `postgres://postgres:${group.primary.password}@127.0.0.1:${proxy.port}/postgres`
  const unknown: UnknownCounts = { unknown: 0, applied: 0, notApplied: 0 }
  let opened = 0
  const open = async (): Promise<PostgresDriver> => {
    // The watcher and every second client reach the servers directly.
    const url = opened++ % 2 === 0 ? group.url : proxyUrl
    return countUnknown(await PostgresDriver.open(url, { connectionsMax: 4 }), unknown)
  }
  const done: Record<string, number> = {}
  const disturb = async (): Promise<void> => {
    for (let step = 0; step < stepCount; step++) {
      const disturbance = DISTURBANCES[(seed + step) % DISTURBANCES.length] as Disturbance
      await pause(300 + below(500))
      await run(disturbance, group, below)
      done[disturbance] = (done[disturbance] ?? 0) + 1
    }
    // What the last disturbance has broken is resolved before the clients stop.
    isCutting = false
    await pause(1000)
  }
  try {
    const report = await runFailureWorkload(open, {
      disturb,
      seed,
      deadlineMs: DEADLINE_MS,
      transactionsMax: 500,
    })
    const { findings, unknown: unresolved } = report
    if (findings.length > 0) throw new Error(`seed ${seed}: ${findings.join('\n')}`)
    if (unresolved > 0) throw new Error(`seed ${seed}: ${unresolved} unknown outcomes were not resolved`)
    const { acknowledged, checkedTransactions } = report
    const { unknown: provoked, applied, notApplied } = unknown
    return { ...done, acknowledged, checkedTransactions, unknownOutcomes: provoked, applied, notApplied }
  } finally {
    await proxy.stop()
  }
}

async function run(
  disturbance: Disturbance,
  group: PostgresGroup,
  below: (limit: number) => number,
): Promise<void> {
  const standby = group.standbys[below(2)]
  if (standby === undefined) throw new Error('the group has no standby')
  switch (disturbance) {
    case 'failover':
      return group.failover()
    case 'freezePrimary':
      group.primary.process.freeze()
      await pause(500 + below(2500))
      return group.primary.process.resume()
    case 'killStandby':
      await standby.process.kill()
      await pause(200)
      return group.restartStandby(standby)
    case 'freezeStandby':
      standby.process.freeze()
      await pause(500 + below(2000))
      return standby.process.resume()
    case 'killClient':
      return killClient(group, 300 + below(700))
  }
}

/**
 * Kills a client that counts up and prints each acknowledged number. The counter must then be the last printed number, or the next one, whose
 * commit the client did not live to see.
 */
async function killClient(group: PostgresGroup, lifeMs: number): Promise<void> {
  const schema = `client_${Date.now()}`
  const child = spawn(process.execPath, [CLIENT, group.url, schema], { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    if (printed === text) setTimeout(() => child.kill('SIGKILL'), lifeMs)
  })
  await new Promise((resolve) => child.once('close', resolve))
  const last = Number(printed.split('\n').at(-2))
  const driver = await PostgresDriver.open(group.url, { schema })
  const { ClusterDatabase } = await import('@ldb/cluster')
  const db = await ClusterDatabase.open(driver, { deadlineMs: DEADLINE_MS })
  const counted = Number(await db.get('n'))
  await db.close()
  if (counted !== last && counted !== last + 1) {
    throw new Error(`a killed client was acknowledged ${last}, and the counter is ${counted}`)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
