/** Formats operations per second. */
export function formatRate(rate: number): string {
  if (rate >= 1e6) return `${(rate / 1e6).toFixed(2)} M/s`
  if (rate >= 1e3) return `${(rate / 1e3).toFixed(rate >= 1e5 ? 0 : 1)} k/s`
  return `${rate.toFixed(rate >= 100 ? 0 : 1)} /s`
}

/** Formats a multiple. */
export function formatRatio(ratio: number): string {
  return `${ratio.toFixed(ratio >= 10 ? 1 : 2)}x`
}

/** Formats the duration of one operation, from its rate. */
export function formatDuration(rate: number): string {
  const ns = 1e9 / rate
  if (ns < 1e4) return `${ns.toFixed(0)} ns`
  if (ns < 1e7) return `${(ns / 1e3).toFixed(ns < 1e5 ? 1 : 0)} µs`
  return `${(ns / 1e6).toFixed(1)} ms`
}

/** Formats microseconds. */
export function formatMicroseconds(us: number): string {
  return formatDuration(1e6 / Math.max(us, 1e-3))
}

/** Formats bytes in binary units. */
export function formatBytes(bytes: number): string {
  if (Math.abs(bytes) >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(2)} GiB`
  if (Math.abs(bytes) >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(1)} MiB`
  return `${(bytes / 2 ** 10).toFixed(0)} KiB`
}

/** Formats a figure of a probe with three significant digits. */
export function formatFigure(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en')
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
