// A worker thread of a deep run: receives cases, sends counts or failures.
import { parentPort } from 'node:worker_threads'
import type { Suite, SuiteCounts } from '../suite/suite.js'

// Enable the costly invariant checks before any module of LDB is loaded.
Object.assign(globalThis, { LDB_INVARIANTS: true })
const { findSuite } = await import('../registry/suite-entry.js')
const { DEEP_SUITES } = await import('./deep-suites.js')

/** A case to run. */
export interface DeepTask {
  readonly suite: string
  readonly seed: number
  readonly stepCount?: number
}

/** A message to a thread: a case to run, or `end` to release all resources. */
export type DeepRequest = DeepTask | 'end'

/** The result of a case: either counts or a failure. The result of `end` has neither. */
export interface DeepResult {
  readonly counts?: SuiteCounts
  readonly failure?: string
  /** Number of steps of a case, if the suite supports fewer. */
  readonly stepCount?: number
}

const loaded = new Map<string, Suite>()

parentPort?.on('message', (request: DeepRequest) => {
  void (request === 'end' ? end() : runCase(request)).then((result) => parentPort?.postMessage(result))
})

async function runCase({ suite: name, seed, stepCount }: DeepTask): Promise<DeepResult> {
  let suite = loaded.get(name)
  try {
    suite ??= await findSuite(DEEP_SUITES, name).load()
    loaded.set(name, suite)
    return { counts: await suite.runCase(seed, stepCount) }
  } catch (error) {
    const failure =
      error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error)
    return suite?.stepCount === undefined ? { failure } : { failure, stepCount: suite.stepCount }
  }
}

async function end(): Promise<DeepResult> {
  for (const suite of loaded.values()) await suite.end?.()
  return {}
}
