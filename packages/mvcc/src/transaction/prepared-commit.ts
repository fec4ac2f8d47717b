import type { KeyspaceSection, WriteBatch } from '@ldb/base'

/**
 * A transaction that has passed the check, ready to be numbered.
 *
 * @remarks Between the check and `noteCommit` of this commit, no other commit may be noted (M7): whoever takes it numbers
 * it at once.
 * @category Transactions
 */
export interface PreparedCommit {
  /** What it writes, keyspace by keyspace, in the order of keys. */
  readonly batch: WriteBatch
  /** What it has read for update, as deletions that are not to be made: for `noteCommit` alone (M11). */
  readonly marks: readonly KeyspaceSection[]
}
