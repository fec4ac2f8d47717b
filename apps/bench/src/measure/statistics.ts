/** What repeated measurements come to. */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
  /** Median of the distances from the median. */
  readonly mad: number
}

/** Returns the value below which `fraction` of the sorted samples lie. */
export function quantile(sorted: ArrayLike<number>, fraction: number): number {
  if (sorted.length === 0) return Number.NaN
  const place = fraction * (sorted.length - 1)
  const below = Math.floor(place)
  const lower = sorted[below] ?? Number.NaN
  const upper = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN
  return lower + (upper - lower) * (place - below)
}

/** Returns the middle of the samples, which need not be sorted. */
export function median(samples: readonly number[]): number {
  return quantile(ascending(samples), 0.5)
}

/** Sums up one or more samples. */
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
