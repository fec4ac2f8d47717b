import type { CrashPlan } from '../../crash/plan.js'
import { crashPlan, randomCrashPlan } from '../../crash/plan.js'
import { CrashVfs } from '../../crash/crash-vfs.js'
import type { Suite, SuiteCounts } from '../../suite/suite.js'
import { FAULT_KINDS } from '../../vfs/fault.js'
import { FaultVfs } from '../../vfs/fault-vfs.js'
import { swarmOptions } from '../../history/swarm.js'
import { seededRandom } from '../../base/test-random.js'
import type { TestRandom } from '../../base/test-random.js'
import { Violation } from '../../base/violation.js'
import { AsyncEngine, openEngine } from './engine.js'
import type { EngineSettings } from './engine.js'
import { checkSerializable } from '../dependency-graph.js'
import { HistoryChoices } from '../history-choices.js'
import type { HistoryShape } from '../history-choices.js'
import { HistoryClient } from './client.js'
import { DatabaseLife } from './life.js'
import { ResolvedHistory } from './resolved-history.js'
import { SlowVfs } from './slow-vfs.js'
import { checkSnapshots } from '../snapshot-check.js'
import { VersionTable } from '../version-table.js'

/** Faults that can strike in the middle of a commit. */
const FAULTS = FAULT_KINDS.filter(({ name }) =>
  ['EIO on change', 'ENOSPC on change', 'sync: lost', 'sync: reverted', 'sync: ENOSPC'].includes(name),
)

/** The end of a life: a close, a power loss, the end of the process, or a failing call. */
type End = 'closed' | 'power' | 'killed' | 'fault'

type EngineClass = new (...parts: ConstructorParameters<typeof AsyncEngine>) => AsyncEngine

/** Replacements that canaries use. */
export interface AsyncHistoryOptions {
  readonly engine?: EngineClass
  /** Share of syncs that do nothing. @defaultValue 0 */
  readonly lyingSyncs?: number
}

/**
 * Runs random transactions of concurrent clients through the async API, with single writes and sync calls in
 * between, over several lives of the database, and checks each history against the guarantees of its isolation
 * level.
 */
export const asyncHistorySuite: Suite = {
  name: 'history-async',
  runCase: (seed) => runAsyncHistory(seed),
}

/** Runs and checks the history of a seed. @throws Violation */
export async function runAsyncHistory(seed: number, options: AsyncHistoryOptions = {}): Promise<SuiteCounts> {
  const run = new AsyncHistoryRun(seededRandom(seed), options)
  try {
    return await run.run()
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    throw new Violation(`seed ${seed}, ${run.settings}: ${error.message}`, { cause: error })
  }
}

class AsyncHistoryRun {
  readonly #random: TestRandom
  readonly #options: AsyncHistoryOptions
  readonly #history = new ResolvedHistory()
  readonly #clock = { now: 0, ids: 0 }
  readonly #choices: HistoryChoices
  readonly #level: 'serializable' | 'snapshot'
  readonly #swarm: HistorySwarm
  #disk: CrashVfs
  readonly #lives: Record<End, number> = { closed: 0, power: 0, killed: 0, fault: 0 }

  constructor(random: TestRandom, options: AsyncHistoryOptions) {
    this.#random = random
    this.#options = options
    this.#swarm = chooseSwarm(random)
    this.#level = random.pick(['serializable', 'serializable', 'snapshot'])
    this.#choices = new HistoryChoices(random.fork(), this.#swarm)
    this.#disk = new CrashVfs({ seed: random.word(), lyingSyncs: options.lyingSyncs ?? 0 })
  }

  get settings(): string {
    return JSON.stringify({ level: this.#level, ...this.#swarm, lives: this.#lives })
  }

  async run(): Promise<SuiteCounts> {
    const history = this.#history
    while (this.#clock.ids < this.#swarm.transactionCount) await this.#live()
    const table = new VersionTable(history)
    checkSnapshots(history, table)
    const edges = this.#level === 'serializable' ? checkSerializable(history, table) : 0
    const count = (outcome: string): number =>
      history.transactions.filter((transaction) => transaction.outcome === outcome).length
    const { closed, power, killed, fault } = this.#lives
    return {
      histories: 1,
      transactions: history.transactions.length,
      committed: count('committed'),
      conflicts: count('conflict'),
      'unknown, committed': history.unknownCommitted,
      'unknown, lost': history.unknownLost,
      closes: closed,
      crashes: power + killed,
      'failed commits': fault,
      edges,
    }
  }

  /** Runs one life: opens the database, runs the clients until its end, and resolves what it left. */
  async #live(): Promise<void> {
    const random = this.#random
    const { durability, microtasksMax, clientCount, lifeCount } = this.#swarm
    const kinds: readonly End[] =
      durability === 'full'
        ? ['power', 'power', 'killed', 'fault', 'fault', 'closed']
        : ['killed', 'killed', 'fault', 'closed']
    const end = random.pick(kinds)
    this.#lives[end]++
    const faults = new FaultVfs(this.#disk, random.fork())
    const vfs = new SlowVfs(faults, random.fork(), microtasksMax)
    const engine = await openEngine(vfs, this.#swarm, this.#options.engine ?? AsyncEngine)
    const life = new DatabaseLife(this.#clock, engine.seq, engine.content(), () => faults.injectedCount > 0)
    this.#recordContent(engine, life)
    const stopAt = this.#clock.ids + random.between(1, lifeCount)
    const image = this.#armEnd(end, life, faults)
    const isLeft = (): boolean => this.#clock.ids < stopAt
    const clients = Array.from({ length: clientCount }, () => this.#client(engine, life).run(isLeft))
    await Promise.all(clients)
    if (end === 'closed' && !life.hasFailed) {
      await this.#close(engine, life)
    } else {
      this.#disk.onOperation = undefined
      life.end()
      this.#disk = image() ?? this.#disk.image(this.#plan(end))
    }
    await this.#resolve(life)
  }

  #client(engine: AsyncEngine, life: DatabaseLife): HistoryClient {
    const settings = { ...this.#swarm, level: this.#level }
    return new HistoryClient(engine, life, this.#choices.fork(), settings)
  }

  /**
   * Arms a power loss, the end of the process or a fault at a random operation; the returned function returns the
   * disk that is left.
   */
  #armEnd(end: End, life: DatabaseLife, faults: FaultVfs): () => CrashVfs | undefined {
    const random = this.#random
    let image: CrashVfs | undefined
    let left = random.between(1, this.#swarm.lifeCount)
    if (end === 'power' || end === 'killed') {
      const disk = this.#disk
      disk.onOperation = (): void => {
        if (--left > 0 || image !== undefined) return
        image = disk.image(this.#plan(end))
        life.end()
      }
    } else if (end === 'fault') {
      // A failed sync may drop data that was written to the operating system but not synced.
      const survivable = FAULTS.filter(({ effect }) => effect.kind !== 'sync' || effect.failure === 'kept')
      const { effect, calls } = random.pick(this.#swarm.durability === 'full' ? FAULTS : survivable)
      faults.fault = { effect, calls, nth: left, times: random.pick([1, 3, Infinity]) }
    }
    return () => image
  }

  #plan(end: End): CrashPlan {
    const random = this.#random
    // Data that was written to the operating system but not synced does not survive a power loss.
    const isKill = end === 'killed' || this.#swarm.durability !== 'full' || random.chance(0.2)
    return isKill ? crashPlan('killed', random.word()) : randomCrashPlan(random)
  }

  /** Closes the database while some clients still run. */
  async #close(engine: AsyncEngine, life: DatabaseLife): Promise<void> {
    const late = Array.from({ length: 3 }, () => {
      let left = 3
      return this.#client(engine, life).run(() => left-- > 0)
    })
    for (let left = this.#random.between(0, 60); left > 0; left--) await Promise.resolve()
    life.isClosing = true
    await engine.db.close()
    await Promise.all(late)
    life.end()
  }

  /** Records a read of the whole content by a transaction that sees every commit. */
  #recordContent(engine: AsyncEngine, life: DatabaseLife): void {
    const record = life.begin(this.#level, engine.seq)
    for (const keyspace of ['a', 'b']) {
      const entries = [...life.content.entries]
        .filter(([name]) => name.startsWith(keyspace))
        .map(([name, value]) => [name.slice(2), value] as const)
      life.record(record, { do: 'scan', keyspace, range: {}, entries })
    }
    life.ended(record, 'acknowledged')
  }

  /** Reopens the database to find which commits are present. */
  async #resolve(life: DatabaseLife): Promise<void> {
    const engine = await openEngine(this.#disk, this.#swarm, this.#options.engine ?? AsyncEngine)
    const content = engine.content()
    this.#history.add(life, content)
    const findings = engine.db.sync.verify().findings.length
    if (findings > 0) throw new Violation(`verify returns ${findings} findings`)
    await engine.db.close()
  }
}

/** The settings of a run, except its isolation level. */
interface HistorySwarm extends EngineSettings, HistoryShape {
  readonly transactionCount: number
  /** Greatest number of transactions of a life. */
  readonly lifeCount: number
  readonly clientCount: number
  readonly stepCount: number
  readonly mixesApis: boolean
  /** Greatest number of microtasks of an async call. */
  readonly microtasksMax: number
}

function chooseSwarm(random: TestRandom): HistorySwarm {
  return swarmOptions(random, {
    transactionCount: [300, 600],
    lifeCount: [40, 100, 250],
    clientCount: [2, 4, 12, 40],
    keyCount: [4, 10, 30, 100],
    paddingBytes: [0, 0, 400],
    stepCount: [2, 4],
    mixesApis: [true, false],
    durability: ['full', 'full', 'full', 'periodic'],
    cacheBytes: [65_536],
    checkpointLogBytes: [4_000, 1_000_000],
    microtasksMax: [0, 3, 15],
  })
}
