import { expect, test } from 'vitest'
import type { Table } from '../version/table.js'
import { Version } from '../version/version.js'
import type { Level } from '../version/version.js'
import { chooseCompaction } from './choose.js'
import { chooseTiered } from './tiered.js'

const OPTIONS = {
  policy: 'tiered',
  level0Tables: 4,
  baseBytes: 100,
  levelRatio: 10,
  codecs: { idAt: () => 1 },
} as const
let number = 0
let stamp = 1_000_000

/** A table of some bytes; those of a level follow each other. */
function tableOf(fileBytes: number, index: number): Table {
  stamp -= 10
  const meta = {
    number: ++number,
    fileBytes,
    codecId: 1,
    lower: Uint8Array.of(index),
    upper: Uint8Array.of(index + 1),
    entryCount: 10,
    deleteCount: 0,
    tombstoneCount: 0,
    minStamp: stamp,
    maxStamp: stamp + 9,
  }
  return { meta } as unknown as Table
}

/** The tables of each level by their bytes. */
function versionOf(levels: Readonly<Record<number, readonly number[]>>): Version {
  const tables = Array.from({ length: 7 }, (_, level): Level => (levels[level] ?? []).map(tableOf))
  return Version.of(tables)!
}

test.each<[string, Record<number, readonly number[]>, string | undefined]>([
  ['nothing while level 0 has room', { 0: [50, 50, 50], 6: [10] }, undefined],
  ['the first run is the last one', { 0: [50, 50, 50, 50] }, '4 → 6'],
  ['a run of the same size is merged', { 0: [50, 50, 50, 50], 6: [100, 100] }, '6 → 6'],
  ['a larger run stays, and the new one is above it', { 0: [50, 50, 50, 50], 6: [300] }, '4 → 5'],
  ['runs up to the first that is larger', { 0: [50, 50, 50, 50], 4: [200], 5: [900], 6: [2000] }, '5 → 4'],
  ['what is merged grows', { 0: [50, 50, 50, 50], 4: [200], 5: [400], 6: [2000] }, '6 → 5'],
  ['a run below level 0 has no free level above it', { 0: [1, 1, 1, 1], 1: [900], 6: [2000] }, '5 → 5'],
  ['everything when the space is wasted', { 0: [50, 50, 50, 50], 5: [900], 6: [500] }, '6 → 6'],
])('%s', (_, levels, expected) => {
  const version = versionOf(levels)
  const plan = chooseTiered(version, OPTIONS)
  expect(plan && `${plan.inputs.length} → ${plan.outputLevel}`).toBe(expected)
  expect(chooseCompaction(version, OPTIONS)).toEqual(plan)
})

test('a plan contains all runs that are newer than its output, and no run between', () => {
  const version = versionOf({ 0: [60, 50, 40, 50], 3: [100, 80], 5: [900], 6: [2000] })
  const plan = chooseTiered(version, OPTIONS)
  expect(plan?.outputLevel).toBe(4)
  expect(plan?.inputs).toEqual([...version.level(0), ...version.level(3)])
})
