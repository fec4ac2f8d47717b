import type { CompactionRequest } from '@ldb/base'

/** Free space in a file that is not worth reclaiming. */
const SLACK_BYTES = 1_048_576

/**
 * Reports whether a tree should be compacted.
 *
 * @remarks A compaction moves at most the live bytes. With automatic effort it runs only when two thirds of the file are free,
 * which takes at least twice as many bytes rewritten or deleted. With explicit effort it also reclaims a third of the file when
 * the live data fit into the cache.
 * @internal
 */
export function isWorthCompacting(
  pages: { readonly allBytes: number; readonly liveBytes: number },
  effort: CompactionRequest['effort'],
  cacheBytes: number,
): boolean {
  if (effort === 'full' || effort === 'shrink') return true
  const { allBytes, liveBytes } = pages
  const freeBytes = allBytes - liveBytes
  if (freeBytes <= SLACK_BYTES) return false
  return (
    freeBytes > 2 * liveBytes ||
    (effort === 'explicit' && liveBytes <= cacheBytes && 2 * freeBytes > liveBytes)
  )
}
