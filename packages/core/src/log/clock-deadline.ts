import type { Clock } from '@ldb/vfs'

/** A deadline that the commits themselves check against the clock, where no other thread watches it. */
export class ClockDeadline {
  readonly #clock: Clock
  #dueMs = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** True until the deadline has come. */
  get isWaiting(): boolean {
    return this.#dueMs === Infinity || this.#clock.monotonic() < this.#dueMs
  }

  /** Sets the deadline; `Infinity`: it never comes. */
  set(delayMs: number): void {
    this.#dueMs = this.#clock.monotonic() + delayMs
  }

  /** Ends the wait. */
  clear(): void {
    this.#dueMs = -Infinity
  }
}
