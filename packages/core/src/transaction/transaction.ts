import { invalidArgument, LdbError } from '@ldb/base'
import type { PreparedCommit, Savepoint } from '@ldb/mvcc'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { Durability } from '../health/options.js'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import { KeyspaceWrites } from '../write/keyspace-writes.js'
import { TransactionKeyspace } from './keyspace.js'
import { endedError, TransactionSource } from './source.js'
import type { TransactionState } from './source.js'
import { resolveWriteOptions } from '../write/options.js'
import type { WriteOptions } from '../write/options.js'

/** How a transaction was ended by its own methods. One that the database ended is still `open` here. */
type Outcome =
  | { readonly kind: 'open' | 'committed' | 'rolled back' }
  | { readonly kind: 'failed'; readonly error: unknown }

/** Everything that a transaction needs. */
export interface TransactionParts {
  /** The keyspace `default`. */
  readonly keyspace: KeyspaceStore
  readonly codec: KeyspaceCodec<string, string>
  readonly state: TransactionState
  readonly pipeline: CommitPipeline
  readonly durability: Durability | undefined
}

/**
 * An atomic sequence of reads and writes over all keyspaces. Its own methods act on the keyspace `default`.
 *
 * @remarks A transaction reads the state at its beginning, and its own writes. Many transactions may be open at once:
 * the first to commit wins, and a later one that conflicts with it throws `LDB_CONFLICT`; run it again. An open
 * transaction pins old data: end it, or declare it with `using`.
 * @example
 * ```ts
 * import { Database } from '@ldb/core'
 *
 * using db = Database.memory()
 * using tx = db.begin()
 * tx.put('balance', String(Number(tx.get('balance') ?? 0) + 10))
 * tx.commit()
 * console.log(db.get('balance')) // 10
 * ```
 * @category Transactions
 */
export class Transaction extends TransactionKeyspace<string, string> implements Disposable {
  readonly #parts: TransactionParts
  #outcome: Outcome = { kind: 'open' }

  /** @internal */
  constructor(parts: TransactionParts) {
    const { keyspace, codec, state } = parts
    super(new TransactionSource(keyspace, state), codec, state.transaction)
    this.#parts = parts
  }

  /** Number of the newest commit that the transaction sees. */
  get seq(): number {
    return this.transaction.seq
  }

  /** True until the transaction ends. */
  get isOpen(): boolean {
    return this.transaction.isOpen
  }

  /**
   * Returns the view of a keyspace through this transaction.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for a keyspace of another database; LDB_NOT_FOUND when the keyspace
   * was dropped; LDB_CLOSED.
   */
  in<K, V>(keyspace: KeyspaceWrites<K, V>): TransactionKeyspace<K, V> {
    const { state, pipeline } = this.#parts
    if (!(keyspace instanceof KeyspaceWrites) || keyspace.pipeline !== pipeline) {
      throw invalidArgument('a transaction takes keyspaces of its own database only')
    }
    this.source.assertReadable()
    const source = new TransactionSource(keyspace.store, state)
    return new TransactionKeyspace(source, keyspace.codec, state.transaction)
  }

  /** Returns a savepoint: the writes so far, to which `rollbackTo` returns. */
  savepoint(): Savepoint {
    this.source.assertReadable()
    return this.transaction.savepoint()
  }

  /**
   * Discards the writes since a savepoint. The savepoint stays valid, and reads since then still conflict.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND for a savepoint of another transaction, or one discarded by a rollback to an
   * earlier savepoint.
   */
  rollbackTo(savepoint: Savepoint): void {
    this.source.assertReadable()
    this.transaction.rollbackTo(savepoint)
  }

  /**
   * Commits the transaction: all of its writes become visible at once, in every keyspace, or none. The transaction has
   * ended afterwards, even if the commit fails.
   *
   * @throws {@link LdbError} LDB_CONFLICT when a conflicting commit was first: retry. LDB_TOO_LARGE; LDB_CLOSED; the
   * errors of writes.
   */
  commit(options?: WriteOptions): void {
    const { pipeline, state, durability } = this.#parts
    const { transaction } = state
    const wanted = resolveWriteOptions(options) ?? durability
    if (state.isCommitting || !transaction.isOpen) throw endedError()
    pipeline.assertCommittable(this, transaction.readOnly)
    this.settle(() => {
      // In-flight commits become visible first, so that the conflict check includes them.
      pipeline.drain()
      const prepared = transaction.prepare()
      if (prepared !== undefined) pipeline.commit(prepared.batch, wanted, prepared.keysReadForUpdate)
    })
  }

  /** Refuses more operations, after the commit is called and while it waits for earlier commits. @internal */
  beginCommit(options: WriteOptions | undefined): Durability | undefined {
    const { state, durability, pipeline } = this.#parts
    const wanted = resolveWriteOptions(options) ?? durability
    if (state.isCommitting || !state.transaction.isOpen) throw endedError()
    pipeline.assertCommittable(this, state.transaction.readOnly)
    state.isCommitting = true
    return wanted
  }

  /** Checks for conflicts and ends the transaction. The caller numbers the commit at once. @internal */
  prepare(): PreparedCommit | undefined {
    return this.transaction.prepare()
  }

  /** Runs a commit, and records its outcome. @internal */
  settle(commit: () => void): void {
    try {
      commit()
      this.#outcome = { kind: 'committed' }
    } catch (error) {
      this.noteFailure(error)
      throw error
    }
  }

  /** Records that the commit has failed. @internal */
  noteFailure(error: unknown): void {
    this.#outcome = { kind: 'failed', error }
  }

  /**
   * True when the transaction was committed by a call of `commit`.
   *
   * @throws {@link LdbError} the error of that commit; LDB_ABORTED after a call of `rollback`.
   * @internal
   */
  wasCommitted(): boolean {
    const outcome = this.#outcome
    if (outcome.kind === 'failed') throw outcome.error
    if (outcome.kind === 'rolled back')
      throw new LdbError('LDB_ABORTED', 'the transaction was rolled back by its own function')
    return outcome.kind === 'committed'
  }

  /** Ends the transaction, and discards its writes. Idempotent; no effect after a commit. */
  rollback(): void {
    if (this.#outcome.kind === 'open' && this.transaction.isOpen) this.#outcome = { kind: 'rolled back' }
    this.transaction.rollback()
  }

  [Symbol.dispose](): void {
    this.rollback()
  }
}
