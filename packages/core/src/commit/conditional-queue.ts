import { Fifo } from '@ldb/base'
import { READ_MISS } from '../resident/read-gate.js'
import type { ReadGate } from '../resident/read-gate.js'

/** What a queued write waits for before it is run again: the page that it missed, or a promise that never rejects. */
export type WriteWait = typeof READ_MISS | Promise<void>

/** A write that depends on what it reads. It keeps its position in commit order while it waits, for a page for instance. */
export interface WaitingWrite {
  /**
   * Reads, decides and appends the commit. Called outside of any attempt of the read gate.
   *
   * @param mayBlock - the write must not wait: it reads synchronously. Otherwise it may return what it waits for.
   */
  run(mayBlock: boolean): WriteWait | undefined
}

/** Misses after which a queued write reads synchronously. */
const MISSES_MAX = 64

/** Conditional writes that wait for pages, and the writes behind them. They are logged in the order of their calls (C1). */
export class ConditionalQueue {
  readonly #gate: ReadGate
  readonly #onEmpty: () => void
  #writes: Fifo<WaitingWrite> = new Fifo()
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

  /** Runs a write after all writes before it: at once when none waits and it need not wait either. */
  submit(write: WaitingWrite): void {
    if (this.#writes.length > 0) {
      this.#writes.push(write)
      return
    }
    const wait = this.#decide(write, false)
    if (wait === undefined) return
    this.#writes.push(write)
    void this.#advance(wait)
  }

  /** Runs all queued writes, reading synchronously. Does nothing when one of them is the caller. */
  drain(): void {
    if (this.#isDeciding) return
    const writes = this.#writes
    this.#writes = new Fifo()
    for (let write = writes.shift(); write !== undefined; write = writes.shift())
      void this.#decide(write, true)
  }

  #decide(write: WaitingWrite, mayBlock: boolean): WriteWait | undefined {
    this.#isDeciding = true
    try {
      return write.run(mayBlock)
    } finally {
      this.#isDeciding = false
    }
  }

  /** Runs the queued writes one after the other, each when it need not wait any more. */
  async #advance(firstWait: WriteWait): Promise<void> {
    let missCount = 0
    let wait: WriteWait | undefined = firstWait
    for (let { first: write } = this.#writes; write !== undefined; write = this.#writes.first) {
      try {
        if (wait === READ_MISS) await this.#gate.fetchMissed()
        else await wait
      } catch {
        missCount = MISSES_MAX
      }
      // A synchronous call may have drained the queue in the meantime.
      if (this.#writes.first !== write) {
        wait = undefined
        continue
      }
      this.#writes.shift()
      wait = this.#decide(write, missCount >= MISSES_MAX)
      if (wait === undefined) {
        missCount = 0
        continue
      }
      if (wait === READ_MISS) missCount++
      this.#writes.unshift(write)
    }
    this.#onEmpty()
  }
}
