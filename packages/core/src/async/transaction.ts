import { isLdbError } from '@ldb/base'
import type { Savepoint } from '@ldb/mvcc'
import type { AsyncApi } from '../calls/async-api.js'
import { CallOrder } from '../calls/call-order.js'
import type { CallOwner } from '../calls/call-order.js'
import { endedError } from '../transaction/source.js'
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
  #conflict: unknown = undefined
  /** The commit, once it is called. */
  #commit: Promise<void> | undefined = undefined

  /**
   * @param owner - what the calls on the transaction are part of.
   * @internal
   */
  constructor(api: AsyncApi, transaction: Transaction, owner: CallOwner) {
    super(api, transaction, new CallOrder(api.gate, owner, endedError))
    this.sync = transaction
  }

  /** The conflict with which the commit has failed. @internal */
  get conflict(): unknown {
    return this.#conflict
  }

  /** True after `commit` is called. @internal */
  get isCommitCalled(): boolean {
    return this.#commit !== undefined
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
    this.calls.assertOpen()
    const target = keyspace instanceof AsyncKeyspaceWrites ? keyspace.writes : keyspace
    return new AsyncTransactionKeyspace(this.api, this.sync.in(target), this.calls)
  }

  /** Returns a savepoint: the writes so far, to which `rollbackTo` returns. */
  async savepoint(): Promise<Savepoint> {
    this.calls.assertOpen()
    if (!this.calls.isBlocked) return this.api.answer(this.sync.savepoint())
    return this.calls.run(async () => this.sync.transaction.savepoint())
  }

  /**
   * Discards the writes since a savepoint. The savepoint stays valid, and reads since then still conflict.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND for a savepoint of another transaction, or one discarded by a rollback to an
   * earlier savepoint.
   */
  async rollbackTo(savepoint: Savepoint): Promise<void> {
    this.calls.assertOpen()
    if (this.calls.isBlocked) {
      return this.calls.run(async () => {
        this.sync.transaction.rollbackTo(savepoint)
      })
    }
    this.sync.rollbackTo(savepoint)
    return this.api.answer(undefined)
  }

  /**
   * Commits the transaction: all of its writes become visible at once, in every keyspace, or none. Resolves when the
   * commit is as durable as requested. The transaction has ended afterwards, even if the commit fails.
   *
   * @remarks Commits after all calls on the transaction, and all writes and commits, that were called before, awaited or
   * not. Concurrent commits share one sync.
   * @param options - an aborted signal rolls the transaction back if it is not logged yet.
   * @throws {@link LdbError} LDB_CONFLICT when a conflicting commit was first: retry. LDB_COMMIT_UNKNOWN when the write
   * or the sync failed; LDB_TOO_LARGE; LDB_ABORTED; LDB_CLOSED; the errors of writes.
   */
  async commit(options?: AsyncWriteOptions): Promise<void> {
    const { signal, rest } = splitSignal(options)
    this.calls.assertOpen()
    const durability = this.sync.beginCommit(rest)
    this.#commit = this.#commitAfter(this.calls.refuseLater(), signal, durability)
    await this.#commit
    return this.api.answer(undefined)
  }

  /**
   * Ends the transaction without a commit, after the calls before, and discards its writes. Has no effect after a call of
   * `commit`. Idempotent.
   */
  async rollback(): Promise<void> {
    if (this.#commit === undefined) {
      await this.calls.end(() => {
        this.sync.rollback()
      })
    } else {
      // The call of `commit` reports its failure.
      await this.#commit.catch(() => undefined)
    }
    return this.api.answer(undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rollback()
  }

  /**
   * Commits unless that was called already.
   *
   * @throws {@link LdbError} the error of the commit; LDB_ABORTED after a call of `rollback`; LDB_CLOSED when the database
   * was closed. @internal
   */
  async finish(signal: AbortSignalLike | undefined): Promise<void> {
    if (this.#commit !== undefined) await this.#commit
    else if (!this.sync.wasCommitted()) await this.commit({ signal })
  }

  /** @param earlier - ends with the calls on the transaction that were called before; `undefined` when none is pending. */
  #commitAfter(
    earlier: Promise<void> | undefined,
    signal: AbortSignalLike | undefined,
    durability: Durability | undefined,
  ): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      let isReady = earlier === undefined
      void earlier?.then(() => (isReady = true))
      this.api.commits.submit({
        run: (mayBlock) => {
          if (!isReady && !mayBlock) return earlier
          this.#append(signal, durability, resolve, reject)
          return undefined
        },
      })
    })
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
      this.sync.transaction.rollback()
      if (isLdbError(error, 'LDB_CONFLICT')) this.#conflict = error
      reject(error)
    }
  }
}
