/** Word of a thread that is 1 while it takes jobs. */
export const IS_SERVING = 0
/** Word of a thread that it increments with each step of a job. */
export const BEAT = 1

/** Words of a job. */
export const IS_ENDED = 0
export const IS_CANCELLED = 1
/** Work done, in KiB. The owner of the job waits on it. */
export const WORK_KIB = 2
export const JOB_WORDS = 3

/** What a thread receives: a job, and the words of it. */
export interface JobMessage<Job> {
  readonly id: number
  readonly job: Job
  readonly words: Int32Array
}

/** What a thread answers. */
export interface OutcomeMessage<Outcome> {
  readonly id: number
  readonly outcome: Outcome
}
