/** Durations of the first execution and of its repeats. */
export interface Timing {
  /** Duration of the first execution, in milliseconds: with cache misses and code that is not optimised yet. */
  readonly firstMs: number
  /** Median duration of the repeats, in milliseconds. */
  readonly medianMs: number
  readonly repeatCount: number
}

const REPEATS_MAX = 101
const REPEATS_MS_MAX = 60

/** Executes `action` once and measures its duration. */
export function timed<T>(action: () => T): { readonly result: T; readonly ms: number } {
  const startedAtMs = performance.now()
  const result = action()
  return { result, ms: performance.now() - startedAtMs }
}

/** Executes `action` once, and then repeatedly for a short time. Returns the first result. */
export function timedRepeatedly<T>(action: () => T): { readonly result: T; readonly timing: Timing } {
  const { result, ms: firstMs } = timed(action)
  const repeatsMs: number[] = []
  let spentMs = 0
  while (repeatsMs.length < 3 || (repeatsMs.length < REPEATS_MAX && spentMs < REPEATS_MS_MAX)) {
    const { ms } = timed(action)
    repeatsMs.push(ms)
    spentMs += ms
  }
  return { result, timing: { firstMs, medianMs: median(repeatsMs), repeatCount: repeatsMs.length } }
}

/** Returns the middle value; 0 for no values. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
