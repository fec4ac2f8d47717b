/**
 * Strategy: a report that was made by hand is shown in each of the ways there are.
 * Invariants: the page needs nothing else; no text of a report becomes markup; what was missed is named everywhere.
 */
import { expect, test } from 'vitest'
import { htmlReport } from '../src/report/html-report.js'
import { escapeHtml } from '../src/report/html-text.js'
import type { Measurement, RowDescription } from '../src/model/results.js'
import { summarize } from '../src/measure/statistics.js'
import { markdownReport, placeBetweenMarkers } from '../src/report/markdown-report.js'
import { compareReports } from '../src/report/comparison.js'
import { terminalReport } from '../src/report/terminal-report.js'
import { sampleReport } from './sample-report.js'
import { expectSelfContained } from './self-contained.js'

test('the page needs nothing else', () => {
  const html = htmlReport(sampleReport())
  expectSelfContained(html)
  expect(html).toContain('prefers-color-scheme: dark')
  expect(html).toContain('@media print')
  expect(html).toContain('name="viewport"')
})

test('ratios stand first, then the rest', () => {
  const html = htmlReport(sampleReport())
  const places = [
    'How many times',
    'Operations a second',
    'What a write',
    'Questions',
    'Syncs',
    'Memory',
    'Not avail',
  ]
  const found = places.map((title) => html.indexOf(`<h2>${title}`))
  expect(found.every((place) => place > 0)).toBe(true)
  expect([...found].sort((a, b) => a - b)).toEqual(found)
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

test('the terminal gets rates, ratios, what was missed and what was not there', () => {
  const text = terminalReport(sampleReport())
  expect(text).toMatch(/get, random +4\.00 M\/s ±1 % +250 ns +4\.00x/)
  expect(text).toContain('cursor over all: 0.50x of lmdb, wanted 8.00x')
  expect(text).toContain('open after a clean close: wanted 20 ms at most')
  expect(text).toContain('log recovered                                200 MB/s  (≥ 300, missed)')
  expect(text).toContain('lmdb: has no door (open-clean)')
  expect(text).toContain('node-sqlite: needs another Node')
})

test('the table for a README has the aims that were missed', () => {
  const markdown = markdownReport(sampleReport())
  expect(markdown).toContain('| get, random | 4.00x | 4.00 M/s | 250 ns |')
  expect(markdown).toContain('| cursor over all | 0.50x (≥ 8.00x) | 500 k/s | 2000 ns |')
  expect(markdown).toContain('100.0 ms (≤ 20 ms)')
  expect(markdown).toContain('`npm run bench -- --tiny`')
  expect(markdown).toContain('| Opening after a kill: log recovered | 200 MB/s | ≥ 300, missed |')
  expect(markdown).not.toContain('| an entry |')
})

test('the table for a README has a line for each store that differs in one thing', () => {
  const sample = sampleReport()
  const { scenario } = sample.rows[0]!
  const row = (what: string): RowDescription => ({
    id: `values-20-${what}`,
    stage: 'values-20',
    title: `values of 20 B: ${what}`,
    unit: 'entry',
    scenario,
  })
  const rate = (what: string, store: string, of: number): Measurement => ({
    row: `values-20-${what}`,
    stage: 'values-20',
    store,
    rate: summarize([of]),
    rounds: [of],
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
  expect(markdown).toContain('| an entry | get | ÷ lmdb-js | scan | ÷ lmdb-js | fill | ÷ lmdb-js |')
  expect(markdown).toContain('| values of 20 B | 500 ns | 4.00x | 100 ns | – | – | – |')
})

test('markers keep their place, and are made where there are none', () => {
  const before = '# House\n\nWords.\n\n## More\n\nEnd.\n'
  const once = placeBetweenMarkers(before, 'ONE')
  expect(once).toBe(
    '# House\n\nWords.\n\n## Benchmarks\n\n<!-- bench:begin -->\nONE\n<!-- bench:end -->\n\n## More\n\nEnd.\n',
  )
  expect(placeBetweenMarkers(once, 'TWO')).toBe(once.replace('ONE', 'TWO'))
  expect(placeBetweenMarkers('# House\n', 'ONE')).toContain('## Benchmarks\n\n<!-- bench:begin -->\nONE')
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
