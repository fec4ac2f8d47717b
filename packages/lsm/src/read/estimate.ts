import { ownBounds } from '@ldb/base'
import type { KeyBounds, RangeEstimate } from '@ldb/base'
import { overlaps } from '../table/table-meta.js'
import type { ReadState } from './read-state.js'

/**
 * Estimates entries and bytes of a range from the descriptions of the tables that overlap it: a table counts whole. A delete cancels an
 * older entry.
 */
export function estimateRange(state: ReadState, bounds?: KeyBounds): RangeEstimate {
  const { lower = new Uint8Array(0), upper } = bounds === undefined ? {} : ownBounds(bounds)
  const range = { lower, upper }
  let count = 0
  let bytes = 0
  for (const memtable of state.memtables) {
    count += memtable.entryCount
    bytes += memtable.entryCount === 0 ? 0 : memtable.byteCount
  }
  for (const { meta } of state.version.tables()) {
    if (!overlaps(meta, range)) continue
    count += Math.max(0, meta.entryCount - 2 * meta.deleteCount)
    bytes += meta.fileBytes
  }
  return { count, bytes }
}
