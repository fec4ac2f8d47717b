import { assert, compareBytes, INVARIANTS } from '@ldb/base'
import { LEVEL_COUNT } from '../format.js'
import { overlaps } from '../table/table-meta.js'
import type { KeyRange } from '../table/table-meta.js'
import type { Table } from './table.js'

/** A level of tables. */
export type Level = readonly Table[]

/** A change of a version. */
export interface VersionChange {
  readonly removed: ReadonlySet<Table>
  /** Tables to add to a level; in level 0 in front of those that are there, newest first. */
  readonly added: readonly (readonly [level: number, tables: Level])[]
}

/**
 * An immutable list of tables. In level 0, whose tables may overlap, the newest come first. In every other level they are in the order
 * of their keys and do not overlap. Of two versions of a key the one in the smaller level, or earlier in level 0, is newer.
 */
export class Version {
  readonly levels: readonly Level[]
  /** Deletes and range tombstones in the last level. */
  readonly lastLevelDeletes: number

  constructor(levels: readonly Level[]) {
    assert(levels.length === LEVEL_COUNT, 'a version has seven levels')
    this.levels = levels
    let lastLevelDeletes = 0
    for (const { meta } of levels.at(-1) ?? []) lastLevelDeletes += meta.deleteCount + meta.tombstoneCount
    this.lastLevelDeletes = lastLevelDeletes
    if (INVARIANTS)
      assert(
        levels.every(isOrdered),
        'tables of a level do not overlap, those of level 0 are in order of age',
      )
  }

  /** Creates a version from what a manifest names. Returns `undefined` when tables of a level overlap, or are not in order of age. */
  static of(levels: readonly Level[]): Version | undefined {
    const sorted = levels.map((tables, level) => (level === 0 ? tables : sortedByKey(tables)))
    return sorted.every(isOrdered) ? new Version(sorted) : undefined
  }

  level(level: number): Level {
    return this.levels[level] ?? []
  }

  *tables(): Generator<Table, void, void> {
    for (const level of this.levels) yield* level
  }

  with({ removed, added }: VersionChange): Version {
    const levels = this.levels.map((level): Level => level.filter((table) => !removed.has(table)))
    for (const [level, tables] of added) {
      const joined = [...tables, ...(levels[level] ?? [])]
      levels[level] = level === 0 ? joined : sortedByKey(joined)
    }
    return new Version(levels)
  }

  /** Returns the tables of a level that overlap a range. */
  overlapping(level: number, range: KeyRange): Table[] {
    return this.level(level).filter(({ meta }) => overlaps(meta, range))
  }

  /** Bytes of the tables of a level. */
  levelBytes(level: number): number {
    return this.level(level).reduce((bytes, { meta }) => bytes + meta.fileBytes, 0)
  }
}

function sortedByKey(tables: Level): Level {
  return [...tables].sort((a, b) => compareBytes(a.meta.lower, b.meta.lower))
}

function isOrdered(tables: Level, level: number): boolean {
  return tables.every((table, index) => {
    const before = tables[index - 1]?.meta
    if (before === undefined) return true
    const { meta } = table
    if (level === 0) return before.minStamp > meta.maxStamp
    return before.upper !== undefined && compareBytes(before.upper, meta.lower) <= 0
  })
}
