import type { LdbError } from '@ldb/base'
import { closedError } from '../health/health.js'
import type { ReadGate } from '../resident/read-gate.js'
import { allEnded, allPassed, PendingCall } from './pending-call.js'

/** What the calls of an object are part of. */
export interface CallOwner {
  /** Order of the object that this one reads through: its end waits for the calls of both, and refuses calls of both. */
  readonly order: CallOrder | undefined
  /** The call during which the object exists: its calls are parts of that call. */
  readonly call: PendingCall | undefined
}

const NO_OWNER: CallOwner = Object.freeze({ order: undefined, call: undefined })

/** Calls that run one after the other, of one object among those that share a `CallOrder`. */
export interface CallChain {
  /** The newest call of the object. */
  newest: PendingCall | undefined
}

/**
 * The order of the calls on one object of the asynchronous API: what was called before finishes before, whether the
 * promises are awaited or not.
 *
 * Calls of `run` overlap. Calls of `runNext` run one after the other. A call of `runAlone` waits for all earlier calls, and
 * later calls of `run` wait for it. `end` refuses later calls at once, and ends the object after the earlier ones. A call
 * that waits for nothing begins synchronously.
 */
export class CallOrder {
  readonly #gate: ReadGate
  readonly #owner: CallOwner
  readonly #refusal: () => LdbError
  readonly #pending: Set<PendingCall> = new Set()
  /** The newest call of `runAlone`, while it is pending. */
  #alone: PendingCall | undefined = undefined
  #isEnding = false
  #ended: Promise<void> | undefined = undefined

  /** @param refusal - makes the error of calls after `end`. */
  constructor(gate: ReadGate, owner: CallOwner = NO_OWNER, refusal: () => LdbError = closedError) {
    this.#gate = gate
    this.#owner = owner
    this.#refusal = refusal
  }

  /** True after the first call of `end` or `refuseLater`. */
  get isEnding(): boolean {
    return this.#isEnding
  }

  /** True while no call is pending. */
  get isIdle(): boolean {
    return this.#pending.size === 0
  }

  /** True while a call of `runAlone` is pending: a call of `run` that begins now must wait. */
  get isBlocked(): boolean {
    return this.#alone !== undefined
  }

  /** @throws {@link LdbError} LDB_CLOSED when calls are refused here or by the owner. */
  assertOpen(): void {
    if (this.#isEnding) throw this.#refusal()
    this.#owner.order?.assertOpen()
  }

  /** Runs a call beside others. @throws {@link LdbError} as `assertOpen`. */
  async run<T>(operation: (call: PendingCall) => Promise<T>): Promise<T> {
    this.assertOpen()
    const alone = this.#alone
    return this.#run(this.#begin(1), alone === undefined ? undefined : alone.ended(), operation)
  }

  /** Runs a call after all earlier calls, and before all later ones. @throws {@link LdbError} as `assertOpen`. */
  async runAlone<T>(operation: (call: PendingCall) => Promise<T>): Promise<T> {
    this.assertOpen()
    const earlier = this.isIdle ? undefined : allPassed([...this.#pending])
    const call = this.#begin(1)
    this.#alone = call
    return this.#run(call, earlier, operation)
  }

  /** Runs a call after the previous one of its chain. @throws {@link LdbError} as `assertOpen`. */
  async runNext<T>(chain: CallChain, operation: (call: PendingCall) => Promise<T>): Promise<T> {
    this.assertOpen()
    const previous = chain.newest?.ended()
    const call = this.#begin(1)
    chain.newest = call
    try {
      return await this.#run(call, previous, operation)
    } finally {
      if (chain.newest === call) chain.newest = undefined
    }
  }

  /**
   * Refuses later calls, and runs `finish` after the earlier ones: at once when none is pending. Idempotent.
   *
   * @returns a promise that resolves after `finish`, or earlier when an earlier call waits for a function of the caller,
   * which may itself await this promise.
   */
  end(finish: () => void): Promise<void> {
    this.#ended ??= this.#end(finish)
    return this.#ended
  }

  /** Refuses later calls. Returns a promise of the time when no earlier one makes progress; `undefined` when none is pending. */
  refuseLater(): Promise<void> | undefined {
    this.#isEnding = true
    return this.isIdle ? undefined : allPassed([...this.#pending])
  }

  async #end(finish: () => void): Promise<void> {
    this.#isEnding = true
    const earlier = [...this.#pending]
    if (earlier.length === 0) finish()
    else await Promise.race([allEnded(earlier).then(finish), allPassed(earlier)])
    const turn = this.#gate.yieldAfterHit()
    if (turn !== undefined) await turn
  }

  #begin(runningCount: 0 | 1): PendingCall {
    const { order } = this.#owner
    const parent = order === undefined ? this.#owner.call : order.#begin(0)
    const call = new PendingCall(this.#gate, parent, runningCount)
    this.#pending.add(call)
    return call
  }

  #leave(call: PendingCall): void {
    call.end()
    this.#pending.delete(call)
    if (this.#alone === call) this.#alone = undefined
    const { order } = this.#owner
    if (order !== undefined && call.parent !== undefined) order.#leave(call.parent)
  }

  async #run<T>(
    call: PendingCall,
    earlier: Promise<void> | undefined,
    operation: (call: PendingCall) => Promise<T>,
  ): Promise<T> {
    let result: T
    try {
      if (earlier !== undefined) await call.outside(earlier, undefined)
      result = await operation(call)
    } finally {
      this.#leave(call)
    }
    const turn = this.#gate.yieldAfterHit()
    if (turn !== undefined) await turn
    return result
  }
}
