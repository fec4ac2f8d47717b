import type { StoreStats } from '@ldb/base'
import { estimateRange } from '../read/estimate.js'
import type { OpenedStore } from './open.js'

/** Collects the statistics of a store. Does no I/O. */
export function collectStats({ state, persistence }: OpenedStore, snapshotCount: number): StoreStats {
  let fileBytes = 0
  for (const { meta } of state.version.tables()) fileBytes += meta.fileBytes
  let dirtyBytes = 0
  for (const memtable of state.memtables) dirtyBytes += memtable.isEmpty ? 0 : memtable.byteCount
  return {
    entryCount: estimateRange(state.current).count,
    isEntryCountExact: false,
    fileBytes: fileBytes + persistence.obsoleteBytes,
    liveBytes: fileBytes,
    dirtyBytes,
    depth: state.version.levels.filter((level) => level.length > 0).length,
    snapshotCount,
  }
}
