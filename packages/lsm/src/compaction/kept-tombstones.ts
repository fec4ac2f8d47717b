import { compareBytes } from '@ldb/base'
import type { Tombstone, Tombstones } from '../entry/tombstones.js'
import { isBelow } from '../table/table-meta.js'
import type { KeyRange } from '../table/table-meta.js'
import type { Retention } from './retention.js'

/**
 * Returns the range tombstones that a merge keeps: in each fragment the newest of each period. One in the oldest period is dropped where
 * no deeper level overlaps the fragment.
 *
 * @param hasOlder - reports whether older versions of keys in a range may be in tables that are not merged.
 * @returns tombstones in the order of their lower bounds; those with equal stamps that touch are joined.
 */
export function keptTombstones(
  tombstones: Tombstones,
  retention: Retention,
  hasOlder: (range: KeyRange) => boolean,
): Tombstone[] {
  const kept: Tombstone[] = []
  for (const fragment of tombstones.fragments()) {
    let lastPeriod = -1
    for (const stamp of fragment.stamps) {
      const period = retention.periodOf(stamp)
      if (period === lastPeriod) continue
      lastPeriod = period
      if (period > 0 || hasOlder(fragment)) kept.push({ lower: fragment.lower, upper: fragment.upper, stamp })
    }
  }
  return joined(kept)
}

function joined(tombstones: readonly Tombstone[]): Tombstone[] {
  const byStamp = new Map<number, Tombstone>()
  const result: Tombstone[] = []
  for (const tombstone of tombstones) {
    const last = byStamp.get(tombstone.stamp)
    if (last?.upper !== undefined && compareBytes(last.upper, tombstone.lower) === 0) {
      byStamp.set(tombstone.stamp, { ...last, upper: tombstone.upper })
      continue
    }
    if (last !== undefined) result.push(last)
    byStamp.set(tombstone.stamp, tombstone)
  }
  return [...result, ...byStamp.values()].sort((a, b) => compareBytes(a.lower, b.lower))
}

/** Returns the parts of tombstones within a range, for the table that contains the range. `lower` undefined is the start of all keys. */
export function clipTombstones(
  tombstones: readonly Tombstone[],
  lower: Uint8Array | undefined,
  upper: Uint8Array | undefined,
): Tombstone[] {
  const clipped: Tombstone[] = []
  for (const tombstone of tombstones) {
    const from = lower !== undefined && compareBytes(tombstone.lower, lower) < 0 ? lower : tombstone.lower
    const to = isBelow(upper, tombstone.upper) ? upper : tombstone.upper
    if (to === undefined || compareBytes(from, to) < 0)
      clipped.push({ lower: from, upper: to, stamp: tombstone.stamp })
  }
  return clipped
}
