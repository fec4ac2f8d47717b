import type { KeyspaceSection, WriteBatch } from '@ldb/base'

/**
 * The commit of a transaction that has passed the conflict check.
 *
 * @remarks No other commit may be registered between the check and `noteCommit` of this commit (M7). The receiver therefore
 * assigns its sequence number at once.
 * @category Transactions
 */
export interface PreparedCommit {
  /** The write set, by keyspace, in key order. */
  readonly batch: WriteBatch
  /** Keys read for update, as deletions that are not applied. Passed to `noteCommit` (M11). */
  readonly keysReadForUpdate: readonly KeyspaceSection[]
}
