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
 * Reads and writes over all keyspaces that happen at once, or not at all, with promises. Its own methods act on the
 * keyspace `default`.
 *
 * @remarks It sees what was visible at its beginning, with its own writes: what is awaited before it begins, it sees; with
 * what is in flight then it may conflict. The first of two that conflict to be called with `commit` wins. End it, or write
 * `await using`: an open one holds old data back.
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
  /** The same transaction with its sync methods. */
  readonly sync: Transaction
  /** The conflict that has ended it. @internal */
  conflict: unknown = undefined

  /** @internal */
  constructor(api: AsyncApi, transaction: Transaction) {
    super(api, transaction)
    this.sync = transaction
  }

  /** Number of the newest commit that it sees. */
  get seq(): number {
    return this.sync.seq
  }

  /** True until it has ended. */
  get isOpen(): boolean {
    return this.sync.isOpen
  }

  /**
   * Returns a keyspace as the transaction sees it.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when it is not one of this database, LDB_NOT_FOUND when it was dropped,
   * LDB_CLOSED.
   */
  in<K, V>(keyspace: AsyncKeyspaceWrites<K, V> | KeyspaceWrites<K, V>): AsyncTransactionKeyspace<K, V> {
    const target = keyspace instanceof AsyncKeyspaceWrites ? keyspace.writes : keyspace
    return new AsyncTransactionKeyspace(this.api, this.sync.in(target))
  }

  /** Marks what has been written so far, for `rollbackTo`. */
  async savepoint(): Promise<Savepoint> {
    return this.sync.savepoint()
  }

  /**
   * Undoes the writes since a savepoint, which stays; what was read stays read.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when it is not one of this transaction, or gone with an earlier one.
   */
  async rollbackTo(savepoint: Savepoint): Promise<void> {
    this.sync.rollbackTo(savepoint)
  }

  /**
   * Commits behind all that was called before: all of it becomes visible at once, in every keyspace, or nothing. Resolves
   * when it is as durable as was asked, with a sync that all who wait share. It has ended then, whatever happens.
   *
   * @param options - a signal ends what was not logged yet, and rolls it back.
   * @throws {@link LdbError} LDB_CONFLICT when another commit was first: run it again. LDB_COMMIT_UNKNOWN when the write or
   * the sync has failed; LDB_TOO_LARGE, LDB_ABORTED, and the errors of writes.
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

  /** Ends it; nothing of it is ever visible, unless its commit was logged. Idempotent. */
  async rollback(): Promise<void> {
    this.sync.rollback()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.sync.rollback()
  }

  /** Looks for conflicts, those in flight included, and numbers the commit at once (M7). */
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
      else this.api.commits.append(prepared.batch, durability, resolve, reject, prepared.marks)
    } catch (error) {
      this.sync.rollback()
      if (isLdbError(error, 'LDB_CONFLICT')) this.conflict = error
      reject(error)
    }
  }
}
