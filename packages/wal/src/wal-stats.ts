import type { SegmentList } from './segment/list.js'
import type { LogWriter } from './write/log-writer.js'

/** Statistics of a log. Counters start at 0 when the log is opened. @category Log */
export interface WalStats {
  /** Number of segments. */
  readonly segmentCount: number
  /** Bytes of all readable records, headers included. */
  readonly logBytes: number
  /** Appended bytes that are not known to be on the device. */
  readonly unsyncedBytes: number
  readonly appendedRecordCount: number
  readonly appendedBytes: number
  /** Flushes: writes of buffered records to the segment file. */
  readonly flushCount: number
  /** Syncs of records to the device. */
  readonly syncCount: number
  /** Segments created, the one created by `open` included. */
  readonly createdSegmentCount: number
}

/** Returns the statistics of an open log. Does no I/O. */
export function collectStats(segments: SegmentList, writer: LogWriter): WalStats {
  writer.noteSyncs()
  const { counters, endLsn, syncedLsn } = writer
  return {
    segmentCount: segments.all.length,
    logBytes: endLsn - segments.firstLsn,
    unsyncedBytes: endLsn - syncedLsn,
    appendedRecordCount: counters.recordCount,
    appendedBytes: counters.recordBytes,
    flushCount: counters.flushCount,
    syncCount: counters.syncCount,
    createdSegmentCount: counters.segmentCount,
  }
}
