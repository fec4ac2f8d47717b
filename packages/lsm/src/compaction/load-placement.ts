import { LEVEL_COUNT } from '../format.js'
import { hullOf, overlaps } from '../table/table-meta.js'
import type { KeyRange } from '../table/table-meta.js'
import type { Table } from '../version/table.js'
import type { Version } from '../version/version.js'
import type { CompactionPlan } from './plan.js'

/**
 * Returns the deepest level for a table that is newer than all others: no table of that level or above it overlaps it.
 *
 * @param running - a compaction in progress, whose output may cover everything between its inputs.
 */
export function levelOfNewest(
  version: Version,
  range: KeyRange,
  running: CompactionPlan | undefined,
): number {
  const hull = running === undefined ? undefined : hullOf(running.inputs.map(({ meta }) => meta))
  const outputLevel = hull !== undefined && overlaps(hull, range) ? running?.outputLevel : undefined
  let deepest = 0
  for (let level = 0; level < LEVEL_COUNT; level++) {
    if (level === outputLevel || version.overlapping(level, range).length > 0) break
    deepest = level
  }
  return deepest
}

/** Returns the tables of a load by level. @param tables - newest first. */
export function placeLoad(
  version: Version,
  tables: readonly Table[],
  running: CompactionPlan | undefined,
): [level: number, tables: Table[]][] {
  const levels = Array.from({ length: LEVEL_COUNT }, (_, level): [number, Table[]] => [level, []])
  for (const table of tables) levels[levelOfNewest(version, table.meta, running)]?.[1].push(table)
  return levels.filter(([, { length }]) => length > 0)
}
