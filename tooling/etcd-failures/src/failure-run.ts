import type { Version } from '@ldb/cluster'
import { EtcdDriver } from '@ldb/etcd'
import { EtcdServers } from '@ldb/servers'
import type { ClientProcess } from './client-process.js'
import { Ledger } from './ledger.js'
import type { LedgerResult } from './ledger.js'
import { runClient } from './workload.js'
import type { ClientReport } from './workload.js'

/** What fails in a round. */
export const FAILURES = [
  'kill leader',
  'freeze leader',
  'kill follower',
  'freeze follower',
  'kill client',
  'freeze client',
] as const
export type Failure = (typeof FAILURES)[number]

/** How a run goes. */
export interface FailureRunOptions {
  /** What fails, in order. */
  readonly failures: readonly Failure[]
  /** Starts a client in a process of its own; without it the clients run in this one, and no client can fail. */
  readonly startClient?: (
    endpoints: readonly string[],
    name: string,
    report: (line: ClientReport) => void,
  ) => ClientProcess
  readonly onRound?: (text: string) => void
}

const CALL = { timeoutMs: 20_000 }
const CLIENTS = 3
const CONCURRENCY = 4
/** Writes that are applied before each failure, and after its end. */
const WRITES_BETWEEN = 30
const FROZEN_MS = 2500

/** Lets members and clients fail under load. @returns what was found. */
export async function runFailures(program: string, options: FailureRunOptions): Promise<LedgerResult> {
  const servers = await EtcdServers.start(program)
  try {
    const driver = await EtcdDriver.open({ endpoints: servers.endpoints })
    try {
      return await new FailureRun(servers, driver, options).run()
    } finally {
      await driver.close()
    }
  } finally {
    await servers.stop()
  }
}

class FailureRun {
  readonly #servers: EtcdServers
  readonly #driver: EtcdDriver
  readonly #options: FailureRunOptions
  readonly #ledger: Ledger = new Ledger()
  readonly #clients: ClientProcess[] = []
  #clientCount = 0

  constructor(servers: EtcdServers, driver: EtcdDriver, options: FailureRunOptions) {
    this.#servers = servers
    this.#driver = driver
    this.#options = options
  }

  async run(): Promise<LedgerResult> {
    const driver = this.#driver
    const keyspace = await driver.createKeyspace('failures', '', CALL)
    const watch = driver.watch({ keyspaces: [keyspace], from: await versionNow(driver) })
    const following = this.#ledger.follow(driver, watch)
    for (let index = 0; index < CLIENTS; index++) this.#startClient()
    for (const failure of this.#options.failures) {
      await this.#progress()
      const start = Date.now()
      await this.#fail(failure)
      await this.#progress()
      this.#options.onRound?.(`${failure}: ${Date.now() - start} ms, ${this.#ledger.applied} writes applied`)
    }
    await Promise.all(this.#clients.map((client) => client.stop()))
    await this.#ledger.resolveRest(driver)
    await this.#ledger.reach(driver, await versionNow(driver), 40_000)
    await watch.close()
    await following
    return this.#ledger.compare(driver, keyspace)
  }

  /** Waits until some more writes are applied. */
  async #progress(): Promise<void> {
    const target = this.#ledger.applied + WRITES_BETWEEN
    const endMs = Date.now() + 60_000
    while (this.#ledger.applied < target) {
      if (Date.now() > endMs) throw new Error('no writes are applied')
      await sleep(20)
    }
  }

  async #fail(failure: Failure): Promise<void> {
    const [action, target] = failure.split(' ') as ['kill' | 'freeze', 'leader' | 'follower' | 'client']
    if (target === 'client') {
      await this.#failClient(action)
      return
    }
    const leader = await this.#servers.waitForLeader()
    const member = target === 'leader' ? leader : (leader + 1) % 3
    if (action === 'kill') {
      await this.#servers.kill(member)
      await sleep(FROZEN_MS / 2)
      await this.#servers.restart(member)
    } else {
      this.#servers.freeze(member)
      await sleep(FROZEN_MS)
      this.#servers.resume(member)
    }
  }

  async #failClient(action: 'kill' | 'freeze'): Promise<void> {
    const client = this.#clients.shift()
    if (client === undefined) throw new Error('there is no client')
    if (action === 'kill') {
      await client.kill()
      this.#startClient()
    } else {
      client.freeze()
      await sleep(FROZEN_MS)
      client.resume()
      this.#clients.push(client)
    }
  }

  #startClient(): void {
    const name = `client${this.#clientCount++}`
    const report = (line: ClientReport): void => {
      this.#ledger.report(line)
    }
    const { startClient } = this.#options
    const { endpoints } = this.#servers
    this.#clients.push(
      startClient === undefined ? localClient(endpoints, name, report) : startClient(endpoints, name, report),
    )
  }
}

/** Runs a client in this process. */
function localClient(
  endpoints: readonly string[],
  client: string,
  report: (line: ClientReport) => void,
): ClientProcess {
  let isStopped = false
  const ended = runUntil(endpoints, client, report, () => isStopped)
  const cannotFail = (): never => {
    throw new Error('a client of this process cannot fail')
  }
  return {
    kill: cannotFail,
    freeze: cannotFail,
    resume: cannotFail,
    stop: () => {
      isStopped = true
      return ended
    },
  }
}

/** Runs a client with a driver of its own. */
export async function runUntil(
  endpoints: readonly string[],
  client: string,
  report: (line: ClientReport) => void,
  isStopped: () => boolean,
): Promise<void> {
  const driver = await EtcdDriver.open({ endpoints, attemptTimeoutMs: 1000 })
  const keyspace = await driver.openKeyspace('failures', CALL)
  if (keyspace === undefined) throw new Error('there is no keyspace')
  await runClient(driver, keyspace, { client, concurrency: CONCURRENCY }, report, isStopped)
  await driver.close()
}

async function versionNow(driver: EtcdDriver): Promise<Version> {
  const snapshot = driver.begin({ mode: 'readOnly', isolation: 'serializable', isSingleRead: false })
  await snapshot.pin(CALL)
  if (snapshot.version === undefined) throw new Error('the snapshot has no version')
  return snapshot.version
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
