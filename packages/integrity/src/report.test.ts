import { isLdbError } from '@ldb/base'
import type { VerifyFinding } from '@ldb/base'
import { expect, test } from 'vitest'
import { ReportBuilder } from './report.js'

const finding = (offset: number): VerifyFinding => ({
  kind: 'checksum',
  file: 'tree.ldb',
  offset,
  message: 'bad',
})

test('a report without findings is ok and has the counts of each part', () => {
  const builder = new ReportBuilder()
  builder.beginPart('wal')
  builder.progress({ files: 2, units: 0, entries: 0, bytes: 0 })
  builder.progress({ units: 3, entries: 4, bytes: 500 })
  builder.progress({ units: 1, entries: 1, bytes: 2 ** 40 })
  builder.beginPart('default')
  builder.progress({ files: 1, units: 0, entries: 0, bytes: 0 })
  expect(builder.build(12)).toMatchObject({
    ok: true,
    findings: [],
    findingCount: 0,
    parts: [
      { name: 'wal', fileCount: 2, unitCount: 4, entryCount: 5, byteCount: 500 + 2 ** 40, findingCount: 0 },
      { name: 'default', fileCount: 1, unitCount: 0, entryCount: 0, byteCount: 0, findingCount: 0 },
    ],
    durationMs: 12,
  })
})

test('findings beyond the limit are counted and not kept', () => {
  const builder = new ReportBuilder(2)
  builder.beginPart('a')
  builder.finding(finding(1))
  builder.beginPart('b')
  for (let offset = 2; offset <= 10; offset++) builder.finding(finding(offset))
  const report = builder.build(0)
  expect(report.ok).toBe(false)
  expect(report.findings).toMatchObject([finding(1), finding(2)])
  expect(report.findingCount).toBe(10)
  expect(report.parts.map((part) => part.findingCount)).toEqual([1, 9])
})

test('with a limit of 0 no finding is kept, and the report is still not ok', () => {
  const builder = new ReportBuilder(0)
  builder.beginPart('a')
  builder.finding(finding(1))
  expect(builder.build(0)).toMatchObject({ ok: false, findings: [], findingCount: 1 })
})

test('later findings do not change a built report', () => {
  const builder = new ReportBuilder()
  builder.beginPart('a')
  const before = builder.build(1)
  builder.finding(finding(1))
  builder.progress({ units: 1, entries: 1, bytes: 1 })
  expect(before).toMatchObject({ ok: true, findings: [], parts: [{ unitCount: 0 }] })
})

test('counts require a part, and part names are unique', () => {
  const thrown = (action: () => void): boolean => {
    try {
      action()
    } catch (error) {
      return isLdbError(error, 'LDB_INVARIANT')
    }
    return false
  }
  const builder = new ReportBuilder()
  expect(thrown(() => builder.progress({ units: 1, entries: 0, bytes: 0 }))).toBe(true)
  builder.beginPart('a')
  expect(thrown(() => builder.beginPart('a'))).toBe(true)
})

test('findings have a severity, errors and warnings are counted apart', () => {
  const builder = new ReportBuilder()
  builder.beginPart('a')
  builder.finding({ ...finding(1), severity: 'warning' })
  builder.finding({ ...finding(2), severity: 'error' })
  builder.beginPart('b')
  builder.finding(finding(3))
  const report = builder.build(0)
  expect(report.findings.map(({ severity }) => severity)).toEqual(['warning', 'error', 'error'])
  expect(report).toMatchObject({ ok: false, findingCount: 3, errorCount: 2, warningCount: 1 })
  expect(report.parts).toMatchObject([
    { findingCount: 2, errorCount: 1 },
    { findingCount: 1, errorCount: 1 },
  ])
})

test('amounts add up by kind, in each part and in all', () => {
  const builder = new ReportBuilder()
  builder.beginPart('a')
  const nothing = { units: 0, entries: 0, bytes: 0 }
  builder.progress({ ...nothing, bytes: 300, amounts: [{ kind: 'leaf', count: 1, bytes: 100 }] })
  builder.progress({ ...nothing, amounts: [{ kind: 'data', count: 2, bytes: 200, rawBytes: 500 }] })
  builder.progress({ ...nothing, amounts: [{ kind: 'extent', count: 0, bytes: 0 }] })
  builder.beginPart('b')
  builder.progress({ ...nothing, bytes: 700, amounts: [{ kind: 'leaf', count: 3, bytes: 300 }] })
  const report = builder.build(500)
  expect(report.parts.map(({ units }) => units)).toEqual([
    [
      { kind: 'leaf', count: 1, bytes: 100, rawBytes: 100 },
      { kind: 'data', count: 2, bytes: 200, rawBytes: 500 },
    ],
    [{ kind: 'leaf', count: 3, bytes: 300, rawBytes: 300 }],
  ])
  expect(report.units).toEqual([
    { kind: 'leaf', count: 4, bytes: 400, rawBytes: 400 },
    { kind: 'data', count: 2, bytes: 200, rawBytes: 500 },
  ])
  expect(report).toMatchObject({ byteCount: 1000, bytesPerSecond: 2000 })
})

test('a report is frozen, its shapes included', () => {
  const builder = new ReportBuilder()
  builder.beginPart('a')
  builder.shape({ kind: 'levels', levels: [] })
  const { parts, units } = builder.build(1)
  const shape = parts[0]?.shape
  for (const each of [parts, parts[0], units, shape, shape?.kind === 'levels' ? shape.levels : undefined]) {
    expect(Object.isFrozen(each)).toBe(true)
  }
})
