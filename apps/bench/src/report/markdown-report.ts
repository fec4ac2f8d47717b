import { findingTable, sweepTable, targetTable } from './markdown-tables.js'
import type { Report } from './report.js'

/** Returns the tables of aims, of sweeps and of LDB alone in Markdown, and the circumstances of the run. */
export function markdownReport(report: Report): string {
  const { machine } = report
  const memory = `${Math.round(machine.memoryBytes / 2 ** 30)} GiB`
  const { entryCount, rounds } = report.effort
  const minutes = Math.round(report.durationMs / 60_000)
  return [
    '`÷` is operations per second of LDB divided by those of the other store, in the same run. A missed aim is in brackets.',
    '',
    ...targetTable(report),
    ...spaced(sweepTable(report)),
    ...spaced(findingTable(report)),
    '',
    `${entryCount.toLocaleString('en')} entries of 16-byte keys and 100-byte values unless a row says otherwise; medians of ${rounds} rounds, of 3 for very`,
    `long ones. Measured by \`${measuringCommand(report.command)}\` in ${minutes} minutes, at commit ${report.commit} on`,
    `${machine.processor} (${machine.cores} cores, ${memory}), ${machine.system}, ${machine.fileSystem}, Node ${machine.node}; load`,
    `${machine.loadBefore.toFixed(1)} before the run.`,
  ].join('\n')
}

function spaced(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? lines : ['', ...lines]
}

/** Returns the command without its output files. */
function measuringCommand(command: string): string {
  return command.replaceAll(/ --(?:json|html)(?:=| )\S+| --readme/g, '')
}
