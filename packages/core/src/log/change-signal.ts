/** Wakes readers of changes after commits, after background syncs, and at close. */
export class ChangeSignal {
  #waiters: (() => void)[] = []

  /** Calls all waiters. Called after every commit: costs nothing without waiters. */
  wake(): void {
    if (this.#waiters.length === 0) return
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) waiter()
  }

  /** Calls back at the next `wake`. Returns a function that cancels the wait. */
  wait(waiter: () => void): () => void {
    this.#waiters.push(waiter)
    return () => {
      const index = this.#waiters.indexOf(waiter)
      if (index >= 0) this.#waiters.splice(index, 1)
    }
  }
}
