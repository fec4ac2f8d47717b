import { compareBytes, isWithinBounds } from '@ldb/base'
import type { DriverEntry, DriverWrite } from '../driver/driver-transaction.js'
import type { Bounds } from './range-set.js'
import type { WritesView } from './write-buffer.js'

/**
 * Returns the entries of an interval as a transaction sees them: those of the engine, without those that the transaction has deleted or replaced, with those that it has
 * put.
 *
 * @param entries - all entries that the engine has in the interval, in the direction of the scan.
 */
export function mergeWrites(
  entries: readonly DriverEntry[],
  view: WritesView,
  interval: Bounds,
  reverse: boolean,
): readonly DriverEntry[] {
  const inside = view.writes.filter(({ key }) => isWithinBounds(key, interval))
  if (inside.length === 0 && view.deleted.length === 0) return entries
  if (reverse) inside.reverse()
  const merged: DriverEntry[] = []
  let next = 0
  const takeWritesBefore = (entry: DriverEntry | undefined): boolean => {
    for (; next < inside.length; next++) {
      const write = inside[next] as DriverWrite
      const order = entry === undefined ? -1 : compareBytes(write.key, entry.key) * (reverse ? -1 : 1)
      if (order > 0) return false
      if (write.value !== undefined) merged.push({ key: write.key, value: write.value })
      if (order === 0) {
        next++
        return true
      }
    }
    return false
  }
  for (const entry of entries) {
    const isReplaced = takeWritesBefore(entry)
    if (!isReplaced && !view.deleted.some((range) => isWithinBounds(entry.key, range))) merged.push(entry)
  }
  takeWritesBefore(undefined)
  return merged
}
