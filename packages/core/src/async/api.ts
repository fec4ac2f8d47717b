import type { AsyncCommits } from '../commit/async-commits.js'
import type { ReadGate } from '../resident/read-gate.js'
import { throwIfAborted } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import { closedError } from '../health/health.js'

/**
 * State that every object of the asynchronous API of one database shares: the read gate, the commit queue, and the
 * number of pending operations.
 */
export class AsyncApi {
  readonly gate: ReadGate
  readonly commits: AsyncCommits
  #closing = false
  #pendingCount = 0
  #drainWaiters: (() => void)[] = []

  constructor(gate: ReadGate, commits: AsyncCommits) {
    this.gate = gate
    this.commits = commits
  }

  /** True after the first call of `close`. */
  get isClosing(): boolean {
    return this.#closing
  }

  /** Throws `LDB_CLOSED` after the first call of `close`. */
  assertOpen(): void {
    if (this.#closing) throw closedError()
  }

  /** Runs an operation. `close` waits until it ends. */
  async run<T>(operation: () => Promise<T>): Promise<T> {
    this.assertOpen()
    this.#pendingCount++
    try {
      return await operation()
    } finally {
      this.#pendingCount--
      if (this.#pendingCount === 0) for (const resolve of this.#drainWaiters.splice(0)) resolve()
    }
  }

  /** Runs a read action inside the read gate, and loads missing pages off the thread. `close` waits until it ends. */
  read<T>(action: () => T, check: () => void, signal: AbortSignalLike | undefined): Promise<T> {
    return this.run(() =>
      this.gate.read(action, () => {
        throwIfAborted(signal)
        check()
      }),
    )
  }

  /** Refuses new operations, and resolves after all pending operations and commits have ended. */
  async drain(): Promise<void> {
    this.#closing = true
    while (this.#pendingCount > 0) await new Promise<void>((resolve) => this.#drainWaiters.push(resolve))
    await this.commits.idle()
  }
}
