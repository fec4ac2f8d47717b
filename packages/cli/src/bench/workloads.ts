import type { Database, Durability } from '@ldb/core'
import { keyAt, orderOf } from './bench-data.js'
import type { BenchShape } from './bench-data.js'

/** A measured loop over a database that the loops before it have filled. */
export interface Workload {
  readonly name: string
  /** Entries that one operation writes or reads. */
  readonly entriesPerOperation: number
  readonly operationCount: (shape: BenchShape) => number
  /** Runs all operations; `values` are taken by turns. */
  readonly run: (database: Database, shape: BenchShape) => void
}

const BATCH_ENTRIES = 1000
/** Commits that are synced one by one take the time of the device: so many are enough. */
const SYNCED_COMMITS = 200
const COMMITS = 20_000

/** The standard workloads, in the order in which they run. Each says what it adds to the state that the next one finds. */
export const WORKLOADS: readonly Workload[] = [
  {
    name: 'fill sequential',
    entriesPerOperation: 1,
    operationCount: ({ entryCount }) => entryCount,
    run: (database, shape) => {
      for (let i = 0; i < shape.entryCount; i++) database.put(keyAt(i), shape.valueAt(i))
    },
  },
  {
    name: 'fill random',
    entriesPerOperation: 1,
    operationCount: ({ entryCount }) => entryCount,
    run: (database, shape) => {
      database.clear()
      for (const i of orderOf(shape, 1)) database.put(keyAt(i), shape.valueAt(i))
    },
  },
  {
    name: 'overwrite',
    entriesPerOperation: 1,
    operationCount: ({ entryCount }) => entryCount,
    run: (database, shape) => {
      for (const i of orderOf(shape, 2)) database.put(keyAt(i), shape.valueAt(i + 1))
    },
  },
  {
    name: `batch of ${BATCH_ENTRIES}`,
    entriesPerOperation: BATCH_ENTRIES,
    operationCount: ({ entryCount }) => Math.ceil(entryCount / BATCH_ENTRIES),
    run: (database, shape) => {
      const order = orderOf(shape, 3)
      for (let start = 0; start < order.length; start += BATCH_ENTRIES) {
        const batch = database.batch()
        for (const i of order.subarray(start, start + BATCH_ENTRIES)) batch.put(keyAt(i), shape.valueAt(i))
        batch.commit()
      }
    },
  },
  {
    name: 'get random',
    entriesPerOperation: 1,
    operationCount: ({ entryCount }) => entryCount,
    run: (database, shape) => {
      for (const i of orderOf(shape, 4)) database.get(keyAt(i))
    },
  },
  {
    name: 'get missing',
    entriesPerOperation: 1,
    operationCount: ({ entryCount }) => entryCount,
    run: (database, shape) => {
      for (const i of orderOf(shape, 5)) database.get(`${keyAt(i)}-`)
    },
  },
  {
    name: 'scan',
    entriesPerOperation: 1,
    operationCount: ({ entryCount }) => entryCount,
    run: (database) => {
      const cursor = database.cursor()
      try {
        let length = 0
        for (let found = cursor.first(); found; found = cursor.next())
          length += cursor.key.length + cursor.value.length
        if (length === 0) throw new Error('the scan found nothing')
      } finally {
        cursor.close()
      }
    },
  },
  ...(['none', 'periodic', 'full'] as const).map(commitAt),
]

function commitAt(durability: Durability): Workload {
  const count = ({ entryCount }: BenchShape): number =>
    Math.min(entryCount, durability === 'full' ? SYNCED_COMMITS : COMMITS)
  return {
    name: `commit, ${durability}`,
    entriesPerOperation: 1,
    operationCount: count,
    run: (database, shape) => {
      for (let i = 0; i < count(shape); i++) database.put(keyAt(i), shape.valueAt(i), { durability })
    },
  }
}
