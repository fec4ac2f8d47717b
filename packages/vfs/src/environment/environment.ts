/** Reads the time. LDB orders nothing by it. @category Environment */
export interface Clock {
  /** Returns milliseconds since 1970; may jump forward or backward. */
  now(): number
  /** Returns milliseconds since an arbitrary fixed moment; never decreases. */
  monotonic(): number
}

/** Generates random bytes for identifiers and seeds. @category Environment */
export interface RandomSource {
  /** Fills `target` with random bytes and returns it. */
  fill(target: Uint8Array): Uint8Array
}

/** A scheduled task. @category Environment */
export interface ScheduledTask {
  /** Cancels the task. No effect once it has run. */
  cancel(): void
}

/** Runs tasks later. @category Environment */
export interface Scheduler {
  /** Calls `task` once, after at least `delayMs` milliseconds. A pending task does not keep the process alive. */
  after(delayMs: number, task: () => void): ScheduledTask
  /**
   * Calls `task` once, after the pending callbacks of the event loop: I/O, timers, completed reads. A pending task keeps the
   * process alive. Absent on platforms without such a queue; callers then cannot yield to the event loop.
   */
  immediate?(task: () => void): void
  /**
   * Calls `task` once, some time after `target` was garbage-collected; `task` must not reference `target`. Absent on platforms that
   * do not report collections, and in simulations, whose behavior must not depend on the garbage collector.
   */
  afterCollection?(target: object, task: () => void): ScheduledTask
  /**
   * Calls `task` with `owner` when the process ends normally: after the last callback of the event loop, at `process.exit()`, after an
   * uncaught exception. In a worker thread, when that thread ends. Not when it is killed or terminated. `owner` is referenced
   * weakly: `task` must not reference it, and does not run once it was collected. `task` must not throw, and nothing asynchronous runs
   * after it. During the exit it is called at once. Absent on platforms that report no such end.
   */
  atExit?<Owner extends object>(owner: Owner, task: (owner: Owner) => void): ScheduledTask
}

/** Everything that LDB needs of its platform apart from files. @category Environment */
export interface Environment {
  readonly clock: Clock
  readonly random: RandomSource
  readonly scheduler: Scheduler
}
