import type { DeepProgress } from './progress.js'
import type { ChosenSuite } from './suite-choice.js'
import type { DeepTask } from './worker.js'

/** Limits of a run. */
export interface ScheduleLimits {
  /** First seed of a suite that has no progress yet. */
  readonly firstSeed: number
  /** Number of cases of each suite; `undefined`: limited by time only. */
  readonly seedCount: number | undefined
  /** Number of steps of each case; `undefined`: the suite's default. */
  readonly stepCount: number | undefined
  /** Reports whether no more cases may start. */
  isOver(): boolean
}

/** Chooses the next case: one of the suite that has used the smallest part of its share of the time. */
export class Schedule {
  readonly #chosen: readonly ChosenSuite[]
  readonly #progress: DeepProgress
  readonly #limits: ScheduleLimits
  /** Seeds that an earlier session began and did not finish. */
  readonly #unfinished: Map<string, number[]>
  readonly #issued: Map<string, number>
  /** Number of running cases of a suite. Their estimated time counts, so that threads do not all choose the same suite. */
  readonly #running: Map<string, number>

  constructor(chosen: readonly ChosenSuite[], progress: DeepProgress, limits: ScheduleLimits) {
    this.#chosen = chosen
    this.#progress = progress
    this.#limits = limits
    this.#unfinished = new Map()
    this.#issued = new Map()
    this.#running = new Map()
    for (const { entry } of chosen) {
      this.#unfinished.set(entry.name, [...progress.of(entry.name, limits.firstSeed).pending])
    }
  }

  /** Returns the next case, or `undefined` when no more may start. */
  next(): DeepTask | undefined {
    const { seedCount, stepCount, firstSeed } = this.#limits
    if (this.#limits.isOver()) return undefined
    const open = this.#chosen.filter(({ entry }) => this.#issuedOf(entry.name) < (seedCount ?? Infinity))
    const [first, ...others] = open
    if (first === undefined) return undefined
    let least = first
    for (const each of others) if (this.#load(each) < this.#load(least)) least = each
    const suite = least.entry.name
    const progress = this.#progress.of(suite, firstSeed)
    let seed = this.#unfinished.get(suite)?.shift()
    if (seed === undefined) {
      seed = progress.nextSeed++
      progress.pending.push(seed)
    }
    this.#issued.set(suite, this.#issuedOf(suite) + 1)
    this.#running.set(suite, this.#runningOf(suite) + 1)
    return stepCount === undefined ? { suite, seed } : { suite, seed, stepCount }
  }

  /** Records that a case has ended. */
  ended(suite: string): void {
    this.#running.set(suite, this.#runningOf(suite) - 1)
  }

  #load({ entry, share }: ChosenSuite): number {
    const { spentMs, cases } = this.#progress.of(entry.name, this.#limits.firstSeed)
    const perCase = cases === 0 ? 1000 : spentMs / cases
    return (spentMs + perCase * this.#runningOf(entry.name)) / share
  }

  #issuedOf(suite: string): number {
    return this.#issued.get(suite) ?? 0
  }

  #runningOf(suite: string): number {
    return this.#running.get(suite) ?? 0
  }
}
