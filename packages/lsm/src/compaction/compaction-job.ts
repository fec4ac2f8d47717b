import { commonPrefixBytes } from '@ldb/base'
import type { EntryCursor } from '../entry/entry-cursor.js'
import { Tombstones } from '../entry/tombstones.js'
import { MemtableCursor } from '../memtable/memtable-cursor.js'
import type { Memtable } from '../memtable/memtable.js'
import { LevelCursor } from '../read/level-cursor.js'
import { MergingCursor } from '../read/merging-cursor.js'
import { TableCursor } from '../table/table-cursor.js'
import type { Table } from '../version/table.js'
import type { Version } from '../version/version.js'
import type { CompactionPlan } from './choose.js'
import { keptTombstones } from './kept-tombstones.js'
import { mergeSteps } from './merge-steps.js'
import type { TableOutput } from './merge-steps.js'
import { Retention } from './retention.js'
import { hullOf, isKeyWithin, overlaps } from '../table/table-meta.js'
import type { KeyRange } from '../table/table-meta.js'

/** Work of sorting a key, in bytes of merging. */
const SORTED_BYTES = 32

/**
 * Merges the inputs of a plan into new tables, in steps. The result is not part of any version yet.
 *
 * @param snapshots - stamps of the open snapshots, ascending. Later snapshots see everything that the present sees.
 * @param tableBytes - size of an output table.
 * @returns a generator that yields the bytes merged in each step.
 */
export function compactionSteps(
  plan: CompactionPlan,
  version: Version,
  snapshots: readonly number[],
  output: TableOutput,
  tableBytes: number,
): Generator<number, Table[], void> {
  const inputs = new Set(plan.inputs)
  const deeper = deeperTables(version, plan.outputLevel, inputs)
  const tombstones = new Tombstones(
    plan.inputs.flatMap(({ meta, reader }) => (meta.tombstoneCount === 0 ? [] : reader.tombstones().all)),
  )
  const retention = new Retention(snapshots, tombstones, ({ keyBuffer, keyStart, keyEnd }) =>
    deeper.some((range) => isKeyWithin(keyBuffer, keyStart, keyEnd, range)),
  )
  const kept = keptTombstones(tombstones, retention, (range) =>
    deeper.some((other) => overlaps(range, other)),
  )
  const { lower, upper } = hullOf(plan.inputs.map(({ meta }) => meta))
  const prefixBytes = upper === undefined ? 0 : commonPrefixBytes(lower, upper)
  const merged = new MergingCursor(inputCursors(version, inputs), prefixBytes)
  return mergeSteps(merged, retention, kept, output, tableBytes)
}

/** Writes a frozen memtable to one table, as `compactionSteps` merges tables. Deletes stay: the tables may contain older versions. */
export function* flushSteps(
  memtable: Memtable,
  snapshots: readonly number[],
  output: TableOutput,
): Generator<number, Table[], void> {
  const retention = new Retention(snapshots, memtable.tombstones, () => true)
  const kept = keptTombstones(memtable.tombstones, retention, () => true)
  for (const keyCount of memtable.sortSteps()) yield keyCount * SORTED_BYTES
  const cursors = memtable.keyRuns().map((keys) => new MemtableCursor(memtable, keys))
  return yield* mergeSteps(new MergingCursor(cursors), retention, kept, output, Infinity)
}

/** Cursors over the inputs: one for each table of level 0, one for each other level. */
function inputCursors(version: Version, inputs: ReadonlySet<Table>): EntryCursor[] {
  return version.levels.flatMap((level, number): EntryCursor[] => {
    const tables = level.filter((table) => inputs.has(table) && table.meta.entryCount > 0)
    if (tables.length === 0) return []
    if (number > 0) return [new LevelCursor(tables, true)]
    return tables.map(({ reader }) => new TableCursor(reader, true))
  })
}

/** Ranges of the tables that may contain versions older than those in the output. */
function deeperTables(version: Version, outputLevel: number, inputs: ReadonlySet<Table>): KeyRange[] {
  return version.levels
    .slice(outputLevel)
    .flat()
    .filter((table) => !inputs.has(table))
    .map(({ meta }) => meta)
}
