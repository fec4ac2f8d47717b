import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { SuiteCounts } from '../suite/suite.js'

/** A failing case. */
export interface DeepFailure {
  readonly suite: string
  readonly seed: number
  readonly stepCount?: number
  readonly message: string
}

/** Progress of a suite over all sessions of a deep run. */
export interface SuiteProgress {
  readonly firstSeed: number
  /** First seed that was not given to a thread yet. */
  nextSeed: number
  /** Seeds that were given to a thread and have not ended. */
  pending: number[]
  cases: number
  /** Sum of the times of its cases, in milliseconds. */
  spentMs: number
  counts: Record<string, number>
}

interface SavedProgress {
  readonly suites: Record<string, SuiteProgress>
  readonly failures: readonly DeepFailure[]
  readonly elapsedMs: number
}

/** Progress of a deep run, stored in a file so that an interrupted run can be resumed. */
export class DeepProgress {
  readonly suites: Map<string, SuiteProgress>
  readonly failures: DeepFailure[]
  readonly #path: string | undefined
  readonly #before: number
  readonly #startMs: number

  /** @param path - file to resume from and to write to; `undefined` stores nothing. */
  constructor(path: string | undefined, nowMs: number) {
    this.#path = path
    this.#startMs = nowMs
    const saved = path === undefined ? undefined : load(path)
    this.suites = new Map(Object.entries(saved?.suites ?? {}))
    this.failures = [...(saved?.failures ?? [])]
    this.#before = saved?.elapsedMs ?? 0
  }

  /** Returns the elapsed time of all sessions, in milliseconds. */
  elapsedMs(nowMs: number): number {
    return this.#before + nowMs - this.#startMs
  }

  /** Returns the progress of a suite. A new suite begins at `firstSeed`. */
  of(suite: string, firstSeed: number): SuiteProgress {
    let progress = this.suites.get(suite)
    if (progress === undefined) {
      progress = { firstSeed, nextSeed: firstSeed, pending: [], cases: 0, spentMs: 0, counts: {} }
      this.suites.set(suite, progress)
    }
    return progress
  }

  /** Records the end of a case: its counts, or none if it failed. */
  finish(suite: string, seed: number, spentMs: number, counts: SuiteCounts): void {
    const progress = this.of(suite, seed)
    progress.pending = progress.pending.filter((each) => each !== seed)
    progress.cases++
    progress.spentMs += spentMs
    for (const [name, count] of Object.entries(counts)) {
      progress.counts[name] = (progress.counts[name] ?? 0) + count
    }
  }

  /** Writes the progress to the file. */
  save(nowMs: number): void {
    if (this.#path === undefined) return
    const saved: SavedProgress = {
      suites: Object.fromEntries(this.suites),
      failures: this.failures,
      elapsedMs: Math.round(this.elapsedMs(nowMs)),
    }
    writeFileSync(`${this.#path}.new`, `${JSON.stringify(saved, undefined, 2)}\n`)
    renameSync(`${this.#path}.new`, this.#path)
  }
}

function load(path: string): SavedProgress | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as SavedProgress
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined
    throw error
  }
}
