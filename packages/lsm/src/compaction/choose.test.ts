import { expect, test } from 'vitest'
import type { Level } from '../version/version.js'
import type { Table } from '../version/table.js'
import type { TableMeta } from '../table/table-meta.js'
import { Version } from '../version/version.js'
import { chooseCompaction, levelTargets, planRange } from './choose.js'
import type { CompactionContext } from './choose.js'

const codecs = { idAt: () => 1 }
const OPTIONS = { level0Tables: 4, baseBytes: 100, levelRatio: 10, codecs }
let number = 0
let stamp = 1_000_000

/**
 * `a-c` is a table with keys from a to c, 50 bytes long; `a-c:200` has 200 bytes, `a-c:50:d` consists of deletes, `a-c:50:D` of a thousand, and `a-c:50:1` has one
 * delete; `a-c:50:t` has a range tombstone, and `a-c:50:z` another codec.
 */
function tableOf(text: string): Table {
  const [range = '', bytes = '50', kind = '0'] = text.split(':')
  const [lower = '', upper = ''] = range.split('-').map((key) => Uint8Array.from(key, (c) => c.charCodeAt(0)))
  stamp -= 10
  const meta: TableMeta = {
    number: ++number,
    fileId: new Uint8Array(16),
    fileBytes: Number(bytes),
    rawBytes: Number(bytes),
    codecId: kind === 'z' ? 2 : 1,
    lower: lower as Uint8Array,
    upper: upper as Uint8Array,
    entryCount: kind === 'D' ? 1900 : 10,
    deleteCount: kind === 'D' ? 1000 : kind === 'd' ? 8 : /^\d+$/.test(kind) ? Number(kind) : 0,
    tombstoneCount: kind === 't' ? 1 : 0,
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

function planOf(
  levels: Readonly<Record<number, string>>,
  context?: Partial<CompactionContext>,
): string | undefined {
  const plan = chooseCompaction(versionOf(levels), OPTIONS, {
    oldestSnapshot: Infinity,
    isIdle: false,
    ...context,
  })
  if (plan === undefined) return undefined
  const names = plan.inputs.map((table) => (table as unknown as { name: string }).name)
  return `${names.join(' ')} → ${plan.outputLevel}${plan.isMove ? ' (move)' : ''}`
}

test.each<[string, Record<number, string>, string | undefined]>([
  ['nothing', {}, undefined],
  ['three tables in level 0', { 0: 'a-c a-c a-c' }, undefined],
  ['four tables go to the last level', { 0: 'a-c b-d e-f a-g' }, 'a-c b-d e-f a-g → 6'],
  ['not with less than half of the bytes of that level', { 0: 'a-c a-c a-c a-c', 6: 'a-d:401' }, undefined],
  [
    'but with eight tables, however small',
    { 0: 'a-c:1 a-c:1 a-c:1 a-c:1 a-c:1 a-c:1 a-c:1 a-c:1', 6: 'a-d:401' },
    'a-c:1 a-c:1 a-c:1 a-c:1 a-c:1 a-c:1 a-c:1 a-c:1 a-d:401 → 6',
  ],
  ['with what they overlap', { 0: 'a-c a-c a-c a-c', 6: 'a-b b-c d-e' }, 'a-c a-c a-c a-c a-b b-c → 6'],
  ['a full last level has a level above it', { 0: 'a-c a-c a-c a-c', 6: 'a-d:2000' }, 'a-c a-c a-c a-c → 5'],
  ['never below a level in use', { 0: 'a-c a-c a-c a-c', 3: 'x-y:1' }, 'a-c a-c a-c a-c → 3'],
  ['the table that overlaps least', { 5: 'a-b:300 c-d:300', 6: 'a-b:2000 c-d:500' }, 'c-d:300 c-d:500 → 6'],
  ['a table that overlaps nothing moves', { 5: 'a-b:300 c-d:300', 6: 'a-b:2000' }, 'c-d:300 → 6 (move)'],
  ['but not to a level with another codec', { 5: 'a-b:300 c-d:300:z', 6: 'a-b:2000' }, 'c-d:300:z → 6'],
  ['a table of deletes', { 5: 'a-b:50:d', 6: 'a-b:2000' }, 'a-b:50:d a-b:2000 → 6'],
  ['level 0 with a table of deletes', { 0: 'a-c d-e:50:D', 6: 'a-b:200' }, 'a-c d-e:50:D a-b:200 → 6'],
  ['not level 0 with few deletes', { 0: 'a-c d-e:50:d', 6: 'a-b:200' }, undefined],
  ['a range tombstone above the last level', { 5: 'a-b:50:t', 6: 'a-b:2000' }, 'a-b:50:t a-b:2000 → 6'],
  ['deletes that a snapshot has left in the last level', { 6: 'a-b:2000:d c-d:2000' }, 'a-b:2000:d → 6'],
  ['few deletes in the last level stay', { 6: 'a-b:2000:2' }, undefined],
])('%s', (_, levels, expected) => {
  expect(planOf(levels)).toBe(expected)
})

test.each<[string, Record<number, string>, string | undefined]>([
  ['nothing', {}, undefined],
  ['what lies in the last level only', { 6: 'a-b:2000' }, undefined],
  ['level 0, from a tenth of the space on', { 0: 'a-c:300', 6: 'a-b:2000 x-z' }, 'a-c:300 → 5 (move)'],
  ['nothing below a tenth', { 0: 'a-c:200', 6: 'a-b:2000 x-z:200' }, undefined],
  ['less when it may hide more: deletes', { 0: 'a-c:150:8', 6: 'a-b:20000' }, 'a-c:150:8 → 4 (move)'],
  ['a range tombstone in level 0', { 0: 'a-c:20:t', 6: 'a-b:90' }, 'a-c:20:t a-b:90 → 6'],
  ['a level that is within its target', { 5: 'a-b:190 c-d', 6: 'a-b:1000 c-d:1000' }, 'a-b:190 a-b:1000 → 6'],
  ['deletes in the last level', { 6: 'a-b:2000:1' }, 'a-b:2000:1 → 6'],
  ['nothing of a very small store', { 0: 'a-c:1', 6: '' }, undefined],
])('an idle store compacts %s', (_, levels, expected) => {
  expect(planOf(levels, { isIdle: true })).toBe(expected)
})

test('deletes in the last level stay while a snapshot may see what they deleted', () => {
  const version = versionOf({ 6: 'a-b:2000:d' })
  const { maxStamp } = version.level(6)[0]!.meta
  const planAt = (oldestSnapshot: number): unknown =>
    chooseCompaction(version, OPTIONS, { oldestSnapshot, isIdle: true })
  expect(planAt(maxStamp - 1)).toBeUndefined()
  expect(planAt(maxStamp)).toMatchObject({ outputLevel: 6 })
})

test('an idle store comes to rest', () => {
  // Each compaction moves its inputs down: applied again and again, the choice ends with one level.
  let version = versionOf({ 0: 'a-c:400 b-e:300', 4: 'a-b:90', 5: 'a-d:190 e-g:100', 6: 'a-c:900 d-g:900' })
  let count = 0
  for (;;) {
    const plan = chooseCompaction(version, OPTIONS, { oldestSnapshot: Infinity, isIdle: true })
    if (plan === undefined) break
    expect(++count).toBeLessThan(20)
    const bytes = plan.inputs.reduce((sum, { meta }) => sum + meta.fileBytes, 0)
    const names = plan.inputs.map(({ meta }) => [meta.lower[0] ?? 0, meta.upper?.[0] ?? 0]).flat()
    const [lower, upper] = [Math.min(...names), Math.max(...names)].map((code) => String.fromCharCode(code))
    const output = tableOf(`${lower}-${upper}:${bytes}`)
    version = version.with({ removed: new Set(plan.inputs), added: [[plan.outputLevel, [output]]] })
  }
  expect(count).toBeGreaterThan(2)
  const bytes = version.levels.map((_, level) => version.levelBytes(level))
  const total = bytes.reduce((sum, each) => sum + each)
  expect(total - (bytes[6] ?? 0)).toBeLessThan(total / 10)
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

test('newer tables outside of a range stay where they are, older ones below its tables do not', () => {
  const version = versionOf({ 0: 'p-q a-c', 4: 'e-h', 5: 'b-d', 6: 'a-f g-k' })
  const plan = planRange(version, { lower: Uint8Array.of(98), upper: Uint8Array.of(99) })
  expect(plan?.inputs.map((table) => (table as unknown as { name: string }).name)).toEqual([
    'a-c',
    'b-d',
    'a-f',
  ])
})
