import type { AsyncCommits } from '../commit/async-commits.js'
import type { ReadGate } from '../resident/read-gate.js'
import { throwIfAborted } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import { closedError } from '../health/health.js'

/** What all parts of the asynchronous API of one database share: how to read, how to commit, and what runs. */
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

  /** True from the first call of `close` on. */
  get isClosing(): boolean {
    return this.#closing
  }

  /** Throws unless new operations are taken. */
  assertOpen(): void {
    if (this.#closing) throw closedError()
  }

  /** Runs an operation that `close` waits for. */
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

  /** Reads stores off this thread where that would wait; `close` waits for it. */
  read<T>(action: () => T, check: () => void, signal: AbortSignalLike | undefined): Promise<T> {
    return this.run(() =>
      this.gate.read(action, () => {
        throwIfAborted(signal)
        check()
      }),
    )
  }

  /** Takes no new operations, and resolves when all that run have ended. */
  async drain(): Promise<void> {
    this.#closing = true
    while (this.#pendingCount > 0) await new Promise<void>((resolve) => this.#drainWaiters.push(resolve))
    await this.commits.idle()
  }
}
