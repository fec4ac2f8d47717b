import { formatDuration, formatFigure, formatRate, formatRatio } from './format-figures.js'
import { limitOf, measurementOf, OWN_STORE, ratiosOf, timeVerdict } from './report.js'
import type { Ratio, Report, StoreDescription } from './report.js'
import type { RowDescription } from '../model/results.js'

/** The stores that LDB's aims are set against. */
const TARGET_PEERS = ['lmdb', 'classic-level']

/** What is asked of stores that differ in one thing; the rows' names end with it. */
const SWEPT = ['get', 'scan', 'fill'] as const

/** Returns the rows that have aims, ratios first, as lines of Markdown. */
export function targetTable(report: Report): string[] {
  const peers = peersOf(report)
  const rows = report.rows.filter((row) => row.targets !== undefined || row.targetMs !== undefined)
  const head = ['workload', ...peers.map(({ title, version }) => `÷ ${title} ${version}`), 'LDB', 'each']
  const lines = rows.map((row) => {
    const own = measurementOf(report, row.id, OWN_STORE)
    const ratios = ratiosOf(report, row)
    return [
      row.title,
      ...peers.map(({ id }) => ratioCell(ratios.find(({ store }) => store === id))),
      own === undefined ? 'not available' : formatRate(own.rate.median),
      own === undefined ? '–' : durationCell(report, row, own.rate.median),
    ]
  })
  return table(head, lines)
}

/** Returns the rows about stores that differ in one thing, a line for each store; nothing where there are none. */
export function sweepTable(report: Report): string[] {
  const peers = peersOf(report)
  const ratioHead = peers.map(({ title }) => `÷ ${title}`)
  const swept = report.rows.filter(({ id, targets }) => targets === undefined && sweepOf(id) !== undefined)
  const sweeps = [...new Set(swept.map(({ id }) => sweepOf(id)!))]
  const lines = sweeps.map((sweep) => {
    const cells = SWEPT.flatMap((what) => {
      const row = swept.find(({ id }) => id === `${sweep}-${what}`)
      const own = measurementOf(report, `${sweep}-${what}`, OWN_STORE)
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
  const head = ['an entry', ...SWEPT.flatMap((what) => [what, ...ratioHead])]
  return lines.length === 0 ? [] : table(head, lines)
}

/** Returns the findings about LDB alone that have a limit; nothing where there are none. */
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
  return lines.length === 0 ? [] : table(['of LDB alone', 'found', 'aim'], lines)
}

function peersOf(report: Report): StoreDescription[] {
  return report.stores.filter(({ id }) => TARGET_PEERS.includes(id))
}

function sweepOf(row: string): string | undefined {
  const what = SWEPT.find((word) => row.endsWith(`-${word}`))
  const sweep = what === undefined ? undefined : row.slice(0, -what.length - 1)
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
