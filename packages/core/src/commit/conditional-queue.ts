import { READ_MISS } from '../resident/read-gate.js'
import type { ReadGate } from '../resident/read-gate.js'

/** A write that depends on what it reads. It keeps its position in commit order while a page is loaded for it. */
export interface WaitingWrite {
  /**
   * Reads, decides and appends the commit. Called outside of any attempt of the read gate.
   *
   * @param mayBlock - read synchronously. Otherwise return `READ_MISS` on a missing page, to be run again once it is loaded.
   */
  run(mayBlock: boolean): typeof READ_MISS | undefined
}

/** Misses after which a queued write reads synchronously. */
const MISSES_MAX = 64

/** Conditional writes that wait for pages, and the writes behind them. They are logged in the order of their calls (C1). */
export class ConditionalQueue {
  readonly #gate: ReadGate
  readonly #onEmpty: () => void
  readonly #writes: WaitingWrite[] = []
  #isDeciding = false

  /** @param onEmpty - called when no write waits any more. */
  constructor(gate: ReadGate, onEmpty: () => void) {
    this.#gate = gate
    this.#onEmpty = onEmpty
  }

  /** True while queued writes precede a new one in commit order. */
  get isBusy(): boolean {
    return this.#writes.length > 0
  }

  /** Runs a write after all writes before it: at once when none waits and its pages are resident. */
  submit(write: WaitingWrite): void {
    if (this.#writes.length === 0 && this.#decide(write, false) !== READ_MISS) return
    this.#writes.push(write)
    if (this.#writes.length === 1) void this.#advance()
  }

  /** Runs all queued writes, reading synchronously. Does nothing when one of them is the caller. */
  drain(): void {
    if (this.#isDeciding) return
    for (const write of this.#writes.splice(0)) this.#decide(write, true)
  }

  #decide(write: WaitingWrite, mayBlock: boolean): typeof READ_MISS | undefined {
    this.#isDeciding = true
    try {
      return write.run(mayBlock)
    } finally {
      this.#isDeciding = false
    }
  }

  /** Runs the queued writes one after the other, each when its pages are loaded. */
  async #advance(): Promise<void> {
    const writes = this.#writes
    let missCount = 0
    for (let write = writes[0]; write !== undefined; write = writes[0]) {
      try {
        await this.#gate.fetchMissed()
      } catch {
        missCount = MISSES_MAX
      }
      // A synchronous call may have drained the queue in the meantime.
      if (writes[0] !== write) continue
      writes.shift()
      if (this.#decide(write, missCount >= MISSES_MAX) !== READ_MISS) {
        missCount = 0
        continue
      }
      missCount++
      writes.unshift(write)
    }
    this.#onEmpty()
  }
}
