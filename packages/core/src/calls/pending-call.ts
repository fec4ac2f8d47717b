import { isPromiseLike } from '@ldb/base'
import { untilAborted } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import type { ReadGate } from '../resident/read-gate.js'

/** Microtask rounds that count as a turn on platforms whose event loop cannot be yielded to. */
const ROUNDS_WITHOUT_YIELD = 64

/**
 * A call of the asynchronous API that has not ended.
 *
 * A call that waits for a promise of its caller's function may wait for ever: the function may itself wait for a call that
 * comes after this one. `passed` therefore waits only as long as the call makes progress.
 */
export class PendingCall {
  /** The call of the owner during which this call runs. */
  readonly parent: PendingCall | undefined
  readonly #gate: ReadGate
  /** Parts of the call that run; 0 while all of them wait for functions of the caller, or for an earlier call. */
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
   * Awaits the result of a function of the caller.
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

  /** Notes that a part of the call waits, or has ended. */
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

  /** Resolves when the call has ended. */
  async ended(): Promise<void> {
    while (!this.#isEnded) await this.#changed()
  }

  /** Resolves when the call has ended, or has made no progress for a turn of the event loop. */
  async passed(): Promise<void> {
    while (!this.#isEnded) {
      if (this.#runningCount > 0) {
        await this.#changed()
        continue
      }
      const resumedCount = this.#resumedCount
      const rounds = this.#gate.canYield ? 1 : ROUNDS_WITHOUT_YIELD
      for (let round = 0; round < rounds; round++) await this.#gate.yieldThread()
      if (this.#runningCount === 0 && this.#resumedCount === resumedCount) return
    }
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }
}

/** Resolves when none of the calls makes progress any more: all have ended, or wait for functions of the caller. */
export async function allPassed(calls: readonly PendingCall[]): Promise<void> {
  for (const call of calls) await call.passed()
}

/** Resolves when all of the calls have ended. */
export async function allEnded(calls: readonly PendingCall[]): Promise<void> {
  for (const call of calls) await call.ended()
}
