/**
 * Strategy: a handwritten report is rendered in every format, and written into copies of the documents.
 * Invariants: the HTML page is self-contained; no text of a report becomes markup; every format names missed aims;
 * documents change only between their markers.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { EFFORTS } from '../src/model/effort.js'
import { stagesOf } from '../src/run/plan.js'
import { htmlReport } from '../src/report/html-report.js'
import { escapeHtml } from '../src/report/html-text.js'
import type { Measurement, RowDescription } from '../src/model/results.js'
import { summarize } from '../src/measure/statistics.js'
import { markdownReport } from '../src/report/markdown-report.js'
import { summaryTable } from '../src/report/markdown-tables.js'
import { replaceSection } from '../src/report/marked-section.js'
import { expectPublishable, publishTables } from '../src/report/published-tables.js'
import { compareReports } from '../src/report/comparison.js'
import { terminalReport } from '../src/report/terminal-report.js'
import { sampleReport } from './sample-report.js'
import { expectSelfContained } from './self-contained.js'

test('the page is self-contained', () => {
  const html = htmlReport(sampleReport())
  expectSelfContained(html)
  expect(html).toContain('prefers-color-scheme: dark')
  expect(html).toContain('@media print')
  expect(html).toContain('name="viewport"')
})

test('the sections of the page are in order, ratios first', () => {
  const html = htmlReport(sampleReport())
  const titles = [
    'LDB against other stores',
    'Operations per second',
    'Latency of writes',
    'LDB alone',
    'System calls that sync',
    'Memory and disk',
    'Not measured',
  ]
  const offsets = titles.map((title) => html.indexOf(`<h2>${title}`))
  expect(offsets.every((offset) => offset > 0)).toBe(true)
  expect([...offsets].sort((a, b) => a - b)).toEqual(offsets)
  expect(html).toContain('<td class="figure met">4.00x (≥ 3.00x)</td>')
  expect(html).toContain('<td class="figure missed">0.50x (≥ 8.00x)</td>')
})

test('no text of a report becomes markup', () => {
  const evil = '<script>alert("x")</script>&\'"'
  const report = sampleReport({
    command: evil,
    commit: evil,
    stores: [
      { id: 'ldb', title: evil, version: evil },
      { id: 'lmdb', title: evil, version: evil },
    ],
    leftOut: [{ store: evil, reason: evil }],
    rows: sampleReport().rows.map((row) => ({ ...row, title: `${row.id} ${evil}` })),
    probes: [{ id: 'x', title: evil, findings: [], failure: evil }],
  })
  const html = htmlReport(report)
  expect(html).not.toContain('<script')
  expect(html).toContain(escapeHtml(evil))
  expectSelfContained(html)
})

test('the terminal report has rates, ratios, missed aims and omissions', () => {
  const text = terminalReport(sampleReport())
  expect(text).toMatch(/get, random +4\.00 M\/s ±1 % +250 ns +4\.00x/)
  expect(text).toContain('cursor over all: 0.50x of lmdb, aim 8.00x')
  expect(text).toContain('open after a clean close: aim at most 20 ms')
  expect(text).toContain('log recovered                                200 MB/s  (≥ 300, missed)')
  expect(text).toContain('lmdb: has no get (open-clean)')
  expect(text).toContain('node-sqlite: needs another Node')
})

test('the Markdown tables have the missed aims', () => {
  const markdown = markdownReport(sampleReport())
  expect(markdown).toContain('| get, random | 4.00x | 4.00 M/s | 250 ns |')
  expect(markdown).toContain('| cursor over all | 0.50x (≥ 8.00x) | 500 k/s | 2000 ns |')
  expect(markdown).toContain('100.0 ms (≤ 20 ms)')
  expect(markdown).toContain('`npm run bench -- --tiny`')
  expect(markdown).toContain('| Opening after a kill: log recovered | 200 MB/s | ≥ 300, missed |')
  expect(markdown).not.toContain('| per entry |')
})

test('the Markdown table of sweeps has a line for each parameter', () => {
  const sample = sampleReport()
  const { scenario } = sample.rows[0]!
  const row = (operation: string): RowDescription => ({
    id: `values-20-${operation}`,
    stage: 'values-20',
    title: `values of 20 B: ${operation}`,
    unit: 'entry',
    scenario,
  })
  const rate = (operation: string, store: string, perSecond: number): Measurement => ({
    row: `values-20-${operation}`,
    stage: 'values-20',
    store,
    rate: summarize([perSecond]),
    rounds: [perSecond],
  })
  const markdown = markdownReport({
    ...sample,
    rows: [...sample.rows, row('scan'), row('get')],
    measurements: [
      ...sample.measurements,
      rate('get', 'ldb', 2e6),
      rate('get', 'lmdb', 5e5),
      rate('scan', 'ldb', 1e7),
    ],
  })
  expect(markdown).toContain('| per entry | get | ÷ lmdb-js | scan | ÷ lmdb-js | fill | ÷ lmdb-js |')
  expect(markdown).toContain('| values of 20 B | 500 ns | 4.00x | 100 ns | – | – | – |')
})

test('the summary has the ratios of its rows, and a dash where a peer has no rate', () => {
  expect(summaryTable(sampleReport())).toEqual([
    '| workload | ÷ lmdb-js |',
    '| --- | ---: |',
    '| get, random | 4.00x |',
    '| cursor over all | 0.50x |',
    '| durable put, 1 committer | 4.00x |',
    '| open after a clean close | – |',
  ])
})

test('a section is replaced between its markers, and nothing else changes', () => {
  const document = 'Before.\n\n<!-- a:begin -->\nold\n<!-- a:end -->\n\nAfter.\n'
  expect(replaceSection(document, 'a', 'new')).toBe(document.replace('old', 'new'))
  expect(replaceSection(replaceSection(document, 'a', 'new'), 'a', 'old')).toBe(document)
})

test.each([
  ['# House\n', 'the marker <!-- a:begin --> is missing'],
  ['<!-- a:begin -->\n', 'the marker <!-- a:end --> is missing'],
  ['<!-- a:end --><!-- a:begin -->', '<!-- a:end --> is before <!-- a:begin -->'],
  ['<!-- a:begin --><!-- a:begin --><!-- a:end -->', 'occurs more than once'],
])('a document without proper markers is rejected: %j', (document, message) => {
  expect(() => replaceSection(document, 'a', 'new')).toThrow(message)
})

/** Creates a copy of the two documents in a temporary folder; deletes it after the test. */
function documents(readme: string, results: string): string {
  const root = mkdtempSync(join(tmpdir(), 'ldb-bench-documents-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  mkdirSync(join(root, 'apps/bench'), { recursive: true })
  writeFileSync(join(root, 'README.md'), readme)
  writeFileSync(join(root, 'apps/bench/RESULTS.md'), results)
  return root
}

test('the full tables go to the results, the summary goes to the README', () => {
  const root = documents(
    '# LDB\n<!-- ratios:begin -->\n<!-- ratios:end -->\nEnd.\n',
    '# Results\n<!-- bench:begin -->\n<!-- bench:end -->\nNotes.\n',
  )
  const report = sampleReport()
  publishTables(root, report)
  publishTables(root, report)
  const summary = summaryTable(report).join('\n')
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toBe(
    `# LDB\n<!-- ratios:begin -->\n${summary}\n<!-- ratios:end -->\nEnd.\n`,
  )
  expect(readFileSync(join(root, 'apps/bench/RESULTS.md'), 'utf8')).toBe(
    `# Results\n<!-- bench:begin -->\n${markdownReport(report)}\n<!-- bench:end -->\nNotes.\n`,
  )
})

test('missing markers are an error that names the file, and no file is written', () => {
  const results = '<!-- bench:begin -->\n<!-- bench:end -->\n'
  const root = documents('# LDB\n', results)
  expect(() => publishTables(root, sampleReport())).toThrow(/README\.md: the marker <!-- ratios:begin -->/)
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toBe('# LDB\n')
  expect(readFileSync(join(root, 'apps/bench/RESULTS.md'), 'utf8')).toBe(results)
})

test('the documents of the repository have the sections, and the README has the rows of the summary', () => {
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  expectPublishable(root)
  const rows = stagesOf(EFFORTS.full).flatMap(({ id: stage, scenario, rows: all }) =>
    all.map((row): RowDescription => ({ ...row, stage, scenario })),
  )
  const stores = [...sampleReport().stores, { id: 'classic-level', title: 'classic-level', version: '3.0.0' }]
  const firstCells = (lines: readonly string[]): string[] => lines.map((line) => line.split(' | ')[0] ?? '')
  const summary = summaryTable(sampleReport({ rows, stores, measurements: [] }))
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const section = readme.split('<!-- ratios:begin -->\n')[1]?.split('\n<!-- ratios:end -->')[0] ?? ''
  expect(section.split('\n').slice(0, 2)).toEqual(summary.slice(0, 2))
  expect(firstCells(section.split('\n'))).toEqual(firstCells(summary))
})

test('two reports are compared row by row, store by store', () => {
  const before = sampleReport()
  const slower = before.measurements.map((measurement) =>
    measurement.row === 'get-random' && measurement.store === 'ldb'
      ? { ...measurement, rate: { ...measurement.rate, median: measurement.rate.median * 0.8 } }
      : measurement,
  )
  const changes = compareReports(before, sampleReport({ measurements: slower.slice(0, -1) }))
  expect(changes).toHaveLength(before.measurements.length - 1)
  expect(changes.filter(({ verdict }) => verdict !== 'same')).toMatchObject([
    { row: 'get-random', store: 'ldb', verdict: 'slower' },
  ])
})
