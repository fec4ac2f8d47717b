import { LEVEL_COUNT } from '../format.js'
import type { Table } from '../version/table.js'
import type { Version } from '../version/version.js'
import type { CompactionOptions, CompactionPlan } from './plan.js'

const BOTTOM = LEVEL_COUNT - 1
/** An older run is merged, too, when it has at most this many times the bytes of the newer ones. */
const SIZE_RATIO = 1.25
/** Everything is merged when the runs above the last have this many times its bytes. */
const SPACE_RATIO = 2

/**
 * Chooses a compaction of runs that are neighbours in age; `undefined` when none is needed.
 *
 * @remarks Tiered, as the universal compaction of RocksDB. A run is a table of level 0, or all tables of another level. When level 0 is full,
 * it is merged with the runs that follow while they are about as small as what is merged already; the result is a run by itself, right above the
 * next older one. An entry is written once for each doubling of its run, instead of several times for each level. There are more runs to read
 * than with levels, and more space is used: obsolete entries stay until their run is merged.
 */
export function chooseTiered(
  version: Version,
  { level0Tables }: CompactionOptions,
): CompactionPlan | undefined {
  if (version.level(0).length < level0Tables) return undefined
  const inputs: Table[] = [...version.level(0)]
  let bytes = bytesOf(inputs)
  const lastBytes = version.levelBytes(BOTTOM)
  const isWasteful = allBytes(version) - lastBytes > SPACE_RATIO * lastBytes && lastBytes > 0
  for (let level = 1; level < LEVEL_COUNT; level++) {
    const run = version.level(level)
    if (run.length === 0) continue
    const runBytes = bytesOf(run)
    // No level is free between level 0 and level 1.
    const isMerged = level === 1 || isWasteful || runBytes <= SIZE_RATIO * bytes
    if (!isMerged) return { inputs, outputLevel: level - 1, isMove: false }
    inputs.push(...run)
    bytes += runBytes
  }
  return { inputs, outputLevel: BOTTOM, isMove: false }
}

function bytesOf(tables: readonly Table[]): number {
  return tables.reduce((sum, { meta }) => sum + meta.fileBytes, 0)
}

function allBytes(version: Version): number {
  return version.levels.reduce((sum, tables) => sum + bytesOf(tables), 0)
}
