import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { clearTimeout, setTimeout } from 'node:timers'
import type { Marker } from '../driver/marker.js'
import type { Environment } from './environment.js'

const MARKER_DIGITS = 32
/** Random bytes are drawn for many markers at once: a call for each one costs more than the marker. */
const MARKERS_AT_ONCE = 64

let digits = ''

/**
 * The clocks, timers and randomness of Node.
 *
 * @remarks Fake timers of a test library, installed later, control `now` alone, and with it the expiry of entries: a wait would never end.
 */
export const nodeEnvironment: Environment = Object.freeze({
  now: () => Date.now(),
  elapsed: performance.now.bind(performance),
  sleep: (ms: number) =>
    new Promise<void>((resolve) => {
      setTimeout(resolve, ms)
    }),
  schedule: (ms: number, task: () => void) => {
    const timer = setTimeout(task, ms)
    timer.unref()
    return () => {
      clearTimeout(timer)
    }
  },
  random: () => Math.random(),
  marker: () => {
    if (digits === '') digits = randomBytes((MARKERS_AT_ONCE * MARKER_DIGITS) / 2).toString('hex')
    const marker = digits.slice(0, MARKER_DIGITS)
    digits = digits.slice(MARKER_DIGITS)
    return marker as Marker
  },
})
