import {
  formatBytes,
  formatDuration,
  formatFigure,
  formatMicroseconds,
  formatRate,
  formatRatio,
} from './format-figures.js'
import { limitOf, measurementOf, OWN_STORE, ratiosOf, timeVerdict } from './report.js'
import type { Report } from './report.js'

/** Says everything that a person at a terminal wants to know first. */
export function terminalReport(report: Report): string {
  const parts = [rateTable(report), latencyTable(report), footprintTable(report)]
  return [...parts, probeLines(report), syncTable(report), targetLines(report), omissionLines(report)]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** Rates of LDB, and how many times those of the others they are; rates of the others where LDB has none. */
function rateTable(report: Report): string {
  if (report.rows.length === 0) return ''
  const peers = report.stores.filter(({ id }) => id !== OWN_STORE)
  const own = report.stores.find(({ id }) => id === OWN_STORE)
  const head = [
    '',
    ...(own === undefined ? [] : [own.title, 'each']),
    ...peers.map(({ title }) => `÷ ${title}`),
  ]
  const lines = report.rows.map((row) => {
    const ratios = new Map(ratiosOf(report, row).map(({ store, value }) => [store, value]))
    const mine = measurementOf(report, row.id, OWN_STORE)?.rate
    const ownCells =
      mine === undefined
        ? ['–', '']
        : [
            `${formatRate(mine.median)} ±${Math.round((100 * mine.mad) / mine.median)} %`,
            formatDuration(mine.median),
          ]
    return [
      row.title,
      ...(own === undefined ? [] : ownCells),
      ...peers.map(({ id }) => {
        const ratio = ratios.get(id)
        if (ratio !== undefined) return formatRatio(ratio)
        const rate = measurementOf(report, row.id, id)?.rate.median
        return rate === undefined ? '–' : formatRate(rate)
      }),
    ]
  })
  return formatColumns([head, ...lines])
}

function latencyTable(report: Report): string {
  const lines = report.measurements.flatMap(({ row, store, latencyUs }) => {
    if (latencyUs === undefined) return []
    const { p50, p99, p999 } = latencyUs
    return [[row, store, ...[p50, p99, p999].map((us) => formatMicroseconds(us))]]
  })
  return lines.length === 0 ? '' : formatColumns([['latency of writes', '', 'p50', 'p99', 'p99.9'], ...lines])
}

function footprintTable(report: Report): string {
  const lines = report.occupancies.map(({ stage, store, loadMs, rssBytes, diskBytes, logicalBytes }) => [
    stage,
    store,
    `${(loadMs / 1000).toFixed(1)} s`,
    formatBytes(rssBytes),
    formatBytes(diskBytes),
    formatBytes(logicalBytes),
  ])
  return lines.length === 0
    ? ''
    : formatColumns([['after the rows of', '', 'load', 'memory', 'disk', 'data'], ...lines])
}

function probeLines(report: Report): string {
  return report.probes
    .flatMap(({ title, findings, failure }) => [
      `${title}${failure === undefined ? '' : `: ${failure}`}`,
      ...findings.map((finding) => {
        const { name, value, unit } = finding
        const limit = limitOf(finding)
        const aim =
          limit === undefined ? '' : `  (${limit.sign} ${limit.value}${limit.met ? '' : ', missed'})`
        return `  ${name.padEnd(44)} ${formatFigure(value)} ${unit}${aim}`
      }),
    ])
    .join('\n')
}

function syncTable(report: Report): string {
  if (report.syncCounts.length === 0) return ''
  const lines = report.syncCounts.map(({ row, store, commits, fdatasync, fsync, msync, syncedWrites }) =>
    [row, store, commits, fdatasync, fsync, msync, syncedWrites].map(String),
  )
  return formatColumns([['syncs', '', 'commits', 'fdatasync', 'fsync', 'msync', 'O_SYNC writes'], ...lines])
}

function targetLines(report: Report): string {
  const missed = report.rows.flatMap((row) => [
    ...ratiosOf(report, row)
      .filter(({ value, target }) => target !== undefined && value < target)
      .map(
        ({ store, value, target }) =>
          `  ${row.title}: ${formatRatio(value)} of ${store}, wanted ${target?.toFixed(2)}x`,
      ),
    ...(timeVerdict(report, row) === false ? [`  ${row.title}: wanted ${row.targetMs} ms at most`] : []),
  ])
  return missed.length === 0 ? '' : ['Below target:', ...missed].join('\n')
}

function omissionLines(report: Report): string {
  const rowsOf = new Map<string, string[]>()
  for (const { row, store, reason } of report.omissions) {
    const key = `${store}: ${reason.split('\n')[0]}`
    rowsOf.set(key, [...(rowsOf.get(key) ?? []), row])
  }
  const lines = [
    ...report.leftOut.map(({ store, reason }) => `  ${store}: ${reason}`),
    ...[...rowsOf].map(([key, rows]) => `  ${key} (${rows.join(', ')})`),
  ]
  return lines.length === 0 ? '' : ['Not available:', ...lines].join('\n')
}

/** Lays cells out in columns, the first ones to the left and figures to the right. */
export function formatColumns(lines: readonly (readonly string[])[]): string {
  const columns = lines[0]?.length ?? 0
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  )
  const textual = lines[0]?.[1] === '' ? 2 : 1
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column < textual ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
