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
  /**
   * Calls `task` once, as soon as what waits for the thread had its turn: events, timers, finished reads. It keeps the
   * process alive until then. Absent where there is no such queue; whoever wants to let others go first then cannot.
   */
  soon?(task: () => void): void
}

/** The outside world apart from files. @category Environment */
export interface Environment {
  readonly clock: Clock
  readonly random: RandomSource
  readonly scheduler: Scheduler
}
