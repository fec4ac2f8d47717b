import type { CompactionJob, JobOutcome } from './job.js'

/** A job that another thread runs. @category Compaction in another thread */
export interface RunningJob {
  /** Bytes merged so far. */
  readonly workBytes: number
  /** True when `end` returns at once. */
  readonly isEnded: boolean
  /**
   * Returns the outcome once the job has ended, `'lost'` when its thread has died or makes no progress, and `undefined` while it runs.
   */
  poll(): JobOutcome | 'lost' | undefined
  /** Blocks until the job makes progress or ends, at most for some time. */
  wait(milliseconds: number): void
  /** Makes the job end after its next step. */
  cancel(): void
}

/**
 * Another thread, with files of its own, that compacts tables. It does not keep the process alive.
 *
 * @category Compaction in another thread
 */
export interface CompactionThread {
  /** True when it can take a job at once. The first call starts it. */
  readonly isReady: boolean
  /**
   * Begins a job. There may be several; they run one after the other.
   *
   * @param ended - called in a turn of the event loop after the job has ended.
   */
  begin(job: CompactionJob, ended: () => void): RunningJob
  /** Ends the thread, whose jobs have ended. Idempotent. */
  close(): void
}

/**
 * Returns a thread that compacts files of the operating system; `undefined` where there are no threads.
 *
 * @category Compaction in another thread
 */
export function createCompactionThread(): CompactionThread | undefined {
  return undefined
}
