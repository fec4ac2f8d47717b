import type { KeyspaceSection } from '@ldb/base'
import type { PreparedCommit } from './prepared-commit.js'
import type { TransactionReads } from '../read/transaction-reads.js'
import type { ViewReads } from '../read/view-reads.js'
import type { WriteSet } from '../records/write-set.js'

/** What a transaction needs of its manager. @internal */
export interface TransactionHost {
  readonly bufferBytes: number
  readonly readBytes: number
  /** Checks for conflicts. @throws {@link LdbError} LDB_CONFLICT, LDB_CLOSED, LDB_POISONED. */
  check(reads: TransactionReads, writes: WriteSet | undefined): void
  /** Reports whether a commit would conflict with a transaction that does not see it. */
  conflictsWith(
    committed: readonly KeyspaceSection[],
    reads: TransactionReads,
    writes: WriteSet | undefined,
  ): boolean
  commit(prepared: PreparedCommit): void
  ended(view: ViewReads, outcome: 'committed' | 'failed' | 'rolled back'): void
}
