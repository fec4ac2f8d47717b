import type { Effort } from '../model/effort.js'
import { KEY_SHAPES } from '../data/keys.js'
import type { Scenario } from '../model/scenario.js'
import { logicalBytes } from '../model/stage.js'
import type { Row, Stage } from '../model/stage.js'
import { logSegments } from './log-segments.js'
import { lsmStages } from './lsm-stages.js'
import { AIM_STORES, sweep, valueSweeps } from './sweeps.js'

const CACHE_BYTES = 512 * 2 ** 20
/** Up to 2 GiB, LDB's page cache has a single arena. */
const CACHE_BYTES_MAX = 2000 * 2 ** 20
/** No store works with less. */
const LIMITED_BYTES_MIN = 4 * 2 ** 20
const LIMITED_FILL_VALUE_BYTES = 1000
/** The page size that LDB recommends for data much larger than memory. */
const LARGE_DATA_PAGE_BYTES = 4096
const FIRST_LARGE_ENTRIES = 10_000_000
/** Stores and aim of the writes in key order. */
const ORDERED_STORES = ['ldb', 'lmdb', 'classic-level', 'better-sqlite3']
const ORDERED_FACTOR = 1.2
const QUEUE_ENTRIES = 100_000
const PERSISTENT_STORES = ['ldb', 'lmdb', 'classic-level', 'rocksdb', 'better-sqlite3', 'node-sqlite']

/** Returns every stage in the order of execution. */
export function stagesOf(effort: Effort): Stage[] {
  const read: Scenario = {
    entryCount: effort.entryCount,
    keyShape: 'decimal',
    valueBytes: 100,
    cacheBytes: CACHE_BYTES,
    memory: 'unlimited',
    durability: 'os',
    contents: 'loaded',
  }
  const fill: Scenario = { ...read, entryCount: effort.fillCount, contents: 'empty-each-round' }
  const device: Scenario = { ...read, entryCount: effort.fillCount, durability: 'device', contents: 'empty' }
  return [
    { id: 'read', scenario: read, rows: READ_ROWS },
    ...firstReads('first', read),
    ...firstReads('large-first', { ...read, entryCount: FIRST_LARGE_ENTRIES, cacheBytes: CACHE_BYTES_MAX }),
    {
      id: 'fill',
      includesBareFile: true,
      scenario: fill,
      rows: [row('fill-random', 'fill, batches of 1,000', 'fillRandom', 'entry', 4, 2)],
    },
    { id: 'durable', scenario: device, rows: DURABLE_ROWS, includesBareFile: true },
    logSegments({ ...device, entryCount: read.entryCount }),
    ...effort.unawaited.map((count) => unawaited(fill, count)),
    {
      id: 'overwrite',
      onlyFull: true,
      scenario: read,
      rows: [row('overwrite-random', 'random overwrites, one per commit', 'overwriteRandom', 'entry')],
    },
    ...ordered(read, fill),
    { id: 'mixed', scenario: read, rows: MIXED_ROWS },
    ...tenfold(read, fill),
    ...largerThanMemory(read),
    ...lsmStages(read),
    {
      id: 'open',
      scenario: read,
      rows: [{ ...row('open-clean', 'open after a clean close', 'openClean', 'opening'), targetMs: 20 }],
    },
    ...valueSweeps(read),
    ...KEY_SHAPES.flatMap((shape) => sweep(`keys-${shape}`, `${shape} keys`, { ...read, keyShape: shape })),
    ...effort.growth.flatMap((count) => growth(read, count)),
  ]
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
  row('range-10', 'range of 10', 'rangeOf10', 'range', 2),
  row('range-100', 'range of 100', 'rangeOf100', 'range', 4, 12),
  { ...row('make-keys', 'key generation only', 'makeKeys', 'key'), stores: ['ldb'] },
]

/** The first gets after an open and after a fill. The larger data run only with full effort. */
function firstReads(id: string, loaded: Scenario): Stage[] {
  const of = (name: string, title: string, workload: string): Row => ({
    ...row(
      `${id}-${name}`,
      `${loaded.entryCount.toLocaleString('en')} entries, first gets ${title}`,
      workload,
      'entry',
      1.3,
    ),
    stores: AIM_STORES,
  })
  const onlyFull = loaded.entryCount >= FIRST_LARGE_ENTRIES
  return [
    {
      id,
      onlyFull,
      scenario: loaded,
      rows: [
        of('reopened', 'after an open, random', 'firstReopened'),
        of('reopened-order', 'after an open, in key order', 'firstReopenedInOrder'),
        of('reopened-overwrites', 'after an open, 3 % overwrites', 'firstReopenedOverwriting'),
      ],
    },
    {
      id: `${id}-filling`,
      onlyFull,
      scenario: { ...loaded, contents: 'empty-each-round' },
      rows: [of('filled', 'after a fill, random', 'firstFilled')],
    },
  ]
}

const DURABLE_ROWS: readonly Row[] = [
  row('durable-batch', 'durable batch of 1,000', 'durableBatch', 'commit', 6, 1.5),
  {
    ...row('durable-put', 'durable put, 1 committer', 'durablePut', 'commit', 2, 1.5),
    targets: { lmdb: 2, 'classic-level': 1.5, 'bare-file': 1 / 1.15 },
  },
  row('durable-put-awaited', 'durable put, 1 committer, by promise', 'durablePutAwaited', 'commit', 2, 1.5),
  row(
    'durable-transactions-64',
    'durable transactions of 64 callers on one key',
    'incrementByMany',
    'commit',
  ),
  row('durable-put-256', 'durable put, 256 committers', 'durablePutByMany', 'commit', 8, 30),
]

const MIXED_ROWS: readonly Row[] = [
  row('ycsb-b', 'YCSB B: 95 % get, 5 % put, zipf', 'ycsbB', 'operation', 2, 4),
  row('mixed-uniform', '95 % get, 5 % put, uniform', 'mixedUniform', 'operation', 3),
  row('ycsb-a', 'YCSB A: 50 % get, 50 % put, zipf', 'ycsbA', 'operation', 2, 4),
  row('ycsb-c', 'YCSB C: get only, zipf', 'ycsbC', 'operation', 2, 4),
  row('ycsb-d', 'YCSB D: 95 % get of the latest, 5 % insert', 'ycsbD', 'operation', 2, 4),
  row('ycsb-e', 'YCSB E: 95 % ranges, 5 % insert', 'ycsbE', 'operation', 2, 4),
  row('ycsb-f', 'YCSB F: 50 % get, 50 % get and put', 'ycsbF', 'operation', 2, 4),
]

/** Puts that are called without awaiting each. The footprint of the stage has their memory. */
function unawaited(fill: Scenario, entryCount: number): Stage {
  const title = `${entryCount.toLocaleString('en')} puts, not awaited one by one`
  return {
    id: `unawaited-${entryCount}`,
    scenario: { ...fill, entryCount },
    rows: [
      {
        ...row(`unawaited-${entryCount}-put`, title, 'putUnawaited', 'entry'),
        targets: { lmdb: 1 / 1.5 },
        stores: AIM_STORES,
      },
    ],
  }
}

/** Writes in key order, and a queue of a hundred thousand entries. */
function ordered(read: Scenario, fill: Scenario): Stage[] {
  const of = (id: string, title: string, workload: string, unit: Row['unit'] = 'entry'): Row => ({
    ...row(id, title, workload, unit),
    targets: { lmdb: ORDERED_FACTOR, 'better-sqlite3': ORDERED_FACTOR },
    stores: ORDERED_STORES,
  })
  return [
    {
      id: 'append',
      scenario: fill,
      rows: [
        of('append-100', 'append in key order, batches of 100', 'appendOf100'),
        of('append-1000', 'append in key order, batches of 1,000', 'appendOf1000'),
      ],
    },
    {
      id: 'sorted',
      scenario: { ...read, entryCount: fill.entryCount },
      rows: [
        of('overwrite-sorted', 'overwrite in key order, batches of 1,000', 'overwriteSorted'),
        of('delete-sorted', 'delete in key order, batches of 1,000', 'deleteSorted'),
      ],
    },
    {
      id: 'queue',
      scenario: { ...read, entryCount: Math.min(read.entryCount, QUEUE_ENTRIES) },
      rows: [of('queue', 'queue: delete the first, put at the end', 'queue', 'operation')],
    },
  ]
}

/** Data of ten times the cache. */
function tenfold(read: Scenario, fill: Scenario): Stage[] {
  const withSmallCache = (data: Scenario): Scenario => ({
    ...data,
    cacheBytes: Math.max(2 ** 20, Math.ceil(logicalBytes(data) / 10)),
    ldbPageBytes: LARGE_DATA_PAGE_BYTES,
  })
  const loaded = withSmallCache(read)
  const filled = withSmallCache(fill)
  const of = (entry: Row): Row => ({ ...entry, stores: PERSISTENT_STORES })
  return [
    {
      id: 'tenfold',
      scenario: loaded,
      rows: [
        of(row('tenfold-get', '10x the cache: get, random', 'getRandom', 'entry', 1, 1.5)),
        of(row('tenfold-scan', '10x the cache: scan', 'scanAll', 'entry', 1, 1.5)),
      ],
    },
    {
      id: 'tenfold-filling',
      scenario: filled,
      rows: [of(row('tenfold-fill', '10x the cache: fill', 'fillRandom', 'entry', 1, 1.5))],
    },
  ]
}

/**
 * Data of ten times the memory, the system's page cache included. The fill writes larger values, because a put costs
 * one or two pages of I/O whatever its size. In the fill LDB has its default page size, because four such entries do
 * not fit into a page of 4 KiB.
 */
function largerThanMemory(read: Scenario): Stage[] {
  const limitedScenario = (entryCount: number, valueBytes: number): Scenario => {
    const data = { ...read, entryCount, valueBytes }
    const cacheBytes = Math.max(LIMITED_BYTES_MIN, Math.ceil(logicalBytes(data) / 10))
    return { ...data, cacheBytes, memory: 'limited' }
  }
  const of = (entry: Row): Row => ({ ...entry, stores: AIM_STORES })
  return [
    {
      id: 'larger-than-memory',
      onlyFull: true,
      scenario: {
        ...limitedScenario(4 * read.entryCount, read.valueBytes),
        ldbPageBytes: LARGE_DATA_PAGE_BYTES,
      },
      rows: [
        of(row('larger-than-memory-get', '10x the memory: get, random', 'getRandom', 'entry', 1, 1.5)),
        of(row('larger-than-memory-scan', '10x the memory: scan', 'scanAll', 'entry', 1, 1.5)),
      ],
    },
    {
      id: 'larger-than-memory-filling',
      onlyFull: true,
      scenario: {
        ...limitedScenario(0.2 * read.entryCount, LIMITED_FILL_VALUE_BYTES),
        contents: 'empty-each-round',
      },
      rows: [of(row('larger-than-memory-fill', '10x the memory: fill', 'fillRandom', 'entry', 1, 1.5))],
    },
  ]
}

function growth(read: Scenario, entryCount: number): Stage[] {
  const scenario = { ...read, entryCount }
  const cacheBytes = Math.min(CACHE_BYTES_MAX, Math.max(CACHE_BYTES, 3 * logicalBytes(scenario)))
  const title = `${entryCount.toLocaleString('en')} entries`
  return sweep(`growth-${entryCount}`, title, { ...scenario, cacheBytes }, ['ldb'], Infinity)
}

function row(
  id: string,
  title: string,
  workload: string,
  unit: Row['unit'],
  lmdb?: number,
  level?: number,
): Row {
  if (lmdb === undefined) return { id, title, workload, unit }
  const targets = { lmdb, ...(level !== undefined && { 'classic-level': level }) }
  return { id, title, workload, unit, targets }
}

/**
 * Returns the stages and rows whose id equals a name, or starts with the name and a dash. Without names, returns every
 * stage of the effort.
 */
export function selectStages(
  stages: readonly Stage[],
  only: readonly string[] | undefined,
  full: boolean,
): Stage[] {
  if (only === undefined) return stages.filter((stage) => full || stage.onlyFull !== true)
  const isSelected = (id: string): boolean => only.some((name) => id === name || id.startsWith(`${name}-`))
  return stages
    .map((stage) =>
      isSelected(stage.id) ? stage : { ...stage, rows: stage.rows.filter(({ id }) => isSelected(id)) },
    )
    .filter(({ rows }) => rows.length > 0)
}
