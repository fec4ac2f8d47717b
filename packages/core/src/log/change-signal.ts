/** Wakes those who wait for commits, for what was written in the background, and for the end. */
export class ChangeSignal {
  #waiters: (() => void)[] = []

  /** Called after every commit: costs nothing while nobody waits. */
  wake(): void {
    if (this.#waiters.length === 0) return
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) waiter()
  }

  /** Calls back at the next `wake`; gives a function that calls it off. */
  wait(waiter: () => void): () => void {
    this.#waiters.push(waiter)
    return () => {
      const index = this.#waiters.indexOf(waiter)
      if (index >= 0) this.#waiters.splice(index, 1)
    }
  }
}
