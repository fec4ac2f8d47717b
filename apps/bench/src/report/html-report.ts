import {
  formatBytes,
  formatDuration,
  formatFigure,
  formatMicroseconds,
  formatRate,
  formatRatio,
} from './format-figures.js'
import { growthChart, latencyChart, legend, ratioChart } from './html-charts.js'
import { STYLE } from './html-style.js'
import { escapeHtml, htmlTable } from './html-text.js'
import type { Cell } from './html-text.js'
import { limitOf, measurementOf, OWN_STORE, ratiosOf, timeVerdict } from './report.js'
import type { Report } from './report.js'

/** Returns the report as one self-contained HTML file: no script, no external font or image. */
export function htmlReport(report: Report): string {
  const sections = [
    section('LDB against other stores', ratioPart(report)),
    section('Operations per second', ratePart(report)),
    section('Latency of writes', latencyPart(report)),
    section(
      'Cost against size',
      growthChart(report) === '' ? '' : legend(report, true) + growthChart(report),
    ),
    section('LDB alone', probePart(report)),
    section('System calls that sync', syncPart(report)),
    section('Memory and disk', footprintPart(report)),
    section('Not measured', omissionPart(report)),
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>LDB benchmark, ${escapeHtml(report.startedAt.slice(0, 10))}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>How fast is LDB?</h1>
${runDescription(report)}
${sections.join('\n')}
</body>
</html>
`
}

function section(title: string, content: string): string {
  return content === '' ? '' : `<section><h2>${escapeHtml(title)}</h2>\n${content}\n</section>`
}

function runDescription({ machine, effort, command, commit, startedAt, durationMs, stores }: Report): string {
  const { processor, cores, memoryBytes, system, node, fileSystem, loadBefore } = machine
  const versions = stores.map(({ title, version }) => `${title} ${version}`).join(', ')
  const lines = [
    `<code>${escapeHtml(command)}</code> at commit <code>${escapeHtml(commit)}</code>, ${escapeHtml(startedAt)}, in ${Math.round(durationMs / 1000)} s.`,
    escapeHtml(
      `${processor}, ${cores} cores, ${formatBytes(memoryBytes)}; ${system}; ${fileSystem}; Node ${node}; load ${loadBefore.toFixed(1)} before the run.`,
    ),
    escapeHtml(
      `${effort.entryCount.toLocaleString('en')} entries; medians of ${effort.rounds} interleaved rounds, by ${effort.clock === 'cpu' ? 'processor' : 'elapsed'} time. ${versions}.`,
    ),
  ]
  return lines.map((line) => `<p class="quiet">${line}</p>`).join('\n')
}

function ratioPart(report: Report): string {
  const chart = ratioChart(report)
  if (chart === '') return ''
  const peers = report.stores.filter(({ id }) => id !== OWN_STORE)
  const lines = report.rows.map((row): Cell[] => {
    const ratios = ratiosOf(report, row)
    return [
      row.title,
      ...peers.map(({ id }): Cell => {
        const ratio = ratios.find(({ store }) => store === id)
        if (ratio === undefined) return { text: '–', kind: 'quiet' }
        const { value, target } = ratio
        if (target === undefined) return formatRatio(value)
        const text = `${formatRatio(value)} (≥ ${formatRatio(target)})`
        return { text, kind: value >= target ? 'met' : 'missed' }
      }),
    ]
  })
  return [
    '<p>Operations per second of LDB divided by those of the other store, in the same run. Right of the line LDB is',
    'faster. A tick marks an aim; the table has it in brackets.</p>',
    legend(report, false),
    chart,
    htmlTable(['workload', ...peers.map(({ title }) => `÷ ${title}`)], lines),
  ].join('\n')
}

function ratePart(report: Report): string {
  if (report.rows.length === 0) return ''
  const lines = report.rows.map((row): Cell[] => [
    row.title,
    ...report.stores.map(({ id }): Cell => {
      const measured = measurementOf(report, row.id, id)
      if (measured === undefined) return { text: '–', kind: 'quiet' }
      const { median, mad } = measured.rate
      const late = id === OWN_STORE && timeVerdict(report, row) === false
      const text = `${formatRate(median)} ±${((100 * mad) / median).toFixed(0)} %, ${formatDuration(median)}`
      return late ? { text: `${text} (≤ ${row.targetMs} ms)`, kind: 'missed' } : text
    }),
  ])
  return [
    '<p>Median of the rounds, median absolute deviation, and the duration of one operation.</p>',
    htmlTable(['workload', ...report.stores.map(({ title }) => title)], lines),
  ].join('\n')
}

function latencyPart(report: Report): string {
  const chart = latencyChart(report)
  if (chart === '') return ''
  const lines = report.measurements.flatMap(({ row, store, latencyUs }): Cell[][] => {
    if (latencyUs === undefined) return []
    const { p50, p99, p999, max } = latencyUs
    return [[row, store, ...[p50, p99, p999, max].map((us) => formatMicroseconds(us))]]
  })
  return (
    legend(report, true) + chart + htmlTable(['workload', 'store', 'p50', 'p99', 'p99.9', 'max'], lines, 2)
  )
}

function probePart({ probes }: Report): string {
  const lines = probes.flatMap(({ title, findings, failure }): Cell[][] => [
    ...(failure === undefined ? [] : [[title, { text: failure, kind: 'missed' } as const, '']]),
    ...findings.map((finding): Cell[] => {
      const { name, value, unit } = finding
      const text = `${formatFigure(value)} ${unit}`
      const limit = limitOf(finding)
      if (limit === undefined) return [title, name, text]
      const aim = `${text} (${limit.sign} ${limit.value})`
      return [title, name, { text: aim, kind: limit.met ? 'met' : 'missed' }]
    }),
  ])
  return lines.length === 0 ? '' : htmlTable(['measurement', 'figure', 'result'], lines, 2)
}

function syncPart({ syncCounts }: Report): string {
  if (syncCounts.length === 0) return ''
  const lines = syncCounts.map(({ row, store, commits, fdatasync, fsync, msync, syncedWrites }) => [
    row,
    store,
    ...[commits, fdatasync, fsync, msync, syncedWrites].map((count) => count.toLocaleString('en')),
  ])
  const head = ['workload', 'store', 'commits', 'fdatasync', 'fsync', 'msync', 'writes to O_SYNC files']
  return `<p>Counted with strace in a second run of the durable rows.</p>${htmlTable(head, lines, 2)}`
}

function footprintPart({ occupancies }: Report): string {
  if (occupancies.length === 0) return ''
  const lines = occupancies.map(({ stage, store, loadMs, rssBytes, diskBytes, logicalBytes }) => [
    stage,
    store,
    formatBytes(logicalBytes),
    formatBytes(rssBytes),
    formatBytes(diskBytes),
    `${(loadMs / 1000).toFixed(1)} s`,
  ])
  const head = ['stage', 'store', 'keys and values', 'resident memory', 'on disk', 'loading time']
  return htmlTable(head, lines, 2)
}

function omissionPart(report: Report): string {
  const titles = new Map(report.rows.map(({ id, title }) => [id, title]))
  const rowsOf = new Map<string, { store: string; reason: string; rows: string[] }>()
  for (const { row, store, reason: reasonLines } of report.omissions) {
    const reason = reasonLines.split('\n')[0] ?? ''
    const known = rowsOf.get(`${store} ${reason}`) ?? { store, reason, rows: [] }
    known.rows.push(titles.get(row) ?? row)
    rowsOf.set(`${store} ${reason}`, known)
  }
  const lines = [
    ...report.leftOut.map(({ store, reason }) => [store, reason, 'everything']),
    ...[...rowsOf.values()].map(({ store, reason, rows }) => [store, reason, rows.join(', ')]),
  ]
  return lines.length === 0 ? '' : htmlTable(['store', 'why', 'workloads'], lines, 3)
}
