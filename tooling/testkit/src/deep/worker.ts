// One thread of a deep run: takes cases, gives counts or failures.
import { parentPort } from 'node:worker_threads'
import type { Suite, SuiteCounts } from '../suite/suite.js'

// Before anything of LDB is loaded: costly checks on.
Object.assign(globalThis, { LDB_INVARIANTS: true })
const { suiteEntry } = await import('./suites.js')

/** A case that a thread is to run. */
export interface DeepTask {
  readonly suite: string
  readonly seed: number
  readonly stepCount?: number
}

/** What a thread is told: a case to run, or to give everything back. */
export type DeepOrder = DeepTask | 'end'

/** What a thread answers: one of them is there. Without either, it has given everything back. */
export interface DeepAnswer {
  readonly counts?: SuiteCounts
  readonly failure?: string
  /** Steps of a case of the suite, when it may have fewer. */
  readonly stepCount?: number
}

const loaded = new Map<string, Suite>()

parentPort?.on('message', (order: DeepOrder) => {
  void (order === 'end' ? end() : answer(order)).then((message) => parentPort?.postMessage(message))
})

async function answer({ suite: name, seed, stepCount }: DeepTask): Promise<DeepAnswer> {
  let suite = loaded.get(name)
  try {
    suite ??= await suiteEntry(name).load()
    loaded.set(name, suite)
    return { counts: await suite.runCase(seed, stepCount) }
  } catch (error) {
    const failure =
      error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error)
    return suite?.stepCount === undefined ? { failure } : { failure, stepCount: suite.stepCount }
  }
}

async function end(): Promise<DeepAnswer> {
  for (const suite of loaded.values()) await suite.end?.()
  return {}
}
