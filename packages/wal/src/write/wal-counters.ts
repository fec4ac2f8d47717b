/** Counters of a log since it was opened. */
export class WalCounters {
  recordCount = 0
  recordBytes = 0
  flushCount = 0
  syncCount = 0
  segmentCount = 0
}
