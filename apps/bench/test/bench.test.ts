/**
 * Strategy: runs the built command as a child process, with LDB and `Map` only, so that no peer has to be installed.
 * Invariants: every row has a rate or an omission with a reason; no file remains. Rates themselves are not checked.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EFFORTS } from '../src/model/effort.js'
import { selectStages, stagesOf } from '../src/run/plan.js'
import { PROBES } from '../src/probes/run/list.js'
import type { Report } from '../src/report/report.js'
import { expectSelfContained } from './self-contained.js'

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))
/** Rows that older versions of LDB omit; any other omission is an error. */
const OPTIONAL_ROWS = new Set(['get-borrowed', 'durable-put-256'])

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ldb-bench-test-'))
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

function run(...args: string[]): { exitCode: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' })
  return { exitCode: status, stdout, stderr }
}

test('every row of LDB is measured, and the page is self-contained', () => {
  const [effort, stores] = ['tiny', 'ldb,map'] as const
  const reports = join(folder, effort)
  const [json, html, dir] = [join(reports, 'a.json'), join(reports, 'a.html'), join(reports, 'stores')]
  const { exitCode, stdout, stderr } = run(
    ...[`--${effort}`, '--stores', stores, '--dir', dir, '--json', json, '--html', html],
  )
  expect(stderr).not.toContain('failed')
  expect(exitCode).toBe(0)
  const report = JSON.parse(readFileSync(json, 'utf8')) as Report
  const rows = selectStages(stagesOf(EFFORTS[effort]), undefined, false).flatMap((stage) => stage.rows)
  expect(report.rows.map(({ id }) => id)).toEqual(rows.map(({ id }) => id))
  const measured = new Set(report.measurements.filter(({ store }) => store === 'ldb').map(({ row }) => row))
  expect(rows.map(({ id }) => id).filter((id) => !measured.has(id) && !OPTIONAL_ROWS.has(id))).toEqual([])
  for (const { rate, rounds } of report.measurements) {
    expect(rounds).toHaveLength(EFFORTS[effort].rounds)
    for (const figure of [rate.median, rate.min, rate.max]) expect(figure).toBeGreaterThan(0)
    expect(rate.max).toBeLessThan(Infinity)
  }
  for (const { row, store } of report.omissions) {
    expect(store === 'map' || OPTIONAL_ROWS.has(row)).toBe(true)
  }
  expect(report.probes.map(({ id, failure }) => [id, failure])).toEqual([['recover', undefined]])
  expect(stdout).toContain('get, random')
  expectSelfContained(readFileSync(html, 'utf8'))
  expect(readdirSync(reports).sort()).toEqual(['a.html', 'a.json', 'stores'])
  expect(readdirSync(dir)).toEqual([])
})

test('every growth row and growth probe has results', () => {
  const json = join(folder, 'growth.json')
  const { exitCode, stderr } = run(
    '--tiny',
    '--stores',
    'ldb',
    '--only',
    'growth',
    '--dir',
    folder,
    '--json',
    json,
  )
  expect(stderr).not.toContain('failed')
  expect(exitCode).toBe(0)
  const { probes, measurements } = JSON.parse(readFileSync(json, 'utf8')) as Report
  const expected = PROBES.map(({ id }) => id).filter((id) => id.startsWith('growth-'))
  expect(probes.map(({ id }) => id)).toEqual([...expected, 'growth-cost'])
  for (const { findings, failure } of probes) {
    expect(failure).toBeUndefined()
    expect(findings.length).toBeGreaterThan(0)
    for (const { value } of findings) expect(Number.isFinite(value)).toBe(true)
  }
  expect(measurements).toHaveLength(3 * EFFORTS.tiny.growth.length)
})

test('memory of a store is limited, or every row is omitted with the reason', () => {
  const json = join(folder, 'larger-than-memory.json')
  const args = ['--tiny', '--stores', 'ldb', '--only', 'larger-than-memory', '--dir', folder, '--json', json]
  const { exitCode, stderr } = run(...args)
  expect(exitCode).toBe(0)
  const { measurements, omissions, probes } = JSON.parse(readFileSync(json, 'utf8')) as Report
  const rows = ['larger-than-memory-get', 'larger-than-memory-scan', 'larger-than-memory-fill']
  expect([...measurements, ...omissions].map(({ row }) => row)).toEqual(rows)
  for (const { reason } of omissions) {
    expect(reason).toContain('memory cannot be limited here')
    expect(stderr).toContain(reason)
  }
  expect(probes.map(({ id }) => id)).toEqual(['larger-than-memory-device'])
})

test('compare lists slower rows, and exits with 1', () => {
  const [before, after] = [join(folder, 'before.json'), join(folder, 'after.json')]
  expect(
    run('--tiny', '--stores', 'ldb', '--only', 'get-hot', '--dir', folder, '--json', before).exitCode,
  ).toBe(0)
  const report = JSON.parse(readFileSync(before, 'utf8')) as Report
  const worse = report.measurements.map((measurement) => ({
    ...measurement,
    rate: { median: measurement.rate.median / 1000, min: 0, max: 0, mad: 0 },
  }))
  writeFileSync(after, JSON.stringify({ ...report, measurements: worse }))
  expect(run('compare', before, before)).toMatchObject({
    exitCode: 0,
    stdout: '1 compared, 0 slower, 0 faster\n',
  })
  // The deviation of two such short rounds is arbitrary; it is set to zero.
  const withoutDeviation = report.measurements.map((measurement) => ({
    ...measurement,
    rate: { ...measurement.rate, mad: 0 },
  }))
  writeFileSync(before, JSON.stringify({ ...report, measurements: withoutDeviation }))
  const compared = run('compare', before, after)
  expect(compared.exitCode).toBe(1)
  expect(compared.stdout).toContain('slower: get-hot, ldb')
})

test.each([
  [['--nonsense'], 'Usage'],
  [['--only', 'unknown-name'], 'no stage, row or probe has such a name'],
  [['--stores', 'abacus'], 'no store abacus'],
  [['--tiny', '--json', '.'], '. is a folder'],
  [['--tiny', '--html', join(MAIN, 'report.html')], 'report.html cannot be written'],
  [['--tiny', '--dir', MAIN], 'the stores cannot be in'],
])('%j exits with 2 and an explanation', (args, message) => {
  const { exitCode, stderr } = run(...args)
  expect(exitCode).toBe(2)
  expect(stderr).toContain(message)
})
