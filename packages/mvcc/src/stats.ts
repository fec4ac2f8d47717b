/** Statistics of a transaction manager. @category Transactions */
export interface TransactionStats {
  /** Open transactions and snapshots. */
  readonly openCount: number
  /** Open transactions that may write. The write sets of later commits are retained for them. */
  readonly openWriterCount: number
  /** Age of the oldest read view, in milliseconds; 0 when none is open. A value that only grows indicates a leak. */
  readonly oldestAgeMs: number
  /** The commit that the oldest read view sees; the visible commit when none is open. */
  readonly oldestSeq: number
  /** Committed transactions, including those without writes. */
  readonly committedCount: number
  /** Transactions that failed at their commit. */
  readonly failedCount: number
  /** Transactions that failed with LDB_CONFLICT, a subset of `failedCount`. */
  readonly conflictCount: number
  /** Transactions that were rolled back. */
  readonly rolledBackCount: number
  /** Leaked transactions and snapshots: garbage-collected before they ended. */
  readonly leakedCount: number
  /** Keys and ranges of past commits that are retained for conflict checks. */
  readonly recentCount: number
  /** Memory that they take, in bytes. */
  readonly recentBytes: number
  /** Limit of `recentBytes`. */
  readonly recentBytesMax: number
}
