import { invalidArgument } from '@ldb/base'
import type { PreparedCommit, Savepoint, Transaction as StoreTransaction } from '@ldb/mvcc'
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

/** What a transaction works with. */
export interface TransactionParts {
  /** The keyspace `default`. */
  readonly keyspace: KeyspaceStore
  readonly codec: KeyspaceCodec<string, string>
  readonly state: TransactionState
  readonly pipeline: CommitPipeline
  readonly durability: Durability | undefined
}

/**
 * Reads and writes over all keyspaces that happen at once, or not at all. Its own methods act on the keyspace `default`.
 *
 * @remarks It sees the database as it was at its beginning, with its own writes. The first of two that conflict to commit
 * wins, the other gives `LDB_CONFLICT` and is to be run again. End it, or write `using`: an open one holds old data back.
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
  readonly #transaction: StoreTransaction

  /** @internal */
  constructor(parts: TransactionParts) {
    const { keyspace, codec, state } = parts
    super(new TransactionSource(keyspace, state), codec, state.transaction)
    this.#parts = parts
    this.#transaction = state.transaction
  }

  /** Number of the newest commit that it sees. */
  get seq(): number {
    return this.#transaction.seq
  }

  /** True until it has ended. */
  get isOpen(): boolean {
    return this.#transaction.isOpen
  }

  /**
   * Returns a keyspace as the transaction sees it.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when it is not one of this database, LDB_NOT_FOUND when it was dropped,
   * LDB_CLOSED.
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

  /** Marks what has been written so far, for `rollbackTo`. */
  savepoint(): Savepoint {
    this.source.assertReadable()
    return this.#transaction.savepoint()
  }

  /**
   * Undoes the writes since a savepoint, which stays; what was read stays read.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when it is not one of this transaction, or gone with an earlier one.
   */
  rollbackTo(savepoint: Savepoint): void {
    this.source.assertReadable()
    this.#transaction.rollbackTo(savepoint)
  }

  /**
   * Commits: all of it becomes visible at once, in every keyspace, or nothing. It has ended then, whatever happens.
   *
   * @throws {@link LdbError} LDB_CONFLICT when another commit was first: run it again. LDB_TOO_LARGE, and the errors of
   * writes.
   */
  commit(options?: WriteOptions): void {
    const { pipeline, state, durability } = this.#parts
    const { transaction } = state
    const wanted = resolveWriteOptions(options) ?? durability
    if (state.isCommitting || !transaction.isOpen) throw endedError()
    // What was called before comes before: it is not in flight when conflicts are looked for.
    pipeline.settle()
    const prepared = transaction.prepare()
    if (prepared !== undefined) pipeline.commit(prepared.batch, wanted, prepared.marks)
  }

  /** Takes nothing more: its commit has been called, which waits for those before it. @internal */
  beginCommit(options: WriteOptions | undefined): Durability | undefined {
    const { state, durability } = this.#parts
    const wanted = resolveWriteOptions(options) ?? durability
    if (state.isCommitting || !state.transaction.isOpen) throw endedError()
    state.isCommitting = true
    return wanted
  }

  /** Checks for conflicts and ends it, for a commit that is numbered at once. @internal */
  prepare(): PreparedCommit | undefined {
    return this.#transaction.prepare()
  }

  /** Ends it; nothing of it is ever visible. Idempotent, also after a commit. */
  rollback(): void {
    this.#transaction.rollback()
  }

  [Symbol.dispose](): void {
    this.rollback()
  }
}
