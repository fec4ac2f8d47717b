import type { DeepProgress } from './progress.js'
import type { ChosenSuite } from './suite-choice.js'
import type { DeepTask } from './worker.js'

/** When a run ends, and where it begins. */
export interface ScheduleLimits {
  /** Seed that a suite begins with, when it is new. */
  readonly firstSeed: number
  /** Cases of each suite; `undefined`: as many as there is time for. */
  readonly seedCount: number | undefined
  /** Steps of each case; `undefined`: as many as the suite has. */
  readonly stepCount: number | undefined
  /** True when no more cases are to begin. */
  isOver(): boolean
}

/** Says which case comes next: one of the suite that has had the least of its share of the time. */
export class Schedule {
  readonly #chosen: readonly ChosenSuite[]
  readonly #progress: DeepProgress
  readonly #limits: ScheduleLimits
  /** Seeds that an earlier session has begun and not ended. */
  readonly #leftOver: Map<string, number[]>
  readonly #given: Map<string, number>
  /** Time that a running case is taken to need, so that two threads do not both choose the same suite. */
  readonly #running: Map<string, number>

  constructor(chosen: readonly ChosenSuite[], progress: DeepProgress, limits: ScheduleLimits) {
    this.#chosen = chosen
    this.#progress = progress
    this.#limits = limits
    this.#leftOver = new Map()
    this.#given = new Map()
    this.#running = new Map()
    for (const { entry } of chosen) {
      this.#leftOver.set(entry.name, [...progress.of(entry.name, limits.firstSeed).pending])
    }
  }

  /** Returns the next case, or `undefined` when no more are to begin. */
  next(): DeepTask | undefined {
    const { seedCount, stepCount, firstSeed } = this.#limits
    if (this.#limits.isOver()) return undefined
    const open = this.#chosen.filter(({ entry }) => this.#givenOf(entry.name) < (seedCount ?? Infinity))
    const [first, ...others] = open
    if (first === undefined) return undefined
    let least = first
    for (const each of others) if (this.#load(each) < this.#load(least)) least = each
    const suite = least.entry.name
    const progress = this.#progress.of(suite, firstSeed)
    let seed = this.#leftOver.get(suite)?.shift()
    if (seed === undefined) {
      seed = progress.nextSeed++
      progress.pending.push(seed)
    }
    this.#given.set(suite, this.#givenOf(suite) + 1)
    this.#running.set(suite, this.#runningOf(suite) + 1)
    return stepCount === undefined ? { suite, seed } : { suite, seed, stepCount }
  }

  /** A case has come to its end. */
  ended(suite: string): void {
    this.#running.set(suite, this.#runningOf(suite) - 1)
  }

  #load({ entry, share }: ChosenSuite): number {
    const { spentMs, cases } = this.#progress.of(entry.name, this.#limits.firstSeed)
    const perCase = cases === 0 ? 1000 : spentMs / cases
    return (spentMs + perCase * this.#runningOf(entry.name)) / share
  }

  #givenOf(suite: string): number {
    return this.#given.get(suite) ?? 0
  }

  #runningOf(suite: string): number {
    return this.#running.get(suite) ?? 0
  }
}
