import { readFileSync, writeFileSync } from 'node:fs'
import { formatDuration, formatRate, formatRatio } from './format-figures.js'
import { measurementOf, OWN_STORE, ratiosOf, timeVerdict } from './report.js'
import type { Ratio, Report } from './report.js'
import type { RowDescription } from './results.js'

const BEGIN = '<!-- bench:begin -->'
const END = '<!-- bench:end -->'
const HEADING = '## Benchmarks'
const BEFORE = '## More'
const TARGET_PEERS = ['lmdb', 'classic-level']

/** Gives the table of targets in Markdown: ratios first, and what they were measured with. */
export function markdownReport(report: Report): string {
  const { machine } = report
  const peers = report.stores.filter(({ id }) => TARGET_PEERS.includes(id))
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
  const memory = `${Math.round(machine.memoryBytes / 2 ** 30)} GiB`
  const { entryCount, rounds } = report.effort
  return [
    '`÷` is operations a second of LDB over those of the other, in the same run; the aim stands in brackets where it was',
    'missed.',
    '',
    ...[head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...lines].map(
      (cells) => `| ${cells.map(escapeCell).join(' | ')} |`,
    ),
    '',
    `${entryCount.toLocaleString('en')} entries of 16-byte keys and 100-byte values, medians of ${rounds} rounds, by \`${measuringCommand(report.command)}\``,
    `at commit ${report.commit} on ${machine.processor} (${machine.cores} cores, ${memory}), ${machine.system}, ${machine.fileSystem},`,
    `Node ${machine.node}, with a load of ${machine.loadBefore.toFixed(1)} before it began.`,
  ].join('\n')
}

/** The command without the files that it wrote, which are somebody's own. */
function measuringCommand(command: string): string {
  return command.replaceAll(/ --(?:json|html)(?:=| )\S+| --readme/g, '')
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

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

/** Puts a text between the markers of a file; a file without markers gets them, in a section of their own. */
export function placeBetweenMarkers(document: string, text: string): string {
  const block = `${BEGIN}\n${text}\n${END}`
  const begin = document.indexOf(BEGIN)
  const end = document.indexOf(END, begin)
  if (begin >= 0 && end >= 0) return document.slice(0, begin) + block + document.slice(end + END.length)
  const section = `${HEADING}\n\n${block}\n`
  const place = document.indexOf(`\n${BEFORE}\n`)
  if (place < 0) return `${document.trimEnd()}\n\n${section}`
  return `${document.slice(0, place + 1)}${section}\n${document.slice(place + 1)}`
}

/** The same in a file. */
export function putBetweenMarkers(path: string, text: string): void {
  writeFileSync(path, placeBetweenMarkers(readFileSync(path, 'utf8'), text))
}
