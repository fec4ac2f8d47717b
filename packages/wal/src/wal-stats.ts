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
