import { intersectBounds, isEmptyBounds } from '@ldb/base'
import type { KeyBounds, StoreSnapshot } from '@ldb/base'
import { positionAfter, positionAtOrAfter, positionBefore, recordAt } from '../records/record-index.js'
import { coveringRange } from '../records/write-buffer.js'
import type { Writes } from '../records/write-buffer.js'

/**
 * Counts the entries of a snapshot merged with private writes (M3): the entries of the snapshot, minus the deleted ones, plus
 * the inserted ones.
 */
export function countMerged(base: StoreSnapshot, writes: Writes, bounds: KeyBounds): number {
  const { arena, points, ranges } = writes
  let count = base.count(bounds)
  // The deleted range that begins at or before the lower bound may extend into the bounds.
  const first = positionAtOrAfter(ranges, arena, bounds.lower)
  let position = Math.max(0, positionBefore(ranges, first))
  for (let record = recordAt(ranges, position); record >= 0; record = recordAt(ranges, position)) {
    const lower = arena.key(record)
    if (isEmptyBounds({ lower, upper: bounds.upper })) break
    const within = intersectBounds(bounds, { lower, upper: arena.value(record) })
    if (!isEmptyBounds(within)) count -= base.count(within)
    position = positionAfter(ranges, position)
  }
  const { upper } = bounds
  position = positionAtOrAfter(points, arena, bounds.lower)
  for (let record = recordAt(points, position); record >= 0; record = recordAt(points, position)) {
    if (upper !== undefined && arena.compareKey(record, upper, 0, upper.length) >= 0) break
    const key = arena.key(record)
    const existed = coveringRange(writes, key, key.length) < 0 && base.has(key)
    if (arena.hasValue(record)) count += existed ? 0 : 1
    else if (existed) count -= 1
    position = positionAfter(points, position)
  }
  return count
}
