import type { Scenario } from './scenario.js'

/** One line of the report: a workload on a stage. */
export interface Row {
  readonly id: string
  readonly title: string
  readonly workload: string
  /** What LDB wants to reach, as a multiple of the operations a second of a store. */
  readonly targets?: Readonly<Record<string, number>>
  /** What an operation is. */
  readonly unit: 'entry' | 'commit' | 'range' | 'operation' | 'opening' | 'key'
  /** Stores that it is about; all of them when left out. */
  readonly stores?: readonly string[]
}

/** Rows that share the processes and the contents of their stores. */
export interface Stage {
  readonly id: string
  readonly scenario: Scenario
  readonly rows: readonly Row[]
}

/** How much to measure. */
export interface Effort {
  readonly name: 'tiny' | 'quick' | 'normal' | 'full'
  /** Entries of a store that is loaded. */
  readonly entryCount: number
  /** Entries that a fill writes. */
  readonly fillCount: number
  readonly rounds: number
  readonly warmUps: number
  readonly budgetMs: number
  /** What rates are taken from; what waits for a device is always taken from the wall's. */
  readonly clock: 'wall' | 'cpu'
}

/** The efforts that can be asked for. */
export const EFFORTS: Readonly<Record<Effort['name'], Effort>> = {
  tiny: {
    name: 'tiny',
    entryCount: 2000,
    fillCount: 2000,
    rounds: 2,
    warmUps: 1,
    budgetMs: 2,
    clock: 'wall',
  },
  quick: {
    name: 'quick',
    entryCount: 200_000,
    fillCount: 50_000,
    rounds: 5,
    warmUps: 1,
    budgetMs: 40,
    clock: 'wall',
  },
  normal: {
    name: 'normal',
    entryCount: 1_000_000,
    fillCount: 300_000,
    rounds: 5,
    warmUps: 2,
    budgetMs: 200,
    clock: 'wall',
  },
  full: {
    name: 'full',
    entryCount: 1_000_000,
    fillCount: 1_000_000,
    rounds: 7,
    warmUps: 2,
    budgetMs: 500,
    clock: 'wall',
  },
}

const CACHE_BYTES = 512 * 2 ** 20

/** Gives every stage there is, in the order in which they run. */
export function stagesOf(effort: Effort): Stage[] {
  const base: Scenario = {
    entryCount: effort.entryCount,
    keyShape: 'decimal',
    valueBytes: 100,
    cacheBytes: CACHE_BYTES,
    durability: 'os',
    contents: 'loaded',
  }
  return [{ id: 'read', scenario: base, rows: READ_ROWS }]
}

const READ_ROWS: readonly Row[] = [
  row('get-random', 'get, random', 'getRandom', 'entry', 3, 8),
  row('get-zipf', 'get, zipf 0.99', 'getZipf', 'entry', 3, 8),
  row('get-hot', 'get, 1,000 hot keys', 'getHot', 'entry', 4, 10),
  row('get-borrowed', 'get, borrowed view', 'getBorrowed', 'entry', 1.5),
  row('get-missing', 'get of a missing key', 'getMissing', 'entry', 3, 5),
  row('get-many', 'getMany of 128', 'getMany', 'entry', 3, 10),
  row('cursor-all', 'cursor over all', 'scanAll', 'entry', 8, 18),
  row('entries-all', 'entries() over all', 'entriesAll', 'entry', 5, 12),
  row('range-100', 'range of 100', 'rangeOf100', 'range', 4, 12),
  { ...row('make-keys', 'making the key alone', 'makeKeys', 'key'), stores: ['ldb'] },
]

function row(
  id: string,
  title: string,
  workload: string,
  unit: Row['unit'],
  lmdb?: number,
  level?: number,
): Row {
  const targets = {
    ...(lmdb !== undefined && { lmdb }),
    ...(level !== undefined && { 'classic-level': level }),
  }
  return { id, title, workload, unit, ...(lmdb !== undefined && { targets }) }
}

/** Keeps what was asked for: rows whose id, or stages whose id, is a name or begins with it. */
export function choose(stages: readonly Stage[], only: readonly string[] | undefined): Stage[] {
  if (only === undefined) return [...stages]
  const asked = (id: string): boolean => only.some((name) => id === name || id.startsWith(`${name}-`))
  return stages
    .map((stage) => (asked(stage.id) ? stage : { ...stage, rows: stage.rows.filter(({ id }) => asked(id)) }))
    .filter(({ rows }) => rows.length > 0)
}
