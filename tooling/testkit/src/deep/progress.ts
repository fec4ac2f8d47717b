import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Counts } from './suites.js'

/** A failing run, and how to repeat it. */
export interface DeepFailure {
  readonly suite: string
  readonly seed: number
  readonly stepCount?: number
  readonly message: string
}

/** What a suite has come to, over all sessions of a deep run. */
export interface SuiteProgress {
  nextSeed: number
  runs: number
  counts: Counts
}

/** Where a deep run is, kept in a file so that it can be broken off and go on. */
export class DeepProgress {
  readonly suites: Record<string, SuiteProgress> = {}
  readonly failures: DeepFailure[] = []
  readonly #path: string | undefined

  /** @param path - file to go on from, and to write to; `undefined` keeps nothing. */
  constructor(path: string | undefined) {
    this.#path = path
    if (path === undefined) return
    try {
      const saved = JSON.parse(readFileSync(path, 'utf8')) as Pick<DeepProgress, 'suites' | 'failures'>
      Object.assign(this.suites, saved.suites)
      this.failures.push(...saved.failures)
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOENT') throw error
    }
  }

  /** Gives the progress of a suite, which begins with a seed when it is new. */
  of(suite: string, firstSeed: number): SuiteProgress {
    return (this.suites[suite] ??= { nextSeed: firstSeed, runs: 0, counts: {} })
  }

  /** Adds what a run came to. */
  add(suite: string, counts: Counts): void {
    const progress = this.of(suite, 1)
    progress.runs++
    for (const [name, count] of Object.entries(counts)) {
      progress.counts[name] = (progress.counts[name] ?? 0) + count
    }
  }

  save(): void {
    if (this.#path === undefined) return
    const { suites, failures } = this
    writeFileSync(`${this.#path}.new`, `${JSON.stringify({ suites, failures }, undefined, 2)}\n`)
    renameSync(`${this.#path}.new`, this.#path)
  }
}
