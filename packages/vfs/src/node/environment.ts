import { randomFillSync } from 'node:crypto'
import { afterCollection } from '@ldb/base'
import type { Clock, RandomSource, ScheduledTask, Scheduler } from '../environment/environment.js'
import { runAtExit } from './exit-tasks.js'

/** Clock of the operating system. @category Environment */
export const nodeClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}

/** Cryptographically secure random bytes, from `node:crypto`. @category Environment */
export const nodeRandom: RandomSource = {
  fill: (target) => randomFillSync(target),
}

/** Timers of Node.js, which do not keep the process alive. @category Environment */
export const nodeScheduler: Scheduler = {
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
  atExit: runAtExit,
  ...(afterCollection === undefined ? {} : { afterCollection }),
}
