// One thread of a deep run: takes (suite, seed), gives counts or a failure.
import { parentPort } from 'node:worker_threads'

// Before anything of LDB is loaded: costly checks on.
Object.assign(globalThis, { LDB_INVARIANTS: true })
const { DEEP_SUITES } = await import('./suites.js')

/** What a thread is asked. */
export interface DeepTask {
  readonly suite: string
  readonly seed: number
  readonly stepCount?: number
}

parentPort?.on('message', (task: DeepTask) => {
  void answer(task)
})

async function answer(task: DeepTask): Promise<void> {
  try {
    const suite = DEEP_SUITES.find(({ name }) => name === task.suite)
    if (suite === undefined) throw new Error(`there is no suite ${task.suite}`)
    const counts = await suite.run(task.seed, task.stepCount)
    parentPort?.postMessage({ task, counts })
  } catch (error) {
    const message = error instanceof Error ? `${error.message}` : String(error)
    parentPort?.postMessage({ task, failure: message })
  }
}
