import { LdbError, throwIfAborted } from '@ldb/base'
import type { AbortSignalLike } from '@ldb/base'
import type { WriteSetView } from '../buffer/write-set.js'
import { isDriverError } from '../driver/driver-error.js'
import type { OpenKeyspace } from '../keyspace/open-keyspace.js'
import { openedOf } from '../write/cluster-keyspace-of.js'
import type { ClusterKeyspace } from '../write/cluster-keyspace.js'
import { resolveWriteOptions } from '../write/write-options.js'
import type { ClusterWriteOptions } from '../write/write-options.js'
import { ClusterTransactionKeyspace } from './transaction-keyspace.js'
import type { TransactionState } from './transaction-state.js'

/** A state of the writes of a transaction, to which `rollbackTo` returns. @category Transactions */
export interface ClusterSavepoint {
  readonly __brand: 'ClusterSavepoint'
}

/**
 * An atomic sequence of reads and writes over all keyspaces. Its own methods act on the keyspace `default`.
 *
 * @remarks A transaction reads one snapshot and its own writes. Of two conflicting transactions, the one that the engine commits first wins.
 * @example
 * ```ts
 * import { ClusterDatabase, memoryDriver } from '@ldb/cluster'
 *
 * const db = await ClusterDatabase.open(memoryDriver())
 * const tx = db.begin()
 * await tx.put('balance', String(Number((await tx.get('balance')) ?? 0) + 10))
 * await tx.commit()
 * console.log(await db.get('balance')) // 10
 * await db.close()
 * ```
 * @category Transactions
 */
export class ClusterTransaction
  extends ClusterTransactionKeyspace<string, string>
  implements AsyncDisposable
{
  readonly #savepoints: Map<ClusterSavepoint, WriteSetView> = new Map()
  #commit: Promise<void> | undefined = undefined

  /** @internal */
  constructor(opened: OpenKeyspace<string, string>, state: TransactionState) {
    super(opened, state)
  }

  /** True until the transaction ends. */
  get isOpen(): boolean {
    return this.state.isOpen
  }

  /** True after `commit` is called. @internal */
  get isCommitCalled(): boolean {
    return this.#commit !== undefined
  }

  /** Returns the view of a keyspace through this transaction. @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_CLOSED. */
  in<K, V>(keyspace: ClusterKeyspace<K, V>): ClusterTransactionKeyspace<K, V> {
    this.state.assertReadable()
    return new ClusterTransactionKeyspace(openedOf(keyspace, this.state.session), this.state)
  }

  /** Returns a savepoint: the writes so far, to which `rollbackTo` returns. */
  async savepoint(): Promise<ClusterSavepoint> {
    this.state.assertReadable()
    const savepoint = Object.freeze({}) as ClusterSavepoint
    this.#savepoints.set(savepoint, this.state.writes.view())
    return savepoint
  }

  /**
   * Discards the writes since a savepoint. The savepoint stays valid, and reads since then still conflict.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND for a savepoint of another transaction, or one discarded by a rollback to an earlier one.
   */
  async rollbackTo(savepoint: ClusterSavepoint): Promise<void> {
    this.state.assertReadable()
    const view = this.#savepoints.get(savepoint)
    if (view === undefined)
      throw new LdbError('LDB_NOT_FOUND', 'the savepoint is not one of this transaction')
    this.state.writes.restore(view)
    const names = [...this.#savepoints.keys()]
    for (const later of names.slice(names.indexOf(savepoint) + 1)) this.#savepoints.delete(later)
  }

  /**
   * Commits the transaction: all of its writes become visible at once, in every keyspace, or none. The transaction has ended afterwards, even if the
   * commit fails.
   *
   * @throws {@link LdbError} LDB_CONFLICT when a conflicting commit was first: begin anew; LDB_TOO_LARGE; LDB_COMMIT_UNKNOWN; LDB_ABORTED when the signal was aborted before
   * the commit was sent; LDB_IO; LDB_CLOSED.
   */
  async commit(options?: ClusterWriteOptions): Promise<void> {
    const { signal } = resolveWriteOptions(options)
    this.state.assertReadable()
    this.#commit = this.state.session.track(this.#commitState(signal))
    return this.#commit
  }

  /** Ends the transaction without a commit, and discards its writes. Has no effect after a call of `commit`. Idempotent. */
  async rollback(): Promise<void> {
    // The call of `commit` reports its failure.
    if (this.#commit === undefined) await this.state.end()
    else await this.#commit.catch(() => undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rollback()
  }

  /** Commits unless that was called already. @throws {@link LdbError} the error of the commit; LDB_ABORTED after `rollback`. @internal */
  async finish(signal: AbortSignalLike | undefined): Promise<void> {
    if (this.#commit !== undefined) return this.#commit
    throwIfAborted(signal)
    if (!this.isOpen) {
      if (this.state.session.isClosing) this.state.assertReadable()
      throw new LdbError('LDB_ABORTED', 'the transaction was rolled back by its function')
    }
    return this.commit({ signal })
  }

  async #commitState(signal: AbortSignalLike | undefined): Promise<void> {
    try {
      await this.state.commit(signal)
    } catch (error) {
      const thrown = this.state.session.errorOf(error)
      if (isDriverError(error)) this.state.failure = { driverError: error, thrown }
      throw thrown
    }
  }
}
