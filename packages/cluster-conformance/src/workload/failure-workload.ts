import { invalidArgument, isLdbError, ownOptions } from '@ldb/base'
import { ClusterDatabase } from '@ldb/cluster'
import type { ClusterKeyspace } from '@ldb/cluster'
import type { OpenDriver } from '../conformance-case.js'
import { newMarker, sleep } from '../bed/host-node.js'
import { describeError } from '../bed/violation.js'
import { SeededRandom } from '../bed/seeded-random.js'
import { checkHistory } from '../history/check-history.js'
import { Appends } from './appends.js'
import { ChangeAudit } from './change-audit.js'
import { WriteAudit } from './write-audit.js'

/** Options of {@link runFailureWorkload}. @category Failures */
export interface FailureOptions {
  /**
   * Kills, freezes and partitions servers while the clients run, and repairs them again. When its promise resolves, the clients stop, and what they were
   * acknowledged is compared with what is there.
   */
  readonly disturb: () => Promise<void>
  /** Number of clients, each with a driver of its own. @defaultValue 4 */
  readonly clients?: number | undefined
  /** @defaultValue 1 */
  readonly seed?: number | undefined
  /** Time in milliseconds that one operation of a client may take, `deadlineMs` of its database. @defaultValue 10000 */
  readonly deadlineMs?: number | undefined
  /** Greatest number of checked transactions of each client, beyond which it only writes. @defaultValue 2000 */
  readonly transactionsMax?: number | undefined
}

/** What {@link runFailureWorkload} has found. Every number but the first four should be 0. @category Failures */
export interface FailureReport {
  /** Writes that were acknowledged. */
  readonly acknowledged: number
  /** Operations that have failed for certain. */
  readonly failed: number
  /** Operations whose outcome stayed unknown, with `LDB_COMMIT_UNKNOWN`. */
  readonly unknown: number
  /** Transactions that were checked for strict serializability. */
  readonly checkedTransactions: number
  /** Acknowledged writes that are not there. */
  readonly lost: number
  /** Writes that were applied more than once. */
  readonly doubled: number
  /** Reads and final states that are older than an acknowledged write before them. */
  readonly reordered: number
  /** Violations of strict serializability. */
  readonly isolationViolations: number
  /** Acknowledged changes that a watch did not report; 0 without watch. */
  readonly missedChanges: number
  /** Changes that a watch reported twice. */
  readonly repeatedChanges: number
  /** Description of each of them. */
  readonly findings: readonly string[]
}

/**
 * Runs clients while something disturbs the engine, and counts acknowledged writes that are lost, doubled or reordered, isolation violations, and changes that were missed or repeated.
 *
 * @param open - opens a client.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT, and when the engine cannot be opened before or read after the disturbance.
 * @example
 * ```ts
 * import { MemoryCluster, memoryDriver } from '@ldb/cluster'
 * import { runFailureWorkload } from '@ldb/cluster-conformance'
 *
 * const cluster = new MemoryCluster()
 * const disturb = () => new Promise<void>((resolve) => setTimeout(resolve, 50)) // kill and restart servers here
 * const { lost, doubled, reordered } = await runFailureWorkload(() => memoryDriver({ cluster }), { disturb })
 * console.log(lost, doubled, reordered) // 0 0 0
 * ```
 * @category Failures
 */
export async function runFailureWorkload(open: OpenDriver, options: FailureOptions): Promise<FailureReport> {
  const resolved = resolveOptions(options)
  const run = new FailureRun(open, resolved)
  return run.run()
}

type ResolvedFailureOptions = Required<{ [Name in keyof FailureOptions]: NonNullable<FailureOptions[Name]> }>

class FailureRun {
  readonly #open: OpenDriver
  readonly #options: ResolvedFailureOptions
  readonly #names: { readonly lists: string; readonly writes: string }
  readonly #appends: Appends
  readonly #audits: WriteAudit[] = []
  readonly #findings: string[] = []
  #isStopped = false

  constructor(open: OpenDriver, options: ResolvedFailureOptions) {
    this.#open = open
    this.#options = options
    const name = `failure-${newMarker().slice(0, 12)}`
    this.#names = { lists: `${name}-lists`, writes: `${name}-writes` }
    this.#appends = new Appends(new SeededRandom(options.seed))
  }

  async run(): Promise<FailureReport> {
    const databases: ClusterDatabase[] = []
    for (let client = 0; client <= this.#options.clients; client++) databases.push(await this.#database())
    const [watcher, ...clients] = databases as [ClusterDatabase, ...ClusterDatabase[]]
    const watched = await this.#writesOf(watcher)
    const changes = await ChangeAudit.start(watcher, watched)
    const running = clients.map((db, own) => this.#client(db, own))
    try {
      await this.#options.disturb()
    } finally {
      this.#isStopped = true
      await Promise.all(running)
    }
    const report = await this.#verify(changes)
    await Promise.all(databases.map((db) => db.close()))
    return report
  }

  async #client(db: ClusterDatabase, own: number): Promise<void> {
    const lists = await db.keyspace<string, number[]>(this.#names.lists, { values: 'json' })
    const audit = new WriteAudit(own, await this.#writesOf(db))
    this.#audits.push(audit)
    const mayGoOn = (): boolean => !this.#isStopped
    for (let round = 0; mayGoOn(); round++) {
      if (round < this.#options.transactionsMax) await this.#appends.run(db, lists, 1, mayGoOn)
      await audit.step()
      // A failing engine answers at once: the other clients must run too.
      await sleep(0)
    }
  }

  async #verify(changes: ChangeAudit | undefined): Promise<FailureReport> {
    const db = await this.#database()
    const writes = await this.#writesOf(db)
    const lists = await db.keyspace<string, number[]>(this.#names.lists, { values: 'json' })
    const totals = { acknowledged: 0, failed: 0, unknown: 0, lost: 0, doubled: 0, reordered: 0 }
    const present: string[] = []
    for (const audit of this.#audits) {
      await audit.verify(writes)
      for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += audit.counts[name]
      this.#findings.push(...audit.findings)
      present.push(...audit.presentKeys)
    }
    const found = await changes?.finish(present)
    this.#findings.push(...(found?.findings ?? []))
    let checkedTransactions = 0
    let isolationViolations = 0
    try {
      checkedTransactions = checkHistory(this.#appends.history, new Map(await lists.entries().toArray()))
    } catch (error) {
      isolationViolations++
      this.#findings.push(describeError(error))
    }
    await db.dropKeyspace(this.#names.lists)
    await db.dropKeyspace(this.#names.writes)
    await db.close()
    return {
      ...totals,
      unknown: totals.unknown + this.#appends.unknownCount,
      checkedTransactions,
      isolationViolations,
      missedChanges: found?.missed ?? 0,
      repeatedChanges: found?.repeated ?? 0,
      findings: this.#findings,
    }
  }

  #writesOf(db: ClusterDatabase): Promise<ClusterKeyspace<string, number>> {
    return db.keyspace<string, number>(this.#names.writes, { values: 'json' })
  }

  async #database(): Promise<ClusterDatabase> {
    const { deadlineMs } = this.#options
    for (let attempt = 1; ; attempt++) {
      try {
        return await ClusterDatabase.open(await this.#open(), { deadlineMs })
      } catch (error) {
        // The engine may still be recovering.
        if (!isLdbError(error, 'LDB_IO') || attempt >= 10) throw error
        await sleep(500)
      }
    }
  }
}

function resolveOptions(options: FailureOptions): ResolvedFailureOptions {
  const known = ['disturb', 'clients', 'seed', 'deadlineMs', 'transactionsMax'] as const
  const {
    disturb,
    clients = 4,
    seed = 1,
    deadlineMs = 10_000,
    transactionsMax = 2_000,
  } = ownOptions(options, known)
  if (typeof disturb !== 'function') throw invalidArgument('disturb must be a function')
  const numbers = { clients, seed, deadlineMs, transactionsMax }
  for (const [name, value] of Object.entries(numbers)) {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
      throw invalidArgument(`${name} must be a whole number from 0 on`)
  }
  return {
    disturb: disturb as FailureOptions['disturb'],
    ...(numbers as Record<keyof typeof numbers, number>),
  }
}
