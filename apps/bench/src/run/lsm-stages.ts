import type { Scenario } from '../model/scenario.js'
import { logicalBytes } from '../model/stage.js'
import type { Row, Stage } from '../model/stage.js'

const MEBIBYTE = 2 ** 20
const WRITTEN = ['ldb', 'ldb-btree', 'classic-level', 'rocksdb-6']
const READ = ['ldb', 'ldb-btree', 'classic-level', 'rocksdb']
/** Bytes of values of which a fill writes a tenth of the entries. */
const LONG_VALUE_BYTES = 1000
/** The page size that LDB recommends for a B+tree much larger than its cache. */
const PAGE_BYTES = 4096
/** A fill with large buffers writes this many times the entries. */
const LARGE_FILL = 10

/**
 * Returns the stages of the LSM engine. Write buffers, memtables and caches of all stores are equal, and compression is off, as far as
 * their bindings have such settings. `ldb` has the LSM engine, `ldb-btree` stands beside it.
 */
export function lsmStages(read: Scenario): Stage[] {
  const base: Scenario = { ...read, ldbEngine: 'lsm' }
  const entryCount = read.entryCount
  const small = { writeBufferBytes: 8 * MEBIBYTE, cacheBytes: tenthOf(base), ldbPageBytes: PAGE_BYTES }
  const large = { ...base, entryCount: LARGE_FILL * entryCount }
  const long = { ...base, entryCount: Math.ceil(entryCount / 10), valueBytes: LONG_VALUE_BYTES }
  return [
    filling('lsm-fill', '8 MiB buffers', { ...base, ...small }, 1.5),
    {
      ...filling(
        'lsm-large-fill',
        '32 MiB buffers',
        {
          ...large,
          writeBufferBytes: 32 * MEBIBYTE,
          cacheBytes: tenthOf(large),
          ldbPageBytes: PAGE_BYTES,
        },
        2,
      ),
      onlyFull: true,
    },
    filling('lsm-values', 'values of 1,000 B', { ...long, ...small }, 1.5),
    {
      id: 'lsm-tenfold',
      onlyFull: true,
      scenario: { ...base, ...small },
      rows: [
        readRow('lsm-tenfold-get', '10x the cache: get, random', 'getRandom', 2.5),
        readRow('lsm-tenfold-missing', '10x the cache: get of a missing key', 'getMissing', 3),
        readRow('lsm-tenfold-range-100', '10x the cache: range of 100', 'rangeOf100', 3, 'range'),
        readRow('lsm-tenfold-scan', '10x the cache: cursor over all', 'scanAll', 8),
      ],
    },
    {
      id: 'lsm-cached',
      onlyFull: true,
      scenario: { ...base, writeBufferBytes: 8 * MEBIBYTE },
      rows: [
        readRow('lsm-get-random', 'get, random', 'getRandom'),
        readRow('lsm-get-hot', 'get, 1,000 hot keys', 'getHot', 4),
        readRow('lsm-get-missing', 'get of a missing key', 'getMissing', 3),
        readRow('lsm-range-100', 'range of 100', 'rangeOf100', 4, 'range'),
        readRow('lsm-scan', 'cursor over all', 'scanAll', 8),
        readRow('lsm-mixed-half', '50 % get, 50 % put, uniform', 'mixedHalf', 2, 'operation'),
        readRow('lsm-ycsb-a', 'YCSB A: 50 % get, 50 % put, zipf', 'ycsbA', 2, 'operation'),
        {
          ...writtenRow(
            'lsm-overwrite',
            'overwrite at random, batches of 1,000, until quiet',
            'overwriteUntilQuiet',
            2,
          ),
          unit: 'entry',
        },
      ],
    },
    {
      id: 'lsm-queue',
      onlyFull: true,
      scenario: { ...base, ...small, entryCount: Math.ceil(entryCount / 4) },
      rows: [
        {
          ...writtenRow('lsm-queue-seek', 'seek behind a queue that was deleted', 'seekBehindDeletes', 10),
          unit: 'range',
        },
      ],
    },
  ]
}

function tenthOf(scenario: Scenario): number {
  return Math.max(MEBIBYTE, Math.ceil(logicalBytes(scenario) / 10))
}

/** The fill until the last commit is acknowledged, and until nothing is left to do. */
function filling(id: string, title: string, scenario: Scenario, level: number): Stage {
  return {
    id,
    onlyFull: true,
    scenario: { ...scenario, contents: 'empty-each-round' },
    rows: [
      writtenRow(`${id}-acknowledged`, `fill, ${title}, acknowledged`, 'fillRandom', level),
      writtenRow(`${id}-quiet`, `fill, ${title}, until quiet`, 'fillUntilQuiet', level),
    ],
  }
}

function writtenRow(id: string, title: string, workload: string, level: number): Row {
  const targets = { 'classic-level': level, 'rocksdb-6': 2, 'ldb-btree': 3 }
  return { id, title: `LSM: ${title}`, workload, unit: 'entry', stores: WRITTEN, targets }
}

function readRow(
  id: string,
  title: string,
  workload: string,
  level?: number,
  unit: Row['unit'] = 'entry',
): Row {
  const targets = level === undefined ? {} : { targets: { 'classic-level': level, rocksdb: level } }
  return { id, title: `LSM: ${title}`, workload, unit, stores: READ, ...targets }
}
