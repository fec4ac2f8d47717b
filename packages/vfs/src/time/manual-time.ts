import { assert } from '@ldb/base'
import type { Clock, Scheduled, Scheduler } from './environment.js'

interface PlannedTask {
  readonly dueMs: number
  readonly order: number
  readonly task: () => void
}

/**
 * A clock and scheduler that stand still until they are told to move, so that a test decides when things happen.
 *
 * @category Environment
 */
export class ManualTime implements Clock, Scheduler {
  #nowMs: number
  #monotonicMs = 0
  #planCount = 0
  readonly #planned: Set<PlannedTask> = new Set()

  /** @param startMs - what {@link ManualTime.now} says at first; milliseconds since 1970. @defaultValue 0 */
  constructor(startMs = 0) {
    this.#nowMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return this.#monotonicMs
  }

  /** Number of tasks that wait for their time. */
  get pendingCount(): number {
    return this.#planned.size
  }

  after(delayMs: number, task: () => void): Scheduled {
    assert(delayMs >= 0, 'a delay must not be negative')
    const planned = { dueMs: this.#monotonicMs + delayMs, order: this.#planCount++, task }
    this.#planned.add(planned)
    return {
      cancel: () => {
        this.#planned.delete(planned)
      },
    }
  }

  /** Moves both clocks on by `byMs`, running in order each task whose time comes, those planned meanwhile too. */
  advance(byMs: number): void {
    assert(byMs >= 0, 'time does not go back; see jump')
    const end = this.#monotonicMs + byMs
    for (let next = this.#firstDue(end); next !== undefined; next = this.#firstDue(end)) {
      this.#planned.delete(next)
      this.#moveTo(Math.max(next.dueMs, this.#monotonicMs))
      next.task()
    }
    this.#moveTo(end)
  }

  /** Sets the wall clock forward or back, as an administrator would; the monotonic clock stays. */
  jump(byMs: number): void {
    this.#nowMs += byMs
  }

  #moveTo(monotonicMs: number): void {
    this.#nowMs += monotonicMs - this.#monotonicMs
    this.#monotonicMs = monotonicMs
  }

  #firstDue(endMs: number): PlannedTask | undefined {
    let first: PlannedTask | undefined
    for (const planned of this.#planned) {
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
