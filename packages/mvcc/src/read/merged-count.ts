import { intersectBounds, isEmptyBounds } from '@ldb/base'
import type { KeyBounds, StoreSnapshot } from '@ldb/base'
import { placeAfter, placeAtOrAfter, placeBefore, recordAt } from '../records/record-index.js'
import { rangeAround } from '../records/write-buffer.js'
import type { Writes } from '../records/write-buffer.js'

/**
 * Counts the entries of a view with writes over it (M3): those of the view, less those that are deleted, and those that
 * are put.
 */
export function countMerged(base: StoreSnapshot, writes: Writes, bounds: KeyBounds): number {
  const { arena, points, ranges } = writes
  let count = base.count(bounds)
  // The range that begins at or before the lower bound may reach in.
  const first = placeAtOrAfter(ranges, arena, bounds.lower)
  let place = Math.max(0, placeBefore(ranges, first))
  for (let record = recordAt(ranges, place); record >= 0; record = recordAt(ranges, place)) {
    const lower = arena.key(record)
    if (isEmptyBounds({ lower, upper: bounds.upper })) break
    const within = intersectBounds(bounds, { lower, upper: arena.value(record) })
    if (!isEmptyBounds(within)) count -= base.count(within)
    place = placeAfter(ranges, place)
  }
  const { upper } = bounds
  place = placeAtOrAfter(points, arena, bounds.lower)
  for (let record = recordAt(points, place); record >= 0; record = recordAt(points, place)) {
    if (upper !== undefined && arena.compareKey(record, upper, 0, upper.length) >= 0) break
    const key = arena.key(record)
    const wasThere = rangeAround(writes, key, key.length) < 0 && base.has(key)
    if (arena.hasValue(record)) count += wasThere ? 0 : 1
    else if (wasThere) count -= 1
    place = placeAfter(points, place)
  }
  return count
}
