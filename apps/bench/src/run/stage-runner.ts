import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startStore, failureReason } from './store-start.js'
import type { StartedStore } from './store-start.js'
import type { Effort } from '../model/effort.js'
import { logicalBytes } from '../model/stage.js'
import type { Row, Stage } from '../model/stage.js'
import { STORES } from '../model/store-list.js'
import type { Measurement, Occupancy, Omission, StageResults } from '../model/results.js'
import { quantile, summarize } from '../measure/statistics.js'

const WARM_UP_FACTOR = 3
/** The device's response times vary more than memory's. */
const DEVICE_FACTOR = 4
const LONG_WARM_UP_MS = 3000
const LONG_ROW_MS = 90_000
const FEWEST_ROUNDS = 3

/** A store on a stage. */
interface Participant extends StartedStore {
  readonly store: string
  readonly dir: string
  /** Set when the store has failed; it is then skipped. */
  failure?: string
}

/** Rates and latencies of one row on one store. */
interface Samples {
  readonly rates: number[]
  readonly latenciesUs: number[]
  /** Processor time of an operation in each round, in microseconds. */
  readonly cpuUs: number[]
  worstUs: number
  /** Duration of the rounds so far, warm-ups included. */
  spentMs: number
}

/**
 * Runs stages. Each store has its own process and one process works at a time; the rounds of the stores are interleaved
 * and their order rotates.
 */
export class StageRunner {
  readonly #effort: Effort
  readonly #root: string
  readonly #log: (line: string) => void
  readonly #measurements: Measurement[] = []
  readonly #omissions: Omission[] = []
  readonly #occupancies: Occupancy[] = []

  /**
   * @param root - folder for the files of the stores.
   * @param log - receives progress messages.
   */
  constructor(effort: Effort, root: string, log: (line: string) => void) {
    this.#effort = effort
    this.#root = root
    this.#log = log
  }

  get results(): StageResults {
    return {
      measurements: this.#measurements,
      omissions: this.#omissions,
      occupancies: this.#occupancies,
    }
  }

  /** Runs all rows of a stage on the given stores. */
  async run(stage: Stage, stores: readonly string[]): Promise<void> {
    const participants: Participant[] = []
    try {
      for (const store of stores) {
        const participant = await this.#startStore(stage, store)
        if (participant !== undefined) participants.push(participant)
      }
      for (const row of stage.rows) await this.#runRow(stage, row, participants)
      for (const participant of participants) await this.#recordFootprint(stage, participant)
    } finally {
      for (const { process, dir, group } of participants) {
        await process.finish().catch(() => undefined)
        await group?.remove()
        rmSync(dir, { recursive: true, force: true })
      }
    }
  }

  async #startStore(stage: Stage, store: string): Promise<Participant | undefined> {
    const dir = join(this.#root, `${stage.id}-${store}`)
    mkdirSync(dir, { recursive: true })
    const rows = stage.rows.filter((row) => includesStore(row, store))
    if (rows.length === 0) return undefined
    try {
      const workloads = rows.map(({ workload }) => workload)
      const started = await startStore(store, stage.scenario, dir, workloads)
      const { loadMs } = started.prepared
      this.#log(`${stage.id}: ${store} is ready, loaded in ${(loadMs / 1000).toFixed(1)} s`)
      return { ...started, store, dir }
    } catch (error) {
      rmSync(dir, { recursive: true, force: true })
      const reason = failureReason(error, undefined)
      this.#log(`${stage.id}: ${store} is skipped: ${reason}`)
      for (const row of rows) this.#recordOmission(stage, row, store, reason)
      return undefined
    }
  }

  async #runRow(stage: Stage, row: Row, participants: readonly Participant[]): Promise<void> {
    const runnable = participants.filter((participant) => {
      if (!includesStore(row, participant.store)) return false
      const reason = participant.failure ?? participant.prepared.unsupported[row.workload]
      if (reason !== undefined) this.#recordOmission(stage, row, participant.store, reason)
      return reason === undefined
    })
    const samples = new Map(
      runnable.map(({ store }): [string, Samples] => [
        store,
        { rates: [], latenciesUs: [], cpuUs: [], worstUs: 0, spentMs: 0 },
      ]),
    )
    const { warmUps, rounds } = this.#effort
    for (let round = -warmUps; round < rounds; round++) {
      const first = (round + warmUps) % Math.max(1, runnable.length)
      for (const participant of [...runnable.slice(first), ...runnable.slice(0, first)]) {
        const taken = samples.get(participant.store)!
        if (participant.failure !== undefined || isComplete(stage, taken, round)) continue
        await this.#runRound(stage, row, participant, taken, round < 0)
      }
    }
    for (const { store, failure } of runnable) {
      if (failure !== undefined) this.#recordOmission(stage, row, store, failure)
      else this.#recordMeasurement(stage, row, store, samples.get(store)!)
    }
  }

  async #runRound(
    stage: Stage,
    row: Row,
    participant: Participant,
    samples: Samples,
    warmingUp: boolean,
  ): Promise<void> {
    const onDevice = stage.scenario.durability === 'device'
    const factor = onDevice ? DEVICE_FACTOR : warmingUp ? WARM_UP_FACTOR : 1
    const start = performance.now()
    try {
      const round = await participant.process.round(row.workload, this.#effort.budgetMs * factor)
      samples.spentMs += performance.now() - start
      if (warmingUp) return
      const { operations, elapsedMs, cpuMs, latenciesUs, worstUs = 0 } = round
      const onCpu = this.#effort.clock === 'cpu' && !onDevice
      samples.rates.push((operations * 1000) / (onCpu ? (cpuMs ?? elapsedMs) : elapsedMs))
      if (cpuMs !== undefined) samples.cpuUs.push((1000 * cpuMs) / operations)
      for (const latency of latenciesUs ?? []) samples.latenciesUs.push(latency)
      samples.worstUs = Math.max(samples.worstUs, worstUs)
    } catch (error) {
      participant.failure = failureReason(error, participant.group)
      participant.process.kill()
      this.#log(`${row.id}: ${participant.store} failed: ${participant.failure}`)
    }
  }

  async #recordFootprint(
    stage: Stage,
    { store, process, prepared, failure, group }: Participant,
  ): Promise<void> {
    if (failure !== undefined) return
    const footprint = await process.measure().catch((error: unknown) => failureReason(error, group))
    if (typeof footprint === 'string') {
      // The rows were measured: their results remain valid.
      this.#log(`${stage.id}: the footprint of ${store} is unknown: ${footprint}`)
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

  #recordMeasurement(
    stage: Stage,
    row: Row,
    store: string,
    { rates, latenciesUs, cpuUs, worstUs }: Samples,
  ): void {
    const rate = summarize(rates)
    const sorted = Float64Array.from(latenciesUs).sort()
    this.#measurements.push({
      row: row.id,
      stage: stage.id,
      store,
      rate,
      rounds: rates,
      ...(cpuUs.length > 0 && { cpuUs: summarize(cpuUs).median }),
      ...(sorted.length > 0 && {
        latencyUs: {
          p50: quantile(sorted, 0.5),
          p99: quantile(sorted, 0.99),
          p999: quantile(sorted, 0.999),
          max: worstUs,
        },
      }),
    })
    this.#log(`${row.id}: ${store} ${Math.round(rate.median).toLocaleString('en')}/s`)
  }

  #recordOmission(stage: Stage, row: Row, store: string, reason: string): void {
    this.#omissions.push({ row: row.id, stage: stage.id, store, reason })
  }
}

/**
 * Reports whether a store needs no further rounds: one long warm-up suffices, and three very long rounds do. A fill
 * larger than memory needs no warm-up: it takes a minute and waits for the device, so that compilation does not show.
 */
function isComplete({ scenario }: Stage, { rates, spentMs }: Samples, round: number): boolean {
  const needsNone = scenario.memory === 'limited' && scenario.contents === 'empty-each-round'
  return round < 0
    ? needsNone || spentMs > LONG_WARM_UP_MS
    : rates.length >= FEWEST_ROUNDS && spentMs > LONG_ROW_MS
}

function includesStore(row: Row, store: string): boolean {
  return row.stores?.includes(store) ?? STORES.find(({ id }) => id === store)?.isSpecial !== true
}
