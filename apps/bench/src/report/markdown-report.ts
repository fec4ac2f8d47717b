import { readFileSync, writeFileSync } from 'node:fs'
import { findingTable, sweepTable, targetTable } from './markdown-tables.js'
import type { Report } from './report.js'

const BEGIN = '<!-- bench:begin -->'
const END = '<!-- bench:end -->'
const HEADING = '## Benchmarks'
const BEFORE = '## More'

/** Returns the tables of targets, of sizes and of LDB alone in Markdown, and what they were measured with. */
export function markdownReport(report: Report): string {
  const { machine } = report
  const memory = `${Math.round(machine.memoryBytes / 2 ** 30)} GiB`
  const { entryCount, rounds } = report.effort
  const minutes = Math.round(report.durationMs / 60_000)
  return [
    '`÷` is operations a second of LDB over those of the other, in the same run; the aim stands in brackets where it was',
    'missed.',
    '',
    ...targetTable(report),
    ...spaced(sweepTable(report)),
    ...spaced(findingTable(report)),
    '',
    `${entryCount.toLocaleString('en')} entries of 16-byte keys and 100-byte values where a row says nothing else, medians of ${rounds} rounds, of 3`,
    `where they are very long, by \`${measuringCommand(report.command)}\` in ${minutes} minutes`,
    `at commit ${report.commit} on ${machine.processor} (${machine.cores} cores, ${memory}), ${machine.system}, ${machine.fileSystem},`,
    `Node ${machine.node}, with a load of ${machine.loadBefore.toFixed(1)} before it began.`,
  ].join('\n')
}

function spaced(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? lines : ['', ...lines]
}

/** The command without the files that it wrote, which are somebody's own. */
function measuringCommand(command: string): string {
  return command.replaceAll(/ --(?:json|html)(?:=| )\S+| --readme/g, '')
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
