import type { Marker } from '../driver/marker.js'

/** The parts of the host that are not pure: clocks, timers and randomness. */
export interface Environment {
  /** Wall clock, in milliseconds since 1970: for expiries. */
  now(): number
  /** Monotonic clock, in milliseconds: for deadlines. */
  elapsed(): number
  /** Resolves after a time in milliseconds. */
  sleep(ms: number): Promise<void>
  /** Calls a function after a time, unless the returned function is called before. Does not keep the process running. */
  schedule(ms: number, task: () => void): () => void
  /** Returns a random number from 0 on, below 1. */
  random(): number
  /** Returns a fresh marker. */
  marker(): Marker
}
