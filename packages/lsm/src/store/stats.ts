import type { StoreLevelStats, StoreStats } from '@ldb/base'
import { estimateRange } from '../read/estimate.js'
import type { Level } from '../version/version.js'
import type { OpenedStore } from './open.js'

/** Collects the statistics of a store. Does no I/O. */
export function collectStats({ state, persistence }: OpenedStore, snapshotCount: number): StoreStats {
  const levels = state.version.levels.map(statsOf)
  const fileBytes = levels.reduce((sum, level) => sum + level.fileBytes, 0)
  let dirtyBytes = 0
  for (const memtable of state.memtables) dirtyBytes += memtable.isEmpty ? 0 : memtable.byteCount
  return {
    entryCount: estimateRange(state.current).count,
    isEntryCountExact: false,
    fileBytes: fileBytes + persistence.obsoleteBytes,
    liveBytes: fileBytes,
    dirtyBytes,
    depth: levels.filter(({ tableCount }) => tableCount > 0).length,
    levels,
    snapshotCount,
  }
}

function statsOf(level: Level): StoreLevelStats {
  let entryCount = 0
  let fileBytes = 0
  let rawBytes = 0
  for (const { meta } of level) {
    entryCount += meta.entryCount
    fileBytes += meta.fileBytes
    rawBytes += meta.rawBytes
  }
  return { tableCount: level.length, entryCount, fileBytes, rawBytes }
}
