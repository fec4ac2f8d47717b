/** Summary of repeated measurements. */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
  /** Median absolute deviation from the median. */
  readonly mad: number
}

/** Returns the quantile of sorted samples, interpolated linearly; NaN when there are none. */
export function quantile(sorted: ArrayLike<number>, fraction: number): number {
  if (sorted.length === 0) return Number.NaN
  const position = fraction * (sorted.length - 1)
  const below = Math.floor(position)
  const lower = sorted[below] ?? Number.NaN
  const upper = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN
  return lower + (upper - lower) * (position - below)
}

/** Returns the median of samples in any order. */
export function median(samples: readonly number[]): number {
  return quantile(ascending(samples), 0.5)
}

/** Summarizes one or more samples. */
export function summarize(samples: readonly number[]): Summary {
  const sorted = ascending(samples)
  const middle = quantile(sorted, 0.5)
  return {
    median: middle,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
    mad: median(sorted.map((sample) => Math.abs(sample - middle))),
  }
}

function ascending(samples: readonly number[]): number[] {
  return [...samples].sort((a, b) => a - b)
}
