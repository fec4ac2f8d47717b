import type { LdbError } from '@ldb/base'
import { closedError } from '../health/health.js'
import type { ReadGate } from '../resident/read-gate.js'
import { PendingCall } from './pending-call.js'

/** What the calls of an object are part of. */
export interface CallOwner {
  /** Order of the object that this one reads through: its end waits for the calls of both, and refuses calls of both. */
  readonly order?: CallOrder
  /** The call during which the object exists: its calls are parts of that call. */
  readonly call?: PendingCall
}

/**
 * The order of the calls on one object of the asynchronous API: what was called before finishes before, whether the
 * promises are awaited or not.
 *
 * Calls of `run` overlap. A call of `runAlone` waits for all earlier calls, and later ones wait for it. `end` refuses later
 * calls at once, and ends the object after the earlier ones. A call that waits for nothing begins synchronously.
 */
export class CallOrder {
  readonly #gate: ReadGate
  readonly #owner: CallOwner
  readonly #refusal: () => LdbError
  /** The newest call of `runAlone`, and the calls since then. Earlier ones precede that call. */
  #recent: Set<PendingCall> = new Set()
  #alone: PendingCall | undefined = undefined
  #isEnding = false
  #ended: Promise<void> | undefined = undefined

  /** @param refusal - makes the error of calls after `end`. */
  constructor(gate: ReadGate, owner: CallOwner = {}, refusal: () => LdbError = closedError) {
    this.#gate = gate
    this.#owner = owner
    this.#refusal = refusal
  }

  /** True after the first call of `end`. */
  get isEnding(): boolean {
    return this.#isEnding
  }

  /** True while no call is pending. */
  get isIdle(): boolean {
    return this.#recent.size === 0
  }

  /** True while a call of `runAlone` is pending: a call that begins now must wait, and cannot be answered at once. */
  get isBlocked(): boolean {
    return this.#alone !== undefined
  }

  /** @throws {@link LdbError} LDB_CLOSED after the first call of `end` here or on the owner. */
  assertOpen(): void {
    if (this.#isEnding) throw this.#refusal()
    this.#owner.order?.assertOpen()
  }

  /** Runs a call beside others. Rejects with `LDB_CLOSED` after the first call of `end`. */
  async run<T>(operation: (call: PendingCall) => Promise<T>): Promise<T> {
    this.assertOpen()
    const earlier = this.#alone === undefined ? [] : [this.#alone]
    return this.#run(this.#begin(1), earlier, operation)
  }

  /**
   * Runs a call after all earlier calls, and before all later ones.
   *
   * @param isAllowedAfterEnd - for calls that an ended object still answers.
   */
  async runAlone<T>(operation: (call: PendingCall) => Promise<T>, isAllowedAfterEnd = false): Promise<T> {
    if (!isAllowedAfterEnd) this.assertOpen()
    const earlier = [...this.#recent]
    const call = this.#begin(1)
    this.#recent = new Set([call])
    this.#alone = call
    return this.#run(call, earlier, operation)
  }

  /** Refuses later calls, and runs `finish` after the earlier ones: at once when none is pending. Idempotent. */
  end(finish: () => void): Promise<void> {
    this.#ended ??= this.#end(finish)
    return this.#ended
  }

  /** Refuses later calls. Returns a promise of the end of the earlier ones; `undefined` when none is pending. */
  refuseLater(): Promise<void> | undefined {
    this.#isEnding = true
    return this.isIdle ? undefined : allPassed([...this.#recent])
  }

  async #end(finish: () => void): Promise<void> {
    const earlier = this.refuseLater()
    if (earlier !== undefined) await earlier
    finish()
  }

  #begin(runningCount: 0 | 1): PendingCall {
    const { order } = this.#owner
    const parent = order === undefined ? this.#owner.call : order.#begin(0)
    const call = new PendingCall(this.#gate, parent, runningCount)
    this.#recent.add(call)
    return call
  }

  #leave(call: PendingCall): void {
    call.end()
    this.#recent.delete(call)
    if (this.#alone === call) this.#alone = undefined
    const { order } = this.#owner
    if (order !== undefined && call.parent !== undefined) order.#leave(call.parent)
  }

  async #run<T>(
    call: PendingCall,
    earlier: readonly PendingCall[],
    operation: (call: PendingCall) => Promise<T>,
  ): Promise<T> {
    let result: T
    try {
      if (earlier.length > 0) await allPassed(earlier)
      result = await operation(call)
    } finally {
      this.#leave(call)
    }
    const turn = this.#gate.turnAfterHit()
    if (turn !== undefined) await turn
    return result
  }
}

async function allPassed(calls: readonly PendingCall[]): Promise<void> {
  for (const call of calls) await call.passed()
}
