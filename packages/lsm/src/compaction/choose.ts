import { assert } from '@ldb/base'
import { LEVEL_COUNT } from '../format.js'
import { hullOf, overlaps } from '../table/table-meta.js'
import type { KeyRange } from '../table/table-meta.js'
import type { Table } from '../version/table.js'
import type { Version } from '../version/version.js'
import { isIdleCompactionDue, NO_PENDING } from './idle.js'
import type { CompactionOptions, CompactionPlan } from './plan.js'
import { chooseTiered } from './tiered.js'

/** Circumstances of a choice, besides the tables. */
export interface CompactionContext {
  /** Stamp of the oldest open snapshot; `Infinity` without one. Deletes up to it hide nothing that anyone reads. */
  readonly oldestSnapshot: number
  /** Nothing else has to be done: what is not urgent is compacted, too. */
  readonly isIdle: boolean
}

const BOTTOM = LEVEL_COUNT - 1

/** Bytes of level 0, as a share of those of the level that it is merged into, which are worth a merge. */
const LEVEL0_SHARE = 0.5
/** Level 0 is merged whatever its bytes when it has this many times the tables that it needs. */
const LEVEL0_FACTOR_MAX = 2

/** A share of deletes in a table that is worth a compaction of its own. */
const DELETE_SHARE = 0.5
/** Fewer deletes in a table of level 0 delay no scan. */
const LEVEL0_DELETES_MIN = 1000
/** The same in the last level, where each delete stands above the entry that it deletes. */
const LAST_DELETE_SHARE = 0.2
const LAST_DELETE_SHARE_IDLE = 0.05

const BUSY: CompactionContext = Object.freeze({ oldestSnapshot: Infinity, isIdle: false })

/**
 * Chooses the next compaction, or `undefined` when none is needed.
 *
 * @remarks Leveled, with dynamic targets (Dong et al., CIDR 2017): the target of a level is that of the next one divided by the ratio, from
 * the bytes in the last level upwards, so that at most about 1 / (ratio - 1) of the data is above the last level. The levels above the
 * first with a target of `baseBytes` or more stay empty. The level that exceeds its target most is compacted. Of its tables, the one
 * that overlaps the fewest bytes of the next level is chosen.
 *
 * When no level exceeds its target, tables with many deletes are compacted; those of the last level are rewritten once no snapshot sees what
 * they deleted. When the store is idle, the levels above the last are emptied if that may return a tenth of the space.
 */
export function chooseCompaction(
  version: Version,
  options: CompactionOptions,
  context: CompactionContext = BUSY,
): CompactionPlan | undefined {
  return (
    (options.policy === 'tiered' ? chooseTiered(version, options) : chooseLeveled(version, options)) ??
    chooseDeletes(version, context, options) ??
    (context.isIdle && isIdleCompactionDue(version, options.baseBytes, NO_PENDING)
      ? chooseHighest(version, options)
      : undefined)
  )
}

/** Chooses a compaction of the level that exceeds its target most. */
function chooseLeveled(version: Version, options: CompactionOptions): CompactionPlan | undefined {
  const targets = levelTargets(version, options)
  let worst = -1
  let worstScore = 1
  for (let level = 0; level < BOTTOM; level++) {
    const score =
      level === 0
        ? level0Score(version, options, targets)
        : version.levelBytes(level) / Math.max(1, targets[level] ?? 0)
    const isOver = level === 0 ? score >= 1 : score > 1
    if (!isOver || score < worstScore) continue
    worst = level
    worstScore = score
  }
  const { codecs } = options
  if (worst === 0) return planOf(version, [...version.level(0)], baseLevel(version, targets), codecs)
  return worst > 0 ? planOf(version, [leastOverlapping(version, worst)], worst + 1, codecs) : undefined
}

/**
 * Level 0 is merged once it has some tables, and a share of the bytes of the level that it is merged into: a merge rewrites these, however few
 * bytes it adds. Reads look at each table of level 0, so that there may not be many.
 */
function level0Score(version: Version, options: CompactionOptions, targets: readonly number[]): number {
  const { length } = version.level(0)
  const { level0Tables } = options
  const isWorthwhile =
    length >= LEVEL0_FACTOR_MAX * level0Tables ||
    version.levelBytes(0) >= LEVEL0_SHARE * version.levelBytes(baseLevel(version, targets))
  return isWorthwhile ? length / level0Tables : 0
}

/** Returns the target of each level in bytes; 0 for levels that should be empty. */
export function levelTargets(version: Version, { baseBytes, levelRatio }: CompactionOptions): number[] {
  const targets = new Array<number>(LEVEL_COUNT).fill(0)
  let target = Math.max(version.levelBytes(BOTTOM), baseBytes)
  targets[BOTTOM] = target
  for (let level = BOTTOM - 1; level > 0; level--) {
    target /= levelRatio
    if (target < baseBytes) break
    targets[level] = target
  }
  return targets
}

/** Plans the merge of level 0 into the first level in use; `undefined` when it is empty. */
export function planLevel0(version: Version, options: CompactionOptions): CompactionPlan | undefined {
  if (version.level(0).length === 0) return undefined
  const base = baseLevel(version, levelTargets(version, options))
  return planOf(version, [...version.level(0)], base, options.codecs)
}

/** Returns the level that level 0 is merged into: not one below a level that has tables, because what is in level 0 is newer. */
function baseLevel(version: Version, targets: readonly number[]): number {
  return targets.findIndex((target, level) => level > 0 && (target > 0 || version.level(level).length > 0))
}

/**
 * Plans the merge of everything in a range into the last level. A table that is merged takes along what is older and overlaps it; newer
 * tables outside of the range stay.
 */
export function planRange(version: Version, range: KeyRange | undefined): CompactionPlan | undefined {
  const inputs: Table[] = []
  let hull: KeyRange | undefined
  const take = (table: Table): void => {
    inputs.push(table)
    hull = hullOf(hull === undefined ? [table.meta] : [hull, table.meta])
  }
  const isWithin = ({ meta }: Table): boolean =>
    range === undefined || overlaps(meta, range) || (hull !== undefined && overlaps(meta, hull))
  for (const [level, tables] of version.levels.entries()) {
    if (level === 0) {
      // From the newest on, each by itself.
      for (const table of tables) if (isWithin(table)) take(table)
    } else for (const table of tables.filter(isWithin)) take(table)
  }
  return inputs.length === 0 ? undefined : { inputs, outputLevel: BOTTOM, isMove: false }
}

/**
 * A table above the last level that consists mostly of deletes, or one below level 0 that has range tombstones, holds space below it, and
 * scans walk over it. In the last level, only snapshots that were open when it was written have kept its deletes.
 */
function chooseDeletes(
  version: Version,
  { oldestSnapshot, isIdle }: CompactionContext,
  options: CompactionOptions,
): CompactionPlan | undefined {
  const { codecs } = options
  const lastShare = isIdle ? LAST_DELETE_SHARE_IDLE : LAST_DELETE_SHARE
  const isDeleting = version
    .level(0)
    .some(
      ({ meta: { entryCount, deleteCount } }) =>
        deleteCount >= LEVEL0_DELETES_MIN && deleteCount > entryCount * DELETE_SHARE,
    )
  if (isDeleting) return planLevel0(version, options)
  for (let level = 1; level < LEVEL_COUNT; level++) {
    const share = level < BOTTOM ? DELETE_SHARE : lastShare
    for (const table of version.level(level)) {
      const { entryCount, deleteCount, tombstoneCount, maxStamp } = table.meta
      if (tombstoneCount === 0 && deleteCount <= entryCount * share) continue
      if (level < BOTTOM) return planOf(version, [table], level + 1, codecs)
      if (maxStamp <= oldestSnapshot) return { inputs: [table], outputLevel: BOTTOM, isMove: false }
    }
  }
  return undefined
}

/** Plans to move down the tables of the highest level that has any. */
function chooseHighest(version: Version, options: CompactionOptions): CompactionPlan | undefined {
  if (version.level(0).length > 0) return planLevel0(version, options)
  for (let level = 1; level < BOTTOM; level++) {
    if (version.level(level).length > 0)
      return planOf(version, [leastOverlapping(version, level)], level + 1, options.codecs)
  }
  return undefined
}

/** A table moves only where the output level has its codec. */
function planOf(
  version: Version,
  inputs: Table[],
  outputLevel: number,
  codecs: CompactionOptions['codecs'],
): CompactionPlan {
  const overlapping = version.overlapping(outputLevel, hullOf(inputs.map(({ meta }) => meta)))
  const codecId = codecs.idAt(outputLevel)
  const isMove =
    inputs.length === 1 &&
    overlapping.length === 0 &&
    inputs.every(({ meta }) => meta.tombstoneCount === 0 && meta.codecId === codecId)
  return { inputs: [...inputs, ...overlapping], outputLevel, isMove }
}

function leastOverlapping(version: Version, level: number): Table {
  let best: Table | undefined
  let bestShare = Infinity
  for (const table of version.level(level)) {
    const below = version.overlapping(level + 1, table.meta)
    const share = below.reduce((bytes, { meta }) => bytes + meta.fileBytes, 0) / table.meta.fileBytes
    if (share >= bestShare) continue
    best = table
    bestShare = share
  }
  assert(best !== undefined, 'a level over its target has a table')
  return best
}
