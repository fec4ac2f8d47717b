import { Worker } from 'node:worker_threads'
import { findSuite } from '../registry/suite-entry.js'
import { DEEP_SUITES } from './deep-suites.js'
import type { DeepRequest, DeepResult, DeepTask } from './worker.js'

/** A case that takes longer counts as endless. */
const TIMEOUT_MS = 15 * 60_000
const SHUTDOWN_MS = 10_000

/**
 * Runs one case at a time on a worker thread. Instrumented suites run on a second thread, which is idle otherwise.
 *
 * @remarks A thread that exits or does not respond fails its case and is replaced.
 */
export class CaseThread {
  readonly #workers: Map<'plain' | 'instrumented', Worker> = new Map()

  /** Runs a case. Never throws: every error is a failure of the case. */
  async run(task: DeepTask): Promise<DeepResult> {
    const kind = findSuite(DEEP_SUITES, task.suite).isInstrumented ? 'instrumented' : 'plain'
    const worker = this.#workers.get(kind) ?? new Worker(new URL('./worker.js', import.meta.url))
    this.#workers.set(kind, worker)
    try {
      return await request(worker, task, TIMEOUT_MS)
    } catch (error) {
      this.#workers.delete(kind)
      await worker.terminate()
      return { failure: `the worker thread: ${String(error)}` }
    }
  }

  /** Terminates the threads. Idle threads release their resources first. */
  async end(isIdle: boolean): Promise<void> {
    for (const worker of this.#workers.values()) {
      if (isIdle) await request(worker, 'end', SHUTDOWN_MS).catch(() => undefined)
      await worker.terminate()
    }
    this.#workers.clear()
  }
}

function request(worker: Worker, message: DeepRequest, timeoutMs: number): Promise<DeepResult> {
  return new Promise((resolve, reject) => {
    const timeout = setTimeout(() => {
      finish()
      reject(new Error(`no result within ${timeoutMs / 1000} s`))
    }, timeoutMs)
    const onMessage = (result: DeepResult): void => {
      finish()
      resolve(result)
    }
    const onError = (error: unknown): void => {
      finish()
      reject(error instanceof Error ? error : new Error(String(error)))
    }
    const onExit = (code: number): void => {
      onError(new Error(`it exited with code ${code}`))
    }
    const finish = (): void => {
      clearTimeout(timeout)
      worker.off('message', onMessage).off('error', onError).off('exit', onExit)
    }
    worker.on('message', onMessage).on('error', onError).on('exit', onExit)
    worker.postMessage(message)
  })
}
