import { CaseThread } from './case-thread.js'
import type { DeepProgress } from './progress.js'
import type { Schedule } from './schedule.js'
import type { DeepResult, DeepTask } from './worker.js'

/** Step counts with which a failing case is retried, to find a smaller one. */
const FEWER_STEPS: readonly number[] = [2, 3, 5, 8, 12, 18]
/** Time that running cases have to finish after an interruption, in milliseconds. */
const SHUTDOWN_MS = 8_000

/** Runs the cases of a schedule on several threads and reports failures as they occur. */
export class DeepRun {
  readonly #schedule: Schedule
  readonly #progress: DeepProgress
  readonly #interruption: Promise<void>
  #interrupted: () => void = () => undefined
  #interruptions = 0
  /** Results from now on are consequences of terminating the threads. */
  #isAborted = false

  constructor(schedule: Schedule, progress: DeepProgress) {
    this.#schedule = schedule
    this.#progress = progress
    this.#interruption = new Promise((resolve) => {
      this.#interrupted = resolve
    })
  }

  /** True when the run was interrupted. */
  get isInterrupted(): boolean {
    return this.#interruptions > 0
  }

  /** Starts no more cases. Running cases have {@link SHUTDOWN_MS} to finish; a second call ends them at once. */
  interrupt(): void {
    this.#interruptions++
    if (this.#interruptions > 1) this.#interrupted()
    else setTimeout(this.#interrupted, SHUTDOWN_MS).unref()
  }

  /** Runs until the schedule is exhausted or the run is interrupted. */
  async run(workerCount: number): Promise<void> {
    // Fail now, and not at the end, if the file cannot be written.
    this.#progress.save(performance.now())
    const threads = Array.from({ length: workerCount }, () => new CaseThread())
    let isIdle = false
    const work = Promise.all(threads.map((thread) => this.#work(thread))).then(() => {
      isIdle = true
    })
    await Promise.race([work, this.#interruption])
    this.#isAborted = !isIdle
    this.#progress.save(performance.now())
    await Promise.all(threads.map((thread) => thread.end(isIdle)))
  }

  async #work(thread: CaseThread): Promise<void> {
    while (!this.isInterrupted) {
      const task = this.#schedule.next()
      if (task === undefined) return
      const startMs = performance.now()
      const result = await thread.run(task)
      if (this.#isAborted) return
      const spentMs = performance.now() - startMs
      this.#schedule.ended(task.suite)
      this.#progress.finish(task.suite, task.seed, spentMs, result.counts ?? {})
      if (result.failure !== undefined) await this.#reportFailure(thread, task, result)
      this.#progress.save(performance.now())
    }
  }

  /** Tries to reproduce a failing case with fewer steps, and prints how to repeat it. */
  async #reportFailure(thread: CaseThread, failed: DeepTask, result: DeepResult): Promise<void> {
    let task = failed
    let failure = result.failure ?? ''
    const stepCount = failed.stepCount ?? result.stepCount ?? 0
    for (const fewer of FEWER_STEPS) {
      if (fewer >= stepCount || this.isInterrupted) break
      const smaller = { ...failed, stepCount: fewer }
      const again = await thread.run(smaller)
      if (this.#isAborted) return
      if (again.failure === undefined) continue
      task = smaller
      failure = again.failure
      break
    }
    const { suite, seed } = task
    const steps = task.stepCount === undefined ? '' : ` --steps ${task.stepCount}`
    this.#progress.failures.push({ ...task, message: failure })
    console.log(`\nFAILED ${suite}, seed ${seed}: ${failure}`)
    console.log(`repeat it: npm run test:deep -- --suite ${suite} --seed ${seed}${steps}`)
  }
}
