import { expect, test } from 'vitest'
import type { Level } from '../version/version.js'
import type { Table } from '../version/table.js'
import type { TableMeta } from '../table/table-meta.js'
import { Version } from '../version/version.js'
import { chooseCompaction, levelTargets, planRange } from './choose.js'

/** The last level has another codec than those above. */
const codecs = { idAt: (level: number) => (level === 6 ? 1 : 2) }
const OPTIONS = { level0Tables: 4, baseBytes: 100, levelRatio: 10, codecs }
let number = 0
let stamp = 1_000_000

/** `a-c` is a table with keys from a to c, 50 bytes long; `a-c:200` has 200 bytes, `a-c:50:d` consists of deletes, `a-c:50:2` has codec 2. */
function tableOf(text: string): Table {
  const [range = '', bytes = '50', kind] = text.split(':')
  const [lower = '', upper = ''] = range.split('-').map((key) => Uint8Array.from(key, (c) => c.charCodeAt(0)))
  stamp -= 10
  const meta: TableMeta = {
    number: ++number,
    fileId: new Uint8Array(16),
    fileBytes: Number(bytes),
    rawBytes: Number(bytes),
    codecId: kind === '2' ? 2 : 1,
    lower: lower as Uint8Array,
    upper: upper as Uint8Array,
    entryCount: 10,
    deleteCount: kind === 'd' ? 8 : 0,
    tombstoneCount: 0,
    minStamp: stamp,
    maxStamp: stamp + 9,
  }
  return { meta, name: text } as unknown as Table
}

function versionOf(levels: Readonly<Record<number, string>>): Version {
  const tables = Array.from({ length: 7 }, (_, level): Level =>
    (levels[level] ?? '').split(' ').filter(Boolean).map(tableOf),
  )
  return Version.of(tables)!
}

function planOf(levels: Readonly<Record<number, string>>): string | undefined {
  const plan = chooseCompaction(versionOf(levels), OPTIONS)
  if (plan === undefined) return undefined
  const names = plan.inputs.map((table) => (table as unknown as { name: string }).name)
  return `${names.join(' ')} → ${plan.outputLevel}${plan.isMove ? ' (move)' : ''}`
}

test.each<[string, Record<number, string>, string | undefined]>([
  ['nothing', {}, undefined],
  ['three tables in level 0', { 0: 'a-c a-c a-c' }, undefined],
  ['four tables go to the last level', { 0: 'a-c b-d e-f a-g' }, 'a-c b-d e-f a-g → 6'],
  ['with what they overlap', { 0: 'a-c a-c a-c a-c', 6: 'a-b b-c d-e' }, 'a-c a-c a-c a-c a-b b-c → 6'],
  ['a full last level has a level above it', { 0: 'a-c a-c a-c a-c', 6: 'a-d:2000' }, 'a-c a-c a-c a-c → 5'],
  ['never below a level in use', { 0: 'a-c a-c a-c a-c', 3: 'x-y:1' }, 'a-c a-c a-c a-c → 3'],
  ['the table that overlaps least', { 5: 'a-b:300 c-d:300', 6: 'a-b:2000 c-d:500' }, 'c-d:300 c-d:500 → 6'],
  ['a table that overlaps nothing moves', { 5: 'a-b:300 c-d:300', 6: 'a-b:2000' }, 'c-d:300 → 6 (move)'],
  ['but not to a level with another codec', { 5: 'a-b:300 c-d:300:2', 6: 'a-b:2000' }, 'c-d:300:2 → 6'],
  ['a table of deletes', { 5: 'a-b:50:d', 6: 'a-b:2000' }, 'a-b:50:d a-b:2000 → 6'],
  ['deletes in the last level stay', { 6: 'a-b:2000:d' }, undefined],
])('%s', (_, levels, expected) => {
  expect(planOf(levels)).toBe(expected)
})

test('targets divide the last level down to the base', () => {
  expect(levelTargets(versionOf({ 6: 'a-b:50000' }), OPTIONS)).toEqual([0, 0, 0, 0, 500, 5000, 50_000])
  expect(levelTargets(versionOf({}), OPTIONS)).toEqual([0, 0, 0, 0, 0, 0, 100])
})

test('the plan for a range contains everything that its tables overlap', () => {
  const version = versionOf({ 0: 'b-e', 5: 'a-c k-m', 6: 'a-b c-f x-z' })
  const range = { lower: Uint8Array.of(100), upper: Uint8Array.of(101) }
  const plan = planRange(version, range)
  expect(plan?.inputs.map(({ meta }) => meta.lower[0])).toEqual([98, 97, 97, 99])
  expect(planRange(version, { lower: Uint8Array.of(110), upper: Uint8Array.of(111) })).toBeUndefined()
  expect(planRange(version, undefined)?.inputs).toHaveLength(6)
})
