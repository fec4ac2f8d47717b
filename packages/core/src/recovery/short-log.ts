import type { DatabaseState } from '../commit/state.js'

/** Segments of a log that a close leaves without a checkpoint. Each open that writes begins one. */
const SEGMENTS_MAX = 8
/** Bytes of changed pages, which the next open reads and changes again. */
const DIRTY_BYTES_MAX = 262_144
/** Bytes of free pages, which only a checkpoint returns to the device. */
const FREE_BYTES_MAX = 1_048_576

/**
 * Reports whether a close needs no checkpoint, because the next open replays the log at once. The seal of the log alone makes the
 * close a clean one: it proves that the log is complete.
 *
 * @param logBytesMax - bytes of the log since the last checkpoint.
 */
export function isReplayShort(
  { log, keyspaces }: Pick<DatabaseState, 'log' | 'keyspaces'>,
  logBytesMax: number,
): boolean {
  if (log.bytesSinceCheckpoint > logBytesMax || log.stats().segmentCount > SEGMENTS_MAX) return false
  let dirtyBytes = 0
  let freeBytes = 0
  for (const { openedStore } of keyspaces) {
    if (openedStore === undefined) continue
    const stats = openedStore.stats()
    dirtyBytes += stats.dirtyBytes
    freeBytes += Math.max(0, stats.fileBytes - stats.liveBytes)
  }
  return dirtyBytes <= DIRTY_BYTES_MAX && freeBytes <= FREE_BYTES_MAX
}
