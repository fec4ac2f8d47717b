import { isPromiseLike } from '@ldb/base'
import { untilAborted } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import type { ReadGate } from '../resident/read-gate.js'

/**
 * A call of the asynchronous API that has not ended.
 *
 * Calls that must follow it wait in `passed`. A call that waits for a promise of its caller's function is waited for only
 * while it makes progress: the function may itself wait for one of the calls behind it, which would then never end.
 */
export class PendingCall {
  /** The call of the owner during which this call runs. */
  readonly parent: PendingCall | undefined
  /** A later call did not wait any longer, and may have ended the object. */
  isPassed = false
  readonly #gate: ReadGate
  /** Parts of the call that run; 0 while all of them wait for functions of the caller. */
  #runningCount: number
  /** Times that the call has resumed. */
  #resumedCount = 0
  #isEnded = false
  #waiters: (() => void)[] = []

  /** @param runningCount - 0 for a call that only contains calls of other objects. */
  constructor(gate: ReadGate, parent: PendingCall | undefined, runningCount: 0 | 1) {
    this.#gate = gate
    this.parent = parent
    this.#runningCount = runningCount
    if (runningCount > 0) parent?.resume()
  }

  /**
   * Awaits the result of a function of the caller, meanwhile letting later calls pass.
   *
   * @param signal - ends the wait with `LDB_ABORTED`.
   */
  async outside<T>(result: T | PromiseLike<T>, signal: AbortSignalLike | undefined): Promise<T> {
    if (!isPromiseLike(result)) return result
    this.suspend()
    try {
      return await untilAborted(Promise.resolve(result), signal)
    } finally {
      this.resume()
    }
  }

  /** Notes that a part of the call runs. */
  resume(): void {
    if (this.#isEnded) return
    this.#resumedCount++
    if (this.#runningCount++ === 0) this.parent?.resume()
  }

  /** Notes that a part of the call waits for a function of the caller, or has ended. */
  suspend(): void {
    if (this.#isEnded || --this.#runningCount > 0) return
    this.parent?.suspend()
    this.#wake()
  }

  /** Ends the call. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    if (this.#runningCount > 0) this.parent?.suspend()
    this.#wake()
  }

  /** Resolves when the call has ended, or has waited for a function of the caller for a turn of the event loop. */
  async passed(): Promise<void> {
    while (!this.#isEnded) {
      if (this.#runningCount > 0) {
        await new Promise<void>((resolve) => this.#waiters.push(resolve))
        continue
      }
      const resumedCount = this.#resumedCount
      await this.#gate.yieldThread()
      if (this.#isEnded || this.#runningCount > 0 || this.#resumedCount !== resumedCount) continue
      this.isPassed = true
      return
    }
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }
}
