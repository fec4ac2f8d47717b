import { performance } from 'node:perf_hooks'

/** Returns milliseconds of the monotonic clock. It is the function of Node, also when fake timers of a test library replace that later. */
export const monotonicMs: () => number = performance.now.bind(performance)
