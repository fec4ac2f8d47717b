import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { admit, reasonOf } from './admission.js'
import type { Admitted } from './admission.js'
import type { Effort } from './effort.js'
import type { Row, Stage } from './plan.js'
import { logicalBytes } from './plan.js'
import type { Measurement, Occupancy, Omission, StageResults } from '../report/results.js'
import { quantile, summarize } from '../measure/statistics.js'

const WARM_UP_FACTOR = 3
/** A device answers less evenly than memory does. */
const DEVICE_FACTOR = 4
const LONG_WARM_UP_MS = 3000
const LONG_ROW_MS = 90_000
const FEWEST_ROUNDS = 3

/** A store on a stage. */
interface Performer extends Admitted {
  readonly store: string
  readonly dir: string
  /** Set when it has failed: it takes part no more. */
  failure?: string
}

/** The rates and latencies of one row on one store, as they come in. */
interface Samples {
  readonly rates: number[]
  readonly latenciesUs: number[]
  /** What the rounds have taken so far, warm-ups included. */
  spentMs: number
}

/**
 * Plays stages: every store in a process of its own, one at work at a time, the rounds of all stores interleaved, and
 * another store first in each round.
 */
export class Conductor {
  readonly #effort: Effort
  readonly #root: string
  readonly #say: (line: string) => void
  readonly #measurements: Measurement[] = []
  readonly #omissions: Omission[] = []
  readonly #occupancies: Occupancy[] = []

  /**
   * @param root - folder for the files of the stores.
   * @param say - tells how far it is.
   */
  constructor(effort: Effort, root: string, say: (line: string) => void) {
    this.#effort = effort
    this.#root = root
    this.#say = say
  }

  get results(): StageResults {
    return {
      measurements: this.#measurements,
      omissions: this.#omissions,
      occupancies: this.#occupancies,
    }
  }

  /** Plays one stage from its beginning to its end. */
  async play(stage: Stage, stores: readonly string[]): Promise<void> {
    const performers: Performer[] = []
    try {
      for (const store of stores) {
        const performer = await this.#enter(stage, store)
        if (performer !== undefined) performers.push(performer)
      }
      for (const row of stage.rows) await this.#playRow(stage, row, performers)
      for (const performer of performers) await this.#measure(stage, performer)
    } finally {
      for (const { process, dir, group } of performers) {
        await process.finish().catch(() => undefined)
        await group?.remove()
        rmSync(dir, { recursive: true, force: true })
      }
    }
  }

  async #enter(stage: Stage, store: string): Promise<Performer | undefined> {
    const dir = join(this.#root, `${stage.id}-${store}`)
    mkdirSync(dir, { recursive: true })
    const rows = stage.rows.filter((row) => concerns(row, store))
    if (rows.length === 0) return undefined
    try {
      const workloads = rows.map(({ workload }) => workload)
      const admitted = await admit(store, stage.scenario, dir, workloads)
      const { loadMs } = admitted.prepared
      this.#say(`${stage.id}: ${store} is ready, loaded in ${(loadMs / 1000).toFixed(1)} s`)
      return { ...admitted, store, dir }
    } catch (error) {
      rmSync(dir, { recursive: true, force: true })
      const reason = reasonOf(error, undefined)
      this.#say(`${stage.id}: ${store} is left out: ${reason}`)
      for (const row of rows) this.#omit(stage, row, store, reason)
      return undefined
    }
  }

  async #playRow(stage: Stage, row: Row, performers: readonly Performer[]): Promise<void> {
    const cast = performers.filter((performer) => {
      if (!concerns(row, performer.store)) return false
      const reason = performer.failure ?? performer.prepared.lacks[row.workload]
      if (reason !== undefined) this.#omit(stage, row, performer.store, reason)
      return reason === undefined
    })
    const samples = new Map(
      cast.map(({ store }): [string, Samples] => [store, { rates: [], latenciesUs: [], spentMs: 0 }]),
    )
    const { warmUps, rounds } = this.#effort
    for (let round = -warmUps; round < rounds; round++) {
      const first = (round + warmUps) % Math.max(1, cast.length)
      for (const performer of [...cast.slice(first), ...cast.slice(0, first)]) {
        const taken = samples.get(performer.store)!
        if (performer.failure !== undefined || isEnough(stage, taken, round)) continue
        await this.#playRound(stage, row, performer, taken, round < 0)
      }
    }
    for (const { store, failure } of cast) {
      if (failure !== undefined) this.#omit(stage, row, store, failure)
      else this.#keep(stage, row, store, samples.get(store)!)
    }
  }

  async #playRound(
    stage: Stage,
    row: Row,
    performer: Performer,
    samples: Samples,
    warmingUp: boolean,
  ): Promise<void> {
    const onDevice = stage.scenario.durability === 'device'
    const factor = onDevice ? DEVICE_FACTOR : warmingUp ? WARM_UP_FACTOR : 1
    const start = performance.now()
    try {
      const round = await performer.process.round(row.workload, this.#effort.budgetMs * factor)
      samples.spentMs += performance.now() - start
      if (warmingUp) return
      const { operations, elapsedMs, cpuMs, latenciesUs } = round
      const onCpu = this.#effort.clock === 'cpu' && !onDevice
      samples.rates.push((operations * 1000) / (onCpu ? (cpuMs ?? elapsedMs) : elapsedMs))
      for (const latency of latenciesUs ?? []) samples.latenciesUs.push(latency)
    } catch (error) {
      performer.failure = reasonOf(error, performer.group)
      performer.process.kill()
      this.#say(`${row.id}: ${performer.store} failed: ${performer.failure}`)
    }
  }

  async #measure(stage: Stage, { store, process, prepared, failure, group }: Performer): Promise<void> {
    if (failure !== undefined) return
    const footprint = await process.measure().catch((error: unknown) => reasonOf(error, group))
    if (typeof footprint === 'string') {
      // The rows were measured: they are not given up for this.
      this.#say(`${stage.id}: what ${store} takes up is not known: ${footprint}`)
      return
    }
    this.#occupancies.push({
      stage: stage.id,
      store,
      loadMs: prepared.loadMs,
      logicalBytes: logicalBytes(stage.scenario),
      ...footprint,
    })
  }

  #keep(stage: Stage, row: Row, store: string, { rates, latenciesUs }: Samples): void {
    const rate = summarize(rates)
    const sorted = Float64Array.from(latenciesUs).sort()
    this.#measurements.push({
      row: row.id,
      stage: stage.id,
      store,
      rate,
      rounds: rates,
      ...(sorted.length > 0 && {
        latencyUs: {
          p50: quantile(sorted, 0.5),
          p99: quantile(sorted, 0.99),
          p999: quantile(sorted, 0.999),
        },
      }),
    })
    this.#say(`${row.id}: ${store} ${Math.round(rate.median).toLocaleString('en')}/s`)
  }

  #omit(stage: Stage, row: Row, store: string, reason: string): void {
    this.#omissions.push({ row: row.id, stage: stage.id, store, reason })
  }
}

/**
 * Whether a store can be spared further rounds: one long warm-up is enough, and three very long rounds are. Filling more
 * than fits into memory takes a minute, and waits for the device: what V8 compiles meanwhile does not show.
 */
function isEnough({ scenario }: Stage, { rates, spentMs }: Samples, round: number): boolean {
  const needsNone = scenario.memory === 'limited' && scenario.contents === 'empty-each-round'
  return round < 0
    ? needsNone || spentMs > LONG_WARM_UP_MS
    : rates.length >= FEWEST_ROUNDS && spentMs > LONG_ROW_MS
}

function concerns(row: Row, store: string): boolean {
  return row.stores?.includes(store) ?? true
}
