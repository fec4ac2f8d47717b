/**
 * Group commit: concurrent callers share one sync. Callers that arrive while a sync runs share the next one, because the running sync
 * may not cover their records.
 */
export class GroupSync {
  readonly #syncOnce: () => Promise<void>
  #running: Promise<void>
  #queued: Promise<void> | undefined

  /** @param syncOnce - makes every record appended before the call durable. Calls never overlap. */
  constructor(syncOnce: () => Promise<void>) {
    this.#syncOnce = syncOnce
    this.#running = Promise.resolve()
    this.#queued = undefined
  }

  /** Returns the promise of a sync that begins after this call. */
  request(): Promise<void> {
    if (this.#queued === undefined) {
      const begin = (): Promise<void> => this.#begin()
      // A failed sync has rejected its own callers. The log decides whether another one may run.
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
