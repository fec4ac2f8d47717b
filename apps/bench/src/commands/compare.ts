import { readFileSync } from 'node:fs'
import { compareReports, describeChanges } from '../report/comparison.js'
import { OWN_STORE, REPORT_VERSION } from '../report/report.js'
import type { Report } from '../report/report.js'
import { UsageError } from './usage-error.js'

/** Compares two reports and prints the differences. Returns 1 when LDB is slower in any row, otherwise 0. */
export function compareFiles(before: string, after: string): number {
  const [earlier, later] = [readReport(before), readReport(after)]
  for (const [property, a, b] of [
    ['processors', earlier.machine.processor, later.machine.processor],
    ['versions of Node', earlier.machine.node, later.machine.node],
    ['clocks', earlier.effort.clock, later.effort.clock],
    ['efforts', earlier.effort.name, later.effort.name],
  ] as const) {
    if (a !== b) process.stdout.write(`The reports have different ${property}: ${a} and ${b}\n`)
  }
  const changes = compareReports(earlier, later)
  process.stdout.write(`${describeChanges(changes)}\n`)
  return changes.some(({ store, verdict }) => store === OWN_STORE && verdict === 'slower') ? 1 : 0
}

function readReport(path: string): Report {
  const report = JSON.parse(readFileSync(path, 'utf8')) as Report
  if (report.version !== REPORT_VERSION) throw new UsageError(`${path} is not a report of this version`)
  return report
}
