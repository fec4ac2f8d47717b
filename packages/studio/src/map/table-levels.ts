import { compareBytes } from '@ldb/base'
import type { DatabaseVerifyLocation } from '@ldb/core'
import { stateOf, useOf, USES } from './unit-use.js'
import type { CellState } from './unit-use.js'

type Bound = Uint8Array | undefined

/** A table of an LSM tree. */
interface OpenTable {
  readonly file: string
  /** `undefined` for a table that only the manifest names. */
  readonly level: number | undefined
  readonly amounts: number[]
  lower: Bound
  upper: Bound
  byteCount: number
  findingCount: number
}

/** A table of the map, and its share of the key space: positions in the order of all bounds, from 0 to 1. */
export interface Table extends Readonly<OpenTable> {
  readonly state: CellState
  readonly left: number
  readonly right: number
}

/** The tables of an LSM tree, by level and key range. */
export class TableLevels {
  readonly #tables: Map<string, OpenTable> = new Map()

  /** Reports whether a location is that of a unit of a table. */
  static isTable({ kind, level, keys }: DatabaseVerifyLocation): boolean {
    if (kind === 'unused') return keys !== undefined
    return TABLE_KINDS.has(kind) || (level !== undefined && kind !== 'leaf' && kind !== 'branch')
  }

  add({ kind, file, level, bytes, keys }: DatabaseVerifyLocation): void {
    const table = this.#tables.get(file) ?? {
      file,
      level,
      amounts: USES.map(() => 0),
      lower: undefined,
      upper: undefined,
      byteCount: 0,
      findingCount: 0,
    }
    this.#tables.set(file, table)
    const use = USES.indexOf(useOf(kind))
    table.amounts[use] = (table.amounts[use] ?? 0) + bytes
    table.byteCount += bytes
    // The bounds of the table, and of one that cannot be read.
    if (kind !== 'table-header' && kind !== 'unused') return
    table.lower = keys?.lower
    table.upper = keys?.upper
  }

  /** Marks a table as damaged. Returns false when the file is none of its tables. */
  addFinding(file: string): boolean {
    const table = this.#tables.get(file)
    if (table !== undefined) table.findingCount++
    return table !== undefined
  }

  /** Returns the tables, the newest level first, and by key within a level. */
  tables(): Table[] {
    const all = [...this.#tables.values()]
    const bounds = all.flatMap(({ lower, upper }) => [lower, upper]).filter((bound) => bound !== undefined)
    bounds.sort(compareBytes)
    const distinct = bounds.filter((bound, index) => {
      const before = bounds[index - 1]
      return before === undefined || compareBytes(before, bound) !== 0
    })
    const ranks = new Map<string, number>()
    const last = Math.max(1, distinct.length - 1)
    distinct.forEach((bound, index) => ranks.set(rankKey(bound), index / last))
    const rankOf = (bound: Bound, open: number): number =>
      bound === undefined ? open : (ranks.get(rankKey(bound)) ?? open)
    return all
      .map((table) => ({
        ...table,
        state: stateOf(table.amounts, 0, table.findingCount),
        left: rankOf(table.lower, 0),
        right: rankOf(table.upper, 1),
      }))
      .sort((x, y) => (x.level ?? Infinity) - (y.level ?? Infinity) || x.left - y.left)
  }
}

const TABLE_KINDS = new Set([
  'table-header',
  'data',
  'index',
  'filter',
  'tombstones',
  'properties',
  'footer',
] as const satisfies readonly DatabaseVerifyLocation['kind'][]) as ReadonlySet<string>

function rankKey(bound: Uint8Array): string {
  return Buffer.from(bound).toString('latin1')
}
