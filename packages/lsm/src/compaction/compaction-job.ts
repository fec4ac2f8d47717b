import { commonPrefixBytes } from '@ldb/base'
import { Tombstones } from '../entry/tombstones.js'
import type { Memtable } from '../memtable/memtable.js'
import { allocateMergeBuffer, outputWithin } from '../merge/merge-buffer.js'
import { memtableSource } from '../merge/memtable-source.js'
import { RunMerge } from '../merge/run-merge.js'
import { TableRun } from '../merge/table-run.js'
import type { Table } from '../version/table.js'
import type { Version } from '../version/version.js'
import type { CompactionPlan } from './plan.js'
import { keptTombstones } from './kept-tombstones.js'
import { mergeSteps } from './merge-steps.js'
import type { TableOutput } from './merge-steps.js'
import { Retention } from './retention.js'
import { hullOf, isKeyWithin, overlaps } from '../table/table-meta.js'
import type { KeyRange } from '../table/table-meta.js'

/** Work of sorting a key, in bytes of merging. */
const SORTED_BYTES = 32

/** What a compaction merges. */
export interface MergeInputs {
  /** Tables that do not overlap, in the order of their keys: each table of level 0 by itself, and those of each other level. */
  readonly runs: readonly (readonly Table[])[]
  /** Ranges of the tables that may contain versions older than those in the output. */
  readonly deeper: readonly KeyRange[]
}

/** Returns what a plan for a version merges. */
export function inputsOf(plan: CompactionPlan, version: Version): MergeInputs {
  const inputs = new Set(plan.inputs)
  const runs = version.levels.flatMap((level, number): Table[][] => {
    const tables = level.filter((table) => inputs.has(table))
    if (number === 0) return tables.map((table) => [table])
    return tables.length === 0 ? [] : [tables]
  })
  const deeper = version.levels
    .slice(plan.outputLevel)
    .flat()
    .filter((table) => !inputs.has(table))
    .map(({ meta }) => meta)
  return { runs, deeper }
}

/**
 * Merges tables into new ones, in steps. The result is not part of any version yet.
 *
 * @param snapshots - stamps of the open snapshots, ascending. Later snapshots see everything that the present sees.
 * @param tableBytes - size of an output table.
 * @returns a generator that yields the bytes merged in each step.
 */
export function compactionSteps<T>(
  { runs, deeper }: MergeInputs,
  snapshots: readonly number[],
  output: TableOutput<T>,
  tableBytes: number,
): Generator<number, T[], void> {
  const tombstones = new Tombstones(
    runs.flat().flatMap(({ meta, reader }) => (meta.tombstoneCount === 0 ? [] : reader.tombstones().all)),
  )
  const retention = new Retention(snapshots, tombstones, ({ keyBuffer, keyStart, keyEnd }) =>
    deeper.some((range) => isKeyWithin(keyBuffer, keyStart, keyEnd, range)),
  )
  const kept = keptTombstones(tombstones, retention, (range) =>
    deeper.some((other) => overlaps(range, other)),
  )
  const { lower, upper } = hullOf(runs.flat().map(({ meta }) => meta))
  const prefixBytes = upper === undefined ? 0 : commonPrefixBytes(lower, upper)
  const { inputs, output: outputBuffer } = allocateMergeBuffer(runs)
  const merged = new RunMerge(
    inputs.map(({ run, window }) => new TableRun(run, window)),
    prefixBytes,
  )
  return mergeSteps(merged, retention, kept, output, tableBytes, outputBuffer)
}

/** Writes a frozen memtable to one table, as `compactionSteps` merges tables. Deletes stay: the tables may contain older versions. */
export function* flushSteps<T>(
  memtable: Memtable,
  snapshots: readonly number[],
  output: TableOutput<T>,
): Generator<number, T[], void> {
  const retention = new Retention(snapshots, memtable.tombstones, () => true)
  const kept = keptTombstones(memtable.tombstones, retention, () => true)
  for (const keyCount of memtable.sortSteps()) yield keyCount * SORTED_BYTES
  const buffer = outputWithin(memtable.spare)
  return yield* mergeSteps(memtableSource(memtable), retention, kept, output, Infinity, buffer)
}
