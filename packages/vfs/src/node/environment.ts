import { randomFillSync } from 'node:crypto'
import { afterCollection } from '@ldb/base'
import { runAtExit } from './exit-tasks.js'
import type { Clock, RandomSource, Scheduler } from '../environment/environment.js'
import { monotonicMs, unfakedScheduler } from './unfaked-timers.js'

/**
 * Clock of the operating system.
 *
 * @remarks Fake timers of a test library that replace `Date` control `now`, and with it the expiry of entries; they do not control
 * `monotonic`.
 * @category Environment
 */
export const nodeClock: Clock = {
  now: () => Date.now(),
  monotonic: monotonicMs,
}

/** Cryptographically secure random bytes, from `node:crypto`. @category Environment */
export const nodeRandom: RandomSource = {
  fill: (target) => randomFillSync(target),
}

/**
 * Timers of Node.js, which do not keep the process alive. Fake timers of a test library do not control them.
 *
 * @category Environment
 */
export const nodeScheduler: Scheduler = {
  ...unfakedScheduler,
  atExit: runAtExit,
  ...(afterCollection === undefined ? {} : { afterCollection }),
}
