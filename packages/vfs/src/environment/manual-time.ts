import { assert } from '@ldb/base'
import type { Clock, ScheduledTask, Scheduler } from './environment.js'

interface QueuedTask {
  readonly dueMs: number
  readonly order: number
  readonly task: () => void
}

/**
 * A clock and scheduler whose time changes only through {@link ManualTime.advance} and {@link ManualTime.jump}, for deterministic
 * tests.
 *
 * @category Environment
 */
export class ManualTime implements Clock, Scheduler {
  #nowMs: number
  #monotonicMs = 0
  #taskCount = 0
  readonly #queue: Set<QueuedTask> = new Set()

  /** @param startMs - initial value of {@link ManualTime.now}, in milliseconds since 1970. @defaultValue 0 */
  constructor(startMs = 0) {
    this.#nowMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return this.#monotonicMs
  }

  /** Number of pending tasks. */
  get pendingCount(): number {
    return this.#queue.size
  }

  after(delayMs: number, task: () => void): ScheduledTask {
    assert(delayMs >= 0, 'a delay must not be negative')
    const planned = { dueMs: this.#monotonicMs + delayMs, order: this.#taskCount++, task }
    this.#queue.add(planned)
    return {
      cancel: () => {
        this.#queue.delete(planned)
      },
    }
  }

  /** Advances both clocks by `byMs` and runs every task that becomes due, in order of due time, including tasks scheduled meanwhile. */
  advance(byMs: number): void {
    assert(byMs >= 0, 'advance must not go back in time; use jump')
    const end = this.#monotonicMs + byMs
    for (let next = this.#firstDue(end); next !== undefined; next = this.#firstDue(end)) {
      this.#queue.delete(next)
      this.#moveTo(Math.max(next.dueMs, this.#monotonicMs))
      next.task()
    }
    this.#moveTo(end)
  }

  /** Moves the wall clock forward or backward, as an administrator would; the monotonic clock does not change. */
  jump(byMs: number): void {
    this.#nowMs += byMs
  }

  #moveTo(monotonicMs: number): void {
    this.#nowMs += monotonicMs - this.#monotonicMs
    this.#monotonicMs = monotonicMs
  }

  #firstDue(endMs: number): QueuedTask | undefined {
    let first: QueuedTask | undefined
    for (const planned of this.#queue) {
      if (planned.dueMs > endMs) continue
      const earlier =
        first === undefined ||
        planned.dueMs < first.dueMs ||
        (planned.dueMs === first.dueMs && planned.order < first.order)
      if (earlier) first = planned
    }
    return first
  }
}
