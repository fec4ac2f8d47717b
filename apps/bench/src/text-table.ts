import type { Row } from './plan.js'
import type { StageResults } from './results.js'

/** Gives the results as a table for a terminal: rates, and how many times as fast LDB is. */
export function textTable(rows: readonly Row[], stores: readonly string[], results: StageResults): string {
  const lines: string[][] = [
    ['', ...stores.flatMap((store, place) => (place === 0 ? [store] : [store, 'ratio']))],
  ]
  for (const row of rows) {
    const rates = stores.map(
      (store) =>
        results.measurements.find((measurement) => measurement.row === row.id && measurement.store === store)
          ?.rate.median,
    )
    const [own] = rates
    lines.push([
      row.title,
      ...rates.flatMap((rate, place) => {
        const shown = rate === undefined ? '–' : formatRate(rate)
        if (place === 0) return [shown]
        return [shown, own === undefined || rate === undefined ? '' : `${(own / rate).toFixed(2)}x`]
      }),
    ])
  }
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  )
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n')
}

/** Gives operations a second in few digits. */
export function formatRate(rate: number): string {
  if (rate >= 1e6) return `${(rate / 1e6).toFixed(2)} M/s`
  if (rate >= 1e3) return `${(rate / 1e3).toFixed(rate >= 1e5 ? 0 : 1)} k/s`
  return `${rate.toFixed(rate >= 100 ? 0 : 1)} /s`
}
