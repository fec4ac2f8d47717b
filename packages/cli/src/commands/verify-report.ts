import type { VerifyReport } from '@ldb/core'
import { humanBytes, humanCount, humanMs } from '../terminal/human-sizes.js'
import type { Output } from '../terminal/output.js'

/** Prints the parts of a report, its findings, and the verdict. */
export async function printVerifyReport(report: VerifyReport, output: Output): Promise<void> {
  const rows = report.parts.map(({ name, unitCount, entryCount, byteCount, findingCount }) => [
    name,
    humanCount(unitCount),
    humanCount(entryCount),
    humanBytes(byteCount),
    humanCount(findingCount),
  ])
  await output.table([['part', 'units', 'entries', 'size', 'findings'], ...rows])
  const { colours } = output
  for (const { severity, message, file, offset } of report.findings) {
    const colour = severity === 'error' ? colours.red : colours.yellow
    await output.line(`${colour(severity)}: ${file} at ${offset}: ${message}`)
  }
  const { byteCount, durationMs, bytesPerSecond } = report
  await output.line(
    colours.dim(`${humanBytes(byteCount)} in ${humanMs(durationMs)}, ${humanBytes(bytesPerSecond)} a second`),
  )
  await output.line(
    report.ok
      ? colours.green('ok')
      : colours.red(`${report.errorCount} errors, ${report.warningCount} warnings`),
  )
}
