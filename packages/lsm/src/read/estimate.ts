import { compareBytes, ownBounds } from '@ldb/base'
import type { KeyBounds, RangeEstimate } from '@ldb/base'
import { searchKeys } from '../memtable/memtable-cursor.js'
import type { Memtable } from '../memtable/memtable.js'
import { TableLookup } from '../table/table-lookup.js'
import { overlaps } from '../table/table-meta.js'
import type { KeyRange } from '../table/table-meta.js'
import type { Table } from '../version/table.js'
import type { ReadState } from './read-state.js'

/**
 * Estimates entries and bytes of a range from the memtables and tables that overlap it. A table that the range divides counts in
 * proportion, by its index. A delete cancels an older entry.
 *
 * @remarks Reads up to two index blocks and two data blocks of each table that the range divides; nothing without bounds.
 */
export function estimateRange(state: ReadState, bounds?: KeyBounds): RangeEstimate {
  const { lower = new Uint8Array(0), upper } = bounds === undefined ? {} : ownBounds(bounds)
  const range = { lower, upper }
  const lookup = new TableLookup()
  let count = 0
  let bytes = 0
  for (const memtable of state.memtables) {
    if (memtable.entryCount === 0) continue
    const share = shareOfMemtable(memtable, range)
    count += share * memtable.entryCount
    bytes += share * memtable.byteCount
  }
  for (const table of state.version.tables()) {
    const { meta } = table
    if (!overlaps(meta, range)) continue
    const share = shareOfTable(table, range, lookup)
    count += share * Math.max(0, meta.entryCount - 2 * meta.deleteCount)
    bytes += share * meta.fileBytes
  }
  return { count: Math.ceil(count), bytes: Math.ceil(bytes) }
}

/** Returns the share of the keys of a memtable that lie within a range. */
function shareOfMemtable(memtable: Memtable, { lower, upper }: KeyRange): number {
  if (lower.length === 0 && upper === undefined) return 1
  let keyCount = 0
  let withinCount = 0
  for (const keys of memtable.keyRuns()) {
    const start = searchKeys(memtable, keys, lower, lower.length)
    const end = upper === undefined ? keys.length : searchKeys(memtable, keys, upper, upper.length)
    keyCount += keys.length
    withinCount += Math.max(0, end - start)
  }
  return withinCount / keyCount
}

/** Returns the share of the entries of a table that lie within a range. */
function shareOfTable({ meta, reader }: Table, { lower, upper }: KeyRange, lookup: TableLookup): number {
  const startsWithin = lower.length === 0 || compareBytes(lower, meta.lower) <= 0
  const endsWithin = upper === undefined || (meta.upper !== undefined && compareBytes(meta.upper, upper) <= 0)
  const start = startsWithin ? 0 : lookup.rank(reader, lower)
  const end = endsWithin ? 1 : lookup.rank(reader, upper)
  return Math.max(0, end - start)
}
