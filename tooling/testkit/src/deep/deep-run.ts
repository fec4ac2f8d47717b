import { CaseThread } from './case-thread.js'
import type { DeepProgress } from './progress.js'
import type { Schedule } from './schedule.js'
import type { DeepAnswer, DeepTask } from './worker.js'

/** Numbers of steps that a failing case is tried with. */
const FEWER_STEPS: readonly number[] = [2, 3, 5, 8, 12, 18]
/** How long cases that run may take to end after an interruption, in milliseconds. */
const ENDING_MS = 8_000

/** Runs the cases of a schedule on several threads, and tells of failures as they come. */
export class DeepRun {
  readonly #schedule: Schedule
  readonly #progress: DeepProgress
  readonly #interruption: Promise<void>
  #interrupted: () => void = () => undefined
  #interruptions = 0
  /** What threads answer from now on comes of their being terminated. */
  #isBrokenOff = false

  constructor(schedule: Schedule, progress: DeepProgress) {
    this.#schedule = schedule
    this.#progress = progress
    this.#interruption = new Promise((resolve) => {
      this.#interrupted = resolve
    })
  }

  /** True when the run was told to end before its time. */
  get isInterrupted(): boolean {
    return this.#interruptions > 0
  }

  /** Begins no more cases, and gives those that run some seconds to end; the second time, none. */
  interrupt(): void {
    this.#interruptions++
    if (this.#interruptions > 1) this.#interrupted()
    else setTimeout(this.#interrupted, ENDING_MS).unref()
  }

  /** Runs until the schedule has no more. */
  async run(workerCount: number): Promise<void> {
    // A file that cannot be written must not be found out at the end.
    this.#progress.save(performance.now())
    const threads = Array.from({ length: workerCount }, () => new CaseThread())
    let isAtRest = false
    const work = Promise.all(threads.map((thread) => this.#work(thread))).then(() => {
      isAtRest = true
    })
    await Promise.race([work, this.#interruption])
    this.#isBrokenOff = !isAtRest
    this.#progress.save(performance.now())
    await Promise.all(threads.map((thread) => thread.end(isAtRest)))
  }

  async #work(thread: CaseThread): Promise<void> {
    while (!this.isInterrupted) {
      const task = this.#schedule.next()
      if (task === undefined) return
      const startMs = performance.now()
      const answer = await thread.run(task)
      if (this.#isBrokenOff) return
      const spentMs = performance.now() - startMs
      this.#schedule.ended(task.suite)
      this.#progress.finish(task.suite, task.seed, spentMs, answer.counts ?? {})
      if (answer.failure !== undefined) await this.#tell(thread, task, answer)
      this.#progress.save(performance.now())
    }
  }

  /** Makes a failing case smaller where that is cheap, by leaving steps out at its end, and says how to repeat it. */
  async #tell(thread: CaseThread, failed: DeepTask, answer: DeepAnswer): Promise<void> {
    let task = failed
    let failure = answer.failure ?? ''
    const stepCount = failed.stepCount ?? answer.stepCount ?? 0
    for (const fewer of FEWER_STEPS) {
      if (fewer >= stepCount || this.isInterrupted) break
      const smaller = { ...failed, stepCount: fewer }
      const again = await thread.run(smaller)
      if (this.#isBrokenOff) return
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
