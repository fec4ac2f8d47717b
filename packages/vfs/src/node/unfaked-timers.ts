import { performance } from 'node:perf_hooks'
import * as timers from 'node:timers'
import { scheduler } from 'node:timers/promises'
import type { ScheduledTask, Scheduler } from '../environment/environment.js'

/**
 * Time and timers that fake timers of test libraries do not control: an operation that waits for a replaced timer would never end.
 *
 * The functions of Node are captured when this module is loaded. A library that replaced them earlier, in `globalThis` and in the
 * exports of `node:timers`, is detected by its timers, which the event loop does not count; then equivalents take their place that
 * no export leads to.
 */

/** The method of the class: libraries replace that of the object. */
const { now } = Object.getPrototypeOf(performance) as { readonly now?: () => number }
const readMonotonic: () => number = now === undefined ? () => performance.now() : now.bind(performance)

/** Returns milliseconds of the monotonic clock. */
export function monotonicMs(): number {
  return readMonotonic()
}

/** Captured timers of Node, which do not keep the process alive. */
function capturedScheduler(): Scheduler {
  const { clearTimeout, setImmediate, setTimeout } = timers
  return {
    after(delayMs: number, task: () => void): ScheduledTask {
      const timer = setTimeout(task, delayMs)
      timer.unref()
      return {
        cancel(): void {
          clearTimeout(timer)
        },
      }
    },
    immediate(task: () => void): void {
      setImmediate(task)
    },
  }
}

/** Longest delay of a timer, in ms. */
const DELAY_MS_MAX = 2_147_483_647

/** `Atomics.waitAsync` of ES2024, which every supported version of Node has. */
interface AsyncAtomics {
  waitAsync(
    cells: Int32Array,
    index: number,
    value: number,
    timeoutMs: number,
  ): { readonly async: false } | { readonly async: true; readonly value: Promise<string> }
}

/**
 * Equivalents of the timers. A wait for a memory cell that ends by its timeout uses a timer of the JavaScript engine, which does
 * not keep the process alive. `scheduler.yield` is an immediate of Node.
 */
function waitingScheduler(): Scheduler {
  const atomics = Atomics as unknown as AsyncAtomics
  const notify = Atomics.notify
  const waitAsync = atomics.waitAsync.bind(atomics)
  const yieldLoop = scheduler.yield.bind(scheduler)
  return {
    after(delayMs: number, task: () => void): ScheduledTask {
      const cells = new Int32Array(new SharedArrayBuffer(4))
      let isPending = true
      const run = (): void => {
        if (!isPending) return
        isPending = false
        task()
      }
      // A wait of 0 ms would end at once, within this call.
      const wait = waitAsync(cells, 0, 0, Math.min(Math.max(delayMs, 1), DELAY_MS_MAX))
      if (wait.async) void wait.value.then(run)
      return {
        cancel(): void {
          isPending = false
          notify(cells, 0)
        },
      }
    },
    immediate(task: () => void): void {
      void yieldLoop().then(task)
    },
  }
}

/** Reports whether `node:timers` exports replacements: the event loop of Node does not count their timers. */
function areTimersReplaced(): boolean {
  const { bun, deno } = process.versions
  // Other runtimes count no timers.
  if (bun !== undefined || deno !== undefined) return false
  const immediateCount = activeCount('Immediate')
  const immediate = timers.setImmediate(() => undefined)
  const isImmediateCounted = activeCount('Immediate') > immediateCount
  timers.clearImmediate(immediate)
  const timeoutCount = activeCount('Timeout')
  const timeout = timers.setTimeout(() => undefined, 1000)
  const isTimeoutCounted = activeCount('Timeout') > timeoutCount
  timers.clearTimeout(timeout)
  return !isImmediateCounted || !isTimeoutCounted
}

function activeCount(kind: 'Immediate' | 'Timeout'): number {
  return process.getActiveResourcesInfo().filter((each) => each === kind).length
}

/** Timers of Node, which do not keep the process alive. */
export const unfakedScheduler: Scheduler = areTimersReplaced() ? waitingScheduler() : capturedScheduler()
