import { LEVEL_COUNT } from '../format.js'
import type { Version } from '../version/version.js'

/** Share of all bytes that an idle compaction may return, from which on it is worth reading and writing all of them. */
const RECLAIMABLE_SHARE = 0.1
/** The least bytes that are worth it, as a share of the bytes of the first level. */
const RECLAIMABLE_BASE_SHARE = 1 / 64

/** What is in memtables, which an idle compaction flushes first. */
export interface PendingBytes {
  readonly byteCount: number
  readonly deleteCount: number
  readonly tombstoneCount: number
}

/** Empty memtables. */
export const NO_PENDING: PendingBytes = Object.freeze({ byteCount: 0, deleteCount: 0, tombstoneCount: 0 })

/**
 * Reports whether the space that compacting everything into the last level may return is worth the work.
 *
 * @param baseBytes - bytes of the first level.
 * @remarks An estimate from above: each byte outside of the last level may hide one in it, each delete an entry of average length, and a
 * range tombstone all of it. Each compaction moves data down, so that a store that stays idle comes to rest.
 */
export function isIdleCompactionDue(version: Version, baseBytes: number, pending: PendingBytes): boolean {
  let { byteCount, deleteCount, tombstoneCount } = pending
  for (let level = 0; level < LEVEL_COUNT - 1; level++) {
    for (const { meta } of version.level(level)) {
      byteCount += meta.fileBytes
      deleteCount += meta.deleteCount
      tombstoneCount += meta.tombstoneCount
    }
  }
  const lastBytes = version.levelBytes(LEVEL_COUNT - 1)
  const lastEntries = version.level(LEVEL_COUNT - 1).reduce((sum, { meta }) => sum + meta.entryCount, 0)
  const deletedBytes = lastEntries === 0 ? 0 : (lastBytes / lastEntries) * deleteCount
  const reclaimable = tombstoneCount > 0 ? byteCount + lastBytes : byteCount + deletedBytes
  const least = Math.max(baseBytes * RECLAIMABLE_BASE_SHARE, (byteCount + lastBytes) * RECLAIMABLE_SHARE)
  return reclaimable >= least
}
