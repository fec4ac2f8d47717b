// The measurement of the machine runs every workload, and leaves nothing.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ldb, ldbAll } from './command.js'

const WORKLOADS = [
  'fill sequential',
  'fill random',
  'overwrite',
  'batch of 1000',
  'get random',
  'get missing',
  'scan',
  'commit, none',
  'commit, periodic',
  'commit, full',
]

test('every workload is measured, on both engines', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ldb-cli-bench-'))
  const args = ['bench', '--entries', '500', '--value-bytes', '10', '--directory', folder]
  const table = ldb(args)
  expect(table.code).toBe(0)
  const [, head, ...rows] = table.out.trimEnd().split('\n')
  expect(head).toMatch(/^workload +operations +a second +bytes a second +each +cpu$/)
  expect(rows.map((row) => row.split(/ {2,}/)[0])).toEqual(WORKLOADS)
  expect(Math.max(...rows.map((row) => row.length))).toBeLessThanOrEqual(80)
  const [lines, cut, ...errors] = await ldbAll([
    [...args, '--engine', 'lsm', '--durability', 'none', '--json'],
    { args, interruptAfter: 0 },
    [...args, '--entries', '0'],
    [...args, '--engine', 'heap'],
    [...args, '--directory', join(folder, 'absent')],
  ])
  const measured = (lines?.out ?? '')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { workload: string; engine: string; operationsPerSecond: number })
  expect(measured.map(({ workload }) => workload)).toEqual(WORKLOADS)
  expect(
    measured.every(({ engine, operationsPerSecond }) => engine === 'lsm' && operationsPerSecond > 0),
  ).toBe(true)
  expect(cut?.code).toBe(130)
  expect(errors.map(({ code }) => code)).toEqual([2, 2, 1])
  expect(readdirSync(folder)).toEqual([])
  rmSync(folder, { recursive: true, force: true })
})
