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
  expect(builder.build(12)).toEqual({
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
  expect(report.findings).toEqual([finding(1), finding(2)])
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
