const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** Formats an integer with thousands separators: `135,233`. */
export function formatCount(count: number): string {
  return grouped.format(count)
}

/** Formats a count with its noun: `1 commit`, `2 commits`, `3 entries`. */
export function formatCounted(count: number, singular: string, plural: string = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`
}

/** Formats a duration with three significant digits: `850 ns`, `12.3 µs`, `4.56 ms`, `1.20 s`. */
export function formatDuration(ms: number): string {
  // Each limit is where rounding to three digits would carry into the next unit.
  if (ms < 0.0009995) return `${Math.round(ms * 1e6)} ns`
  if (ms < 0.9995) return `${threeDigits(ms * 1000)} µs`
  if (ms < 999.5) return `${threeDigits(ms)} ms`
  return `${threeDigits(ms / 1000)} s`
}

/** Formats a size in binary units: `512 B`, `1.50 KiB`, `45.2 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unitIndex = 0
  let size = bytes
  while (size >= 999.5 && unitIndex < units.length - 1) {
    size /= 1024
    unitIndex++
  }
  return `${unitIndex === 0 ? String(size) : threeDigits(size)} ${units[unitIndex]}`
}

/** Formats a rate per second with three digits: `104,000`. */
export function formatPerSecond(count: number, ms: number): string {
  if (ms <= 0 || count <= 0) return '0'
  return formatCount(Number(((count / ms) * 1000).toPrecision(3)))
}

/** Formats a share: `12.5 %`; `100 %` and `0 %` only when they are exact. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0 %'
  if (part === whole) return '100 %'
  const percent = Math.min(99.9, Math.max(0.1, (part / whole) * 100))
  return `${percent.toFixed(1)} %`
}

/** Formats a number of inhabitants: `3.13 billion`, `8.34 M`, `34 k`, `900`. */
export function formatShort(count: number): string {
  if (count < 999.5) return String(Math.round(count))
  if (count < 999_500) return `${Math.round(count / 1000)} k`
  if (count < 999_500_000) return `${threeDigits(count / 1e6)} M`
  return `${threeDigits(count / 1e9)} billion`
}

/** Formats three significant digits without an exponent; integers from 100 on. */
function threeDigits(value: number): string {
  if (value >= 99.95) return formatCount(value)
  return value.toFixed(value >= 9.995 ? 1 : 2)
}
