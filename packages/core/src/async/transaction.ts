import { isLdbError } from '@ldb/base'
import type { Savepoint } from '@ldb/mvcc'
import type { AsyncApi } from './api.js'
import { AsyncKeyspaceWrites } from './keyspace-writes.js'
import type { AsyncWriteOptions } from './keyspace-writes.js'
import { splitSignal, throwIfAborted } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import { AsyncTransactionKeyspace } from './transaction-keyspace.js'
import type { Durability } from '../health/options.js'
import type { KeyspaceWrites } from '../write/keyspace-writes.js'
import type { Transaction } from '../transaction/transaction.js'

/**
 * An atomic sequence of reads and writes over all keyspaces, with promises. Its own methods act on the keyspace
 * `default`.
 *
 * @remarks A transaction reads the state that was visible when it began, and its own writes. Commits awaited before it
 * began are visible; commits in flight at that time may conflict with it. Of two conflicting transactions, the one
 * whose `commit` is called first wins. An open transaction pins old data: end it, or declare it with `await using`.
 * @example
 * ```ts
 * import { AsyncDatabase } from '@ldb/core'
 *
 * const db = await AsyncDatabase.memory()
 * const tx = db.begin()
 * await tx.put('balance', String(Number((await tx.get('balance')) ?? 0) + 10))
 * await tx.commit()
 * console.log(await db.get('balance')) // 10
 * await db.close()
 * ```
 * @category Transactions
 */
export class AsyncTransaction extends AsyncTransactionKeyspace<string, string> implements AsyncDisposable {
  /** The synchronous API of this transaction. */
  readonly sync: Transaction
  /** The `LDB_CONFLICT` error that ended the transaction. @internal */
  conflict: unknown = undefined

  /** @internal */
  constructor(api: AsyncApi, transaction: Transaction) {
    super(api, transaction)
    this.sync = transaction
  }

  /** Number of the newest commit that the transaction sees. */
  get seq(): number {
    return this.sync.seq
  }

  /** True until the transaction ends. */
  get isOpen(): boolean {
    return this.sync.isOpen
  }

  /**
   * Returns the view of a keyspace through this transaction.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for a keyspace of another database; LDB_NOT_FOUND when the keyspace
   * was dropped; LDB_CLOSED.
   */
  in<K, V>(keyspace: AsyncKeyspaceWrites<K, V> | KeyspaceWrites<K, V>): AsyncTransactionKeyspace<K, V> {
    const target = keyspace instanceof AsyncKeyspaceWrites ? keyspace.writes : keyspace
    return new AsyncTransactionKeyspace(this.api, this.sync.in(target))
  }

  /** Returns a savepoint: the writes so far, to which `rollbackTo` returns. */
  async savepoint(): Promise<Savepoint> {
    return this.sync.savepoint()
  }

  /**
   * Discards the writes since a savepoint. The savepoint stays valid, and reads since then still conflict.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND for a savepoint of another transaction, or one discarded by a rollback to an
   * earlier savepoint.
   */
  async rollbackTo(savepoint: Savepoint): Promise<void> {
    this.sync.rollbackTo(savepoint)
  }

  /**
   * Commits the transaction: all of its writes become visible at once, in every keyspace, or none. Resolves when the
   * commit is as durable as requested. The transaction has ended afterwards, even if the commit fails.
   *
   * @remarks Commits after all writes and commits that were called before. Concurrent commits share one sync.
   * @param options - an aborted signal rolls the transaction back if it is not logged yet.
   * @throws {@link LdbError} LDB_CONFLICT when a conflicting commit was first: retry. LDB_COMMIT_UNKNOWN when the write
   * or the sync failed; LDB_TOO_LARGE; LDB_ABORTED; the errors of writes.
   */
  async commit(options?: AsyncWriteOptions): Promise<void> {
    const { signal, rest } = splitSignal(options)
    this.api.assertOpen()
    const durability = this.sync.beginCommit(rest)
    await new Promise<void>((resolve, reject) => {
      this.api.commits.submit({
        run: (): undefined => {
          this.#append(signal, durability, resolve, reject)
        },
      })
    })
  }

  /**
   * Ends the transaction without a commit, and discards its writes. Has no effect once the commit is logged.
   * Idempotent.
   */
  async rollback(): Promise<void> {
    this.sync.rollback()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.sync.rollback()
  }

  /** Checks for conflicts, in-flight commits included, and assigns the commit number in the same step (M7). */
  #append(
    signal: AbortSignalLike | undefined,
    durability: Durability | undefined,
    resolve: () => void,
    reject: (error: unknown) => void,
  ): void {
    try {
      throwIfAborted(signal)
      const prepared = this.sync.prepare()
      if (prepared === undefined) resolve()
      else this.api.commits.append(prepared.batch, durability, resolve, reject, prepared.keysReadForUpdate)
    } catch (error) {
      this.sync.rollback()
      if (isLdbError(error, 'LDB_CONFLICT')) this.conflict = error
      reject(error)
    }
  }
}
