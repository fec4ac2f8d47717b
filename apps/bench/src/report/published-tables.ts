import { join } from 'node:path'
import { markdownReport } from './markdown-report.js'
import { summaryTable } from './markdown-tables.js'
import { expectSection, replaceSectionOfFile } from './marked-section.js'
import type { Report } from './report.js'

const README = { path: 'README.md', section: 'ratios' }
const RESULTS = { path: 'apps/bench/RESULTS.md', section: 'bench' }

/**
 * Checks that the documents have the sections that {@link publishTables} replaces.
 *
 * @param root - folder of the repository.
 * @throws Error naming the file and the missing marker.
 */
export function expectPublishable(root: string): void {
  for (const { path, section } of [README, RESULTS]) expectSection(join(root, path), section)
}

/**
 * Writes the full tables into `apps/bench/RESULTS.md`, and the ratios of a few rows into `README.md`.
 *
 * @param root - folder of the repository.
 */
export function publishTables(root: string, report: Report): void {
  expectPublishable(root)
  replaceSectionOfFile(join(root, RESULTS.path), RESULTS.section, markdownReport(report))
  replaceSectionOfFile(join(root, README.path), README.section, summaryTable(report).join('\n'))
}
