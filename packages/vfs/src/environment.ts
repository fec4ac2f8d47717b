/** Source of time. Nothing is ordered by it. @category Environment */
export interface Clock {
  /** Milliseconds since 1970, may jump. */
  now(): number
  /** Milliseconds from some fixed moment, never goes back. */
  monotonic(): number
}

/** Source of randomness for identifiers and seeds. @category Environment */
export interface RandomSource {
  /** Fills the array with random bytes and gives it back. */
  fill(target: Uint8Array): Uint8Array
}

/** A thing planned that can be called off. @category Environment */
export interface Scheduled {
  cancel(): void
}

/** Plans work for later. @category Environment */
export interface Scheduler {
  /** Calls `task` once, in `delayMs` or later. It never keeps the process alive. */
  after(delayMs: number, task: () => void): Scheduled
}

/** The outside world apart from files. @category Environment */
export interface Environment {
  readonly clock: Clock
  readonly random: RandomSource
  readonly scheduler: Scheduler
}
