import type { Clock, DeadlineSync } from '@ldb/vfs'

/** A deadline that the commits themselves check against the clock, where no other thread watches it. */
export class ClockDeadline {
  readonly #clock: Clock
  #dueMs = -Infinity
  #request: DeadlineSync | undefined = undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** True until the deadline has come, and while the request waits. */
  get isWaiting(): boolean {
    if (this.#request?.isWaiting === false) return false
    return this.#dueMs === Infinity || this.#clock.monotonic() < this.#dueMs
  }

  /**
   * Sets the deadline.
   *
   * @param delayMs - `Infinity`: it never comes.
   * @param request - a request that is not served yet: it ends when its file is closed, and the next file needs another one.
   */
  set(delayMs: number, request: DeadlineSync | undefined): void {
    this.#dueMs = this.#clock.monotonic() + delayMs
    this.#request = request
  }

  /** Ends the wait. */
  clear(): void {
    this.#dueMs = -Infinity
    this.#request = undefined
  }
}
