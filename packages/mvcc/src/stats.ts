/** What a manager says of its transactions. @category Transactions */
export interface TransactionStats {
  /** Transactions and snapshots that are open. */
  readonly openCount: number
  /** Those that may write: what they may conflict with is kept. */
  readonly openWriterCount: number
  /** How long the oldest view has been open, in milliseconds; 0 when there is none. One that only grows was never ended. */
  readonly oldestAgeMs: number
  /** The commit that the oldest view sees; the visible one when there is none. */
  readonly oldestSeq: number
  /** Transactions that passed their check and were committed, those with nothing to write included. */
  readonly committedCount: number
  /** Transactions that failed at their commit. */
  readonly failedCount: number
  /** Those of them that failed with LDB_CONFLICT. */
  readonly conflictCount: number
  /** Transactions that were rolled back. */
  readonly rolledBackCount: number
  /** Transactions and snapshots that were found abandoned. */
  readonly leakedCount: number
  /** Keys and ranges of past commits that are kept for the check. */
  readonly recentCount: number
  /** Bytes that they take. */
  readonly recentBytes: number
  /** What they may take. */
  readonly recentBytesMax: number
}
