import { Database } from '@ldb/core'
import type { DatabaseOptions, Keyspace } from '@ldb/core'
import { BenchData } from '../data/bench-data.js'

const BATCH_ENTRIES = 1000
const VALUE_BYTES = 100
const ENTRY_BYTES = 116

/** A database with the data of a probe. */
export interface LoadedDatabase {
  readonly db: Database
  readonly entries: Keyspace<Uint8Array, Uint8Array>
  readonly data: BenchData
}

/** Opens LDB with internal settings. */
export function openDatabase(
  dir: string,
  cacheBytes: number,
  tuning: Readonly<Record<string, number>> = {},
): Pick<LoadedDatabase, 'db' | 'entries'> {
  const options = {
    cacheBytes,
    durability: 'periodic',
    [Symbol.for('ldb.tuning')]: tuning,
  } satisfies DatabaseOptions & Record<symbol, unknown>
  const db = Database.open(dir, options)
  return { db, entries: db.keyspace('bench', { keys: 'binary', values: 'binary' }) }
}

/** Returns data of about `logicalBytes`. */
export function dataOf(logicalBytes: number): BenchData {
  return new BenchData(
    Math.max(BATCH_ENTRIES, Math.floor(logicalBytes / ENTRY_BYTES)),
    'decimal',
    VALUE_BYTES,
    false,
  )
}

/** Writes all entries in random order, until `isDone` returns true. */
export function load({ db, entries, data }: LoadedDatabase, isDone: () => boolean = () => false): void {
  for (let first = 0; first < data.entryCount && !isDone(); first += BATCH_ENTRIES) {
    const batch = db.batch().in(entries)
    for (let position = first; position < Math.min(first + BATCH_ENTRIES, data.entryCount); position++) {
      const index = data.order.at(position)
      batch.put(data.keys.of(index) as Uint8Array, data.values.of(index))
    }
    batch.commit()
  }
}
