/** How long something took, the first time and when it was repeated. */
export interface Timing {
  /** The first time, in milliseconds: pages may have to come from the file, and code has not been optimised. */
  readonly firstMs: number
  /** Median of the repeats, in milliseconds. */
  readonly medianMs: number
  readonly repeatCount: number
}

const REPEATS_MAX = 101
const REPEATS_MS_MAX = 60

/** Does something once, and measures it. */
export function timed<T>(action: () => T): { readonly result: T; readonly ms: number } {
  const startedAtMs = performance.now()
  const result = action()
  return { result, ms: performance.now() - startedAtMs }
}

/** Does something once and then again for a moment, and measures each time; the result is that of the first. */
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

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
