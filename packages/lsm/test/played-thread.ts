import type { Vfs } from '@ldb/vfs'
import { runCompactionJob } from '../src/index.js'
import type { CompactionJob, CompactionThread, JobOutcome, RunningJob } from '../src/index.js'

/** How a played thread ends a job. */
export type Ending = 'done' | 'failed' | 'lost'

/** Another thread, as a test plays it: it runs jobs when the test says so, on the files of the test. */
export class PlayedThread implements CompactionThread {
  isReady = true
  isClosed = false
  readonly jobs: PlayedJob[] = []
  readonly #vfs: Vfs

  constructor(vfs: Vfs) {
    this.#vfs = vfs
  }

  /** Jobs that have not ended. */
  get pending(): PlayedJob[] {
    return this.jobs.filter(({ isEnded }) => !isEnded)
  }

  begin(job: CompactionJob, ended: () => void): PlayedJob {
    // A message is a copy.
    const running = new PlayedJob(this.#vfs, structuredClone(job), ended)
    this.jobs.push(running)
    return running
  }

  close(): void {
    this.isClosed = true
  }

  /** Runs all pending jobs. */
  run(ending: Ending = 'done'): void {
    for (const job of this.pending) job.run(ending)
  }
}

export class PlayedJob implements RunningJob {
  workBytes = 0
  isCancelled = false
  waitCount = 0
  readonly job: CompactionJob
  readonly ended: () => void
  readonly #vfs: Vfs
  #outcome: JobOutcome | 'lost' | undefined = undefined

  constructor(vfs: Vfs, job: CompactionJob, ended: () => void) {
    this.#vfs = vfs
    this.job = job
    this.ended = ended
  }

  get isEnded(): boolean {
    return this.#outcome !== undefined
  }

  /** Runs the job, at most some steps. */
  run(ending: Ending, stepsMax = ending === 'done' ? Infinity : 3): void {
    let stepCount = 0
    const outcome = runCompactionJob(this.job, this.#vfs, (byteCount) => {
      this.workBytes += byteCount
      return ++stepCount < stepsMax && !this.isCancelled
    })
    this.#outcome = ending === 'lost' ? 'lost' : structuredClone(outcome)
  }

  poll(): JobOutcome | 'lost' | undefined {
    return this.#outcome
  }

  /** A thread makes progress while another one waits for it. */
  wait(): void {
    this.waitCount++
    this.run('done')
  }

  cancel(): void {
    this.isCancelled = true
  }
}
