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

/** Returns the report as plain text for a terminal. */
export function terminalReport(report: Report): string {
  const parts = [rateTable(report), cpuTable(report), latencyTable(report), footprintTable(report)]
  return [...parts, probeLines(report), syncTable(report), targetLines(report), omissionLines(report)]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** Rates of LDB and its ratios to the peers; where LDB has no rate, the rates of the peers. */
function rateTable(report: Report): string {
  if (report.rows.length === 0) return ''
  const peers = report.stores.filter(({ id }) => id !== OWN_STORE)
  const own = report.stores.find(({ id }) => id === OWN_STORE)
  const head = [
    '',
    ...(own === undefined ? [] : [own.title, 'per operation']),
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

/** Processor time of the rows of the LSM engine, whose stores work on several threads. */
function cpuTable(report: Report): string {
  const lines = report.rows
    .filter(({ scenario }) => scenario.ldbEngine === 'lsm')
    .flatMap(({ id }) =>
      report.stores.flatMap(({ id: store }) => {
        const cpuUs = measurementOf(report, id, store)?.cpuUs
        return cpuUs === undefined ? [] : [[id, store, formatMicroseconds(cpuUs)]]
      }),
    )
  return lines.length === 0 ? '' : formatColumns([['processor time', '', 'per operation'], ...lines])
}

function latencyTable(report: Report): string {
  const lines = report.measurements.flatMap(({ row, store, latencyUs }) => {
    if (latencyUs === undefined) return []
    const { p50, p99, p999, max } = latencyUs
    return [[row, store, ...[p50, p99, p999, max].map((us) => formatMicroseconds(us))]]
  })
  return lines.length === 0
    ? ''
    : formatColumns([['write latency', '', 'p50', 'p99', 'p99.9', 'max'], ...lines])
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
  return lines.length === 0 ? '' : formatColumns([['stage', '', 'load', 'memory', 'disk', 'data'], ...lines])
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
          `  ${row.title}: ${formatRatio(value)} of ${store}, aim ${target?.toFixed(2)}x`,
      ),
    ...(timeVerdict(report, row) === false ? [`  ${row.title}: aim at most ${row.targetMs} ms`] : []),
  ])
  return missed.length === 0 ? '' : ['Missed aims:', ...missed].join('\n')
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
  return lines.length === 0 ? '' : ['Not measured:', ...lines].join('\n')
}

/** Aligns cells in columns: text to the left, figures to the right. */
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
