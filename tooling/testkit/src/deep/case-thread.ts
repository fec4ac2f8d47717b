import { Worker } from 'node:worker_threads'
import { suiteEntry } from './suites.js'
import type { DeepAnswer, DeepOrder, DeepTask } from './worker.js'

/** A case that takes longer than this never ends, as far as anybody can tell. */
const PATIENCE_MS = 15 * 60_000
const ENDING_MS = 10_000

/**
 * Runs one case at a time on a thread of its own; instrumented suites on another one, which stands still meanwhile.
 *
 * @remarks A thread that dies, or does not answer, is a failure of its case, and is replaced.
 */
export class CaseThread {
  readonly #workers: Map<'plain' | 'instrumented', Worker> = new Map()

  /** Runs a case. Never throws: whatever goes wrong is a failure of the case. */
  async run(task: DeepTask): Promise<DeepAnswer> {
    const kind = suiteEntry(task.suite).isInstrumented ? 'instrumented' : 'plain'
    const worker = this.#workers.get(kind) ?? new Worker(new URL('./worker.js', import.meta.url))
    this.#workers.set(kind, worker)
    try {
      return await ask(worker, task, PATIENCE_MS)
    } catch (error) {
      this.#workers.delete(kind)
      await worker.terminate()
      return { failure: `the thread of the case: ${String(error)}` }
    }
  }

  /** Ends the threads; when they are at rest, after they have given everything back. */
  async end(isAtRest: boolean): Promise<void> {
    for (const worker of this.#workers.values()) {
      if (isAtRest) await ask(worker, 'end', ENDING_MS).catch(() => undefined)
      await worker.terminate()
    }
    this.#workers.clear()
  }
}

function ask(worker: Worker, order: DeepOrder, patienceMs: number): Promise<DeepAnswer> {
  return new Promise((resolve, reject) => {
    const patience = setTimeout(() => {
      finish()
      reject(new Error(`it has not ended within ${patienceMs / 1000} s`))
    }, patienceMs)
    const onMessage = (answer: DeepAnswer): void => {
      finish()
      resolve(answer)
    }
    const onError = (error: unknown): void => {
      finish()
      reject(error instanceof Error ? error : new Error(String(error)))
    }
    const onExit = (code: number): void => {
      onError(new Error(`it ended with ${code}`))
    }
    const finish = (): void => {
      clearTimeout(patience)
      worker.off('message', onMessage).off('error', onError).off('exit', onExit)
    }
    worker.on('message', onMessage).on('error', onError).on('exit', onExit)
    worker.postMessage(order)
  })
}
