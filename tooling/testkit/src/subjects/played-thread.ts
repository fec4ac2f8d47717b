import { runCompactionJob } from '@ldb/lsm'
import type { CompactionJob, CompactionThread, JobOutcome, RunningJob } from '@ldb/lsm'
import type { Vfs } from '@ldb/vfs'
import { seededRandom } from '../base/test-random.js'
import type { TestRandom } from '../base/test-random.js'

/** A job is asked at most this often whether it has ended before it runs. */
const DELAY_MAX = 30
/** One job in this many fails, and one dies. */
const FAILURE_SHARE = 8

/** Returns a played thread for every other seed. Takes no number of the seed's own sequence. @category Subjects */
export function playedThread(vfs: Vfs, seed: number): CompactionThread | undefined {
  return hasPlayedThread(seed) ? new PlayedThread(vfs, seededRandom(~seed)) : undefined
}

export function hasPlayedThread(seed: number): boolean {
  return seed % 2 === 1
}

/**
 * Another thread, as a test plays it on its own files: a job runs at a random later call of its owner, and may fail or die in the middle.
 */
class PlayedThread implements CompactionThread {
  readonly isReady = true
  readonly #vfs: Vfs
  readonly #random: TestRandom

  constructor(vfs: Vfs, random: TestRandom) {
    this.#vfs = vfs
    this.#random = random
  }

  begin(job: CompactionJob): RunningJob {
    const kind = this.#random.below(FAILURE_SHARE)
    const ending = kind === 0 ? 'failed' : kind === 1 ? 'lost' : 'done'
    return new PlayedJob(this.#vfs, job, this.#random.between(0, DELAY_MAX), ending)
  }

  close(): void {
    // There is no thread.
  }
}

class PlayedJob implements RunningJob {
  workBytes = 0
  readonly #vfs: Vfs
  readonly #job: CompactionJob
  readonly #ending: 'done' | 'failed' | 'lost'
  #delay: number
  #isCancelled = false
  #outcome: JobOutcome | 'lost' | undefined = undefined

  constructor(vfs: Vfs, job: CompactionJob, delay: number, ending: 'done' | 'failed' | 'lost') {
    this.#vfs = vfs
    // A message is a copy.
    this.#job = structuredClone(job)
    this.#delay = delay
    this.#ending = ending
  }

  get isEnded(): boolean {
    if (this.#outcome === undefined && this.#delay-- <= 0) this.#run()
    return this.#outcome !== undefined
  }

  poll(): JobOutcome | 'lost' | undefined {
    return this.isEnded ? this.#outcome : undefined
  }

  /** The thread goes on while its owner waits. */
  wait(): void {
    this.#delay = 0
  }

  cancel(): void {
    this.#isCancelled = true
  }

  #run(): void {
    let stepCount = 0
    const outcome = runCompactionJob(this.#job, this.#vfs, (byteCount) => {
      this.workBytes += byteCount
      stepCount++
      return !this.#isCancelled && (this.#ending === 'done' || stepCount < 3)
    })
    this.#outcome = this.#ending === 'lost' ? 'lost' : outcome
  }
}
