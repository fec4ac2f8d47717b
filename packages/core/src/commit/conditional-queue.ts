import { READ_MISS } from '../resident/read-gate.js'
import type { ReadGate } from '../resident/read-gate.js'

/** A write that decides by what it reads, and keeps its place in line while a page is fetched for it. */
export interface WaitingWrite {
  /**
   * Reads, decides and appends its commit; called within no attempt.
   *
   * @param mayWait - read like the sync face, rather than give `READ_MISS` to be run again when the page is there.
   */
  run(mayWait: boolean): typeof READ_MISS | undefined
}

/** Misses after which a write in line reads like the sync face. */
const MISSES_MAX = 64

/** Writes that wait for pages, and those behind them: they are logged in the order of their calls (C1). */
export class ConditionalQueue {
  readonly #gate: ReadGate
  readonly #onEmpty: () => void
  readonly #writes: WaitingWrite[] = []
  #isDeciding = false

  /** @param onEmpty - called when nobody waits any more. */
  constructor(gate: ReadGate, onEmpty: () => void) {
    this.#gate = gate
    this.#onEmpty = onEmpty
  }

  /** True while there are writes whose place comes before that of a new one. */
  get isBusy(): boolean {
    return this.#writes.length > 0
  }

  /** Runs a write when all before it have been; at once when nobody waits and its pages are there. */
  submit(write: WaitingWrite): void {
    if (this.#writes.length === 0 && this.#decide(write, false) !== READ_MISS) return
    this.#writes.push(write)
    if (this.#writes.length === 1) void this.#advance()
  }

  /** Runs all of them, reading like the sync face; nothing when it is one of them that asks. */
  settle(): void {
    if (this.#isDeciding) return
    for (const write of this.#writes.splice(0)) this.#decide(write, true)
  }

  #decide(write: WaitingWrite, mayWait: boolean): typeof READ_MISS | undefined {
    this.#isDeciding = true
    try {
      return write.run(mayWait)
    } finally {
      this.#isDeciding = false
    }
  }

  /** Runs them, one after the other, each when its pages are there. */
  async #advance(): Promise<void> {
    const writes = this.#writes
    let missCount = 0
    for (let write = writes[0]; write !== undefined; write = writes[0]) {
      try {
        await this.#gate.fetchMissed()
      } catch {
        missCount = MISSES_MAX
      }
      // The sync face may have settled the line meanwhile.
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
