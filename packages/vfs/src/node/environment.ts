import { randomFillSync } from 'node:crypto'
import { afterCollection } from '@ldb/base'
import { runAtExit } from './exit-tasks.js'
import type { Clock, RandomSource, Scheduler } from '../environment/environment.js'
import { fillFromDevice } from './random-device.js'
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

/** Longest identifiers and nonces in bytes. What is longer may be a key. */
const IDENTIFIER_BYTES_MAX = 16

/**
 * Cryptographically secure random bytes, from `node:crypto`. On Linux up to 16 bytes, which identifiers and nonces have, come from
 * `/dev/urandom`: to load `node:crypto` takes longer than to open a database.
 *
 * @category Environment
 */
export const nodeRandom: RandomSource = {
  fill: (target) =>
    target.length <= IDENTIFIER_BYTES_MAX && fillFromDevice(target) ? target : randomFillSync(target),
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
