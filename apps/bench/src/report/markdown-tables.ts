import { formatDuration, formatFigure, formatRate, formatRatio } from './format-figures.js'
import { limitOf, measurementOf, OWN_STORE, ratiosOf, timeVerdict } from './report.js'
import type { Ratio, Report, StoreDescription } from './report.js'
import type { RowDescription } from '../model/results.js'

/** The stores that LDB's aims refer to. */
const TARGET_PEERS = ['lmdb', 'classic-level']

/** The rows of the summary in the repository's README. */
const SUMMARY_ROWS = [
  'get-random',
  'get-missing',
  'cursor-all',
  'range-100',
  'fill-random',
  'durable-put',
  'durable-put-256',
  'tenfold-get',
  'open-clean',
]

/** Suffixes of the rows of a sweep: stages whose stores differ in one parameter. */
const SWEPT = ['get', 'scan', 'fill'] as const

/** Returns the ratios of a few rows, without aims, as lines of a Markdown table. */
export function summaryTable(report: Report): string[] {
  const peers = peersOf(report)
  const lines = SUMMARY_ROWS.flatMap((id) => {
    const row = report.rows.find((candidate) => candidate.id === id)
    if (row === undefined) return []
    const ratios = new Map(ratiosOf(report, row).map(({ store, value }) => [store, formatRatio(value)]))
    return [[row.title, ...peers.map((peer) => ratios.get(peer.id) ?? '–')]]
  })
  return table(['workload', ...peers.map(({ title }) => `÷ ${title}`)], lines)
}

/** Returns the rows that have aims, as lines of a Markdown table. */
export function targetTable(report: Report): string[] {
  const peers = peersOf(report)
  const rows = report.rows.filter((row) => row.targets !== undefined || row.targetMs !== undefined)
  const head = [
    'workload',
    ...peers.map(({ title, version }) => `÷ ${title} ${version}`),
    'LDB',
    'per operation',
  ]
  const lines = rows.map((row) => {
    const own = measurementOf(report, row.id, OWN_STORE)
    const ratios = ratiosOf(report, row)
    return [
      row.title,
      ...peers.map(({ id }) => ratioCell(ratios.find(({ store }) => store === id))),
      own === undefined ? 'not measured' : formatRate(own.rate.median),
      own === undefined ? '–' : durationCell(report, row, own.rate.median),
    ]
  })
  return table(head, lines)
}

/** Returns the sweeps, one line for each store; empty when there are none. */
export function sweepTable(report: Report): string[] {
  const peers = peersOf(report)
  const ratioHead = peers.map(({ title }) => `÷ ${title}`)
  const swept = report.rows.filter(({ id, targets }) => targets === undefined && sweepOf(id) !== undefined)
  const sweeps = [...new Set(swept.map(({ id }) => sweepOf(id)!))]
  const lines = sweeps.map((sweep) => {
    const cells = SWEPT.flatMap((operation) => {
      const row = swept.find(({ id }) => id === `${sweep}-${operation}`)
      const own = measurementOf(report, `${sweep}-${operation}`, OWN_STORE)
      if (row === undefined || own === undefined) return ['–', ...peers.map(() => '–')]
      const ratios = ratiosOf(report, row)
      return [
        formatDuration(own.rate.median),
        ...peers.map(({ id }) => ratioCell(ratios.find(({ store }) => store === id))),
      ]
    })
    const { title } = swept.find(({ id }) => sweepOf(id) === sweep)!
    return [title.slice(0, title.lastIndexOf(':')), ...cells]
  })
  const head = ['per entry', ...SWEPT.flatMap((operation) => [operation, ...ratioHead])]
  return lines.length === 0 ? [] : table(head, lines)
}

/** Returns the probes' findings that have an aim; empty when there are none. */
export function findingTable(report: Report): string[] {
  const lines = report.probes.flatMap(({ title, findings, failure }) => {
    if (failure !== undefined) return [[title, `failed: ${failure}`, '']]
    return findings.flatMap((finding) => {
      const limit = limitOf(finding)
      if (limit === undefined) return []
      const { name, value, unit } = finding
      const aim = `${limit.sign} ${formatFigure(limit.value)}${limit.met ? '' : ', missed'}`
      return [[`${title}: ${name}`, `${formatFigure(value)} ${unit}`.trim(), aim]]
    })
  })
  return lines.length === 0 ? [] : table(['LDB alone', 'result', 'aim'], lines)
}

function peersOf(report: Report): StoreDescription[] {
  return report.stores.filter(({ id }) => TARGET_PEERS.includes(id))
}

function sweepOf(row: string): string | undefined {
  const operation = SWEPT.find((name) => row.endsWith(`-${name}`))
  const sweep = operation === undefined ? undefined : row.slice(0, -operation.length - 1)
  return sweep?.includes('-') === true ? sweep : undefined
}

function ratioCell(ratio: Ratio | undefined): string {
  if (ratio === undefined) return '–'
  const { value, target } = ratio
  if (target === undefined || value >= target) return formatRatio(value)
  return `${formatRatio(value)} (≥ ${formatRatio(target)})`
}

function durationCell(report: Report, row: RowDescription, rate: number): string {
  const missed = timeVerdict(report, row) === false
  return `${formatDuration(rate)}${missed ? ` (≤ ${row.targetMs} ms)` : ''}`
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string[] {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'))
  return [head, rule, ...lines].map((cells) => `| ${cells.map(escapeCell).join(' | ')} |`)
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
