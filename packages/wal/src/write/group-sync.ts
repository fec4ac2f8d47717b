/**
 * Lets everyone who waits for a sync share one: whoever comes while a sync runs, which may have missed their records,
 * shares the next.
 */
export class GroupSync {
  readonly #syncOnce: () => Promise<void>
  #running: Promise<void>
  #queued: Promise<void> | undefined

  /** @param syncOnce - makes everything appended before it is called durable. Never called again while it runs. */
  constructor(syncOnce: () => Promise<void>) {
    this.#syncOnce = syncOnce
    this.#running = Promise.resolve()
    this.#queued = undefined
  }

  /** Returns the promise of a sync that begins after this call. */
  request(): Promise<void> {
    if (this.#queued === undefined) {
      const begin = (): Promise<void> => this.#begin()
      // A sync that failed has told those who waited for it; the log itself knows whether another may be tried.
      this.#queued = this.#running.then(begin, begin)
    }
    return this.#queued
  }

  #begin(): Promise<void> {
    this.#running = this.#queued ?? this.#running
    this.#queued = undefined
    return this.#syncOnce()
  }
}
