import { invalidArgument, kindOf } from '@ldb/base'
import type { KeyEncodingOption, ValueEncodingOption } from '@ldb/base'
import { AsyncBatch } from './async/batch.js'
import type { CallOwner } from './calls/call-order.js'
import { actInCommitOrder } from './calls/commit-order.js'
import { AsyncKeyspace } from './async/keyspace.js'
import { AsyncDatabaseMaintenance } from './async-maintenance.js'
import { provideKey } from './encryption/secret.js'
import type { Encryption } from './encryption/secret.js'
import { AsyncSnapshot } from './async/snapshot.js'
import { AUTOMATIC_CHECKPOINT } from './commit/checkpoint-options.js'
import { renewalOf } from './keys-and-tokens.js'
import type { RotateKeyOptions } from './keys-and-tokens.js'
import type { RenewalStats } from './maintenance/background-renewal.js'
import { AsyncTransaction } from './async/transaction.js'
import { resolveAsyncTransactionOptions } from './async/transaction-options.js'
import type { AsyncTransactionOptions } from './async/transaction-options.js'
import { runTransaction } from './async/transaction-retries.js'
import type { ConsumerInfo } from './changes/consumers.js'
import type { ChangesOptions } from './changes/options.js'
import type { ChangeStream } from './changes/stream.js'
import type { KeyspaceDescriptor } from './catalog/catalog.js'
import type { Database } from './database.js'
import { OpenDatabase } from './open/open-database.js'
import type { DatabaseEventName, DatabaseListener } from './health/events.js'
import type { Keyspace } from './write/keyspace.js'
import type { KeysOf, ValuesOf } from './keyspace/encoded-types.js'
import type { KeyspaceOptions, KeyspaceOptionsWith, TypedKeyspaceOptions } from './keyspace/options.js'
import type { DatabaseStats } from './stats.js'
import { beginTransaction } from './transaction-begin.js'
import { resolveTransactionOptions } from './transaction/options.js'
import type { ResolvedTransactionOptions, TransactionOptions } from './transaction/options.js'

/**
 * The asynchronous API of an open database: the methods of `Database`, with promises. `AsyncDatabase.open` and the
 * property `promises` of a `Database` return it; both APIs may be used at the same time.
 *
 * @remarks Batches, scans, cursors and snapshots need no file, and are returned at once. After `close()` is called,
 * every method throws or rejects with `LDB_CLOSED`.
 * @category Async
 */
export class AsyncDatabaseHandle extends AsyncDatabaseMaintenance implements AsyncDisposable {
  /** The synchronous API of the same database. */
  readonly sync: Database
  readonly #keyspaces: WeakMap<object, AsyncKeyspace<never, never>> = new WeakMap()
  #closed: Promise<void> | undefined = undefined

  /** @internal */
  constructor(database: Database, opened: OpenDatabase) {
    if (!(opened instanceof OpenDatabase))
      throw invalidArgument(
        'a database is opened with AsyncDatabase.open or AsyncDatabase.memory, not with new',
      )
    super(database, opened)
    this.sync = database
    opened.backgroundSync.runOffThread()
  }

  /** Number of the newest visible commit; 0 before the first one. */
  get seq(): number {
    return this.sync.seq
  }

  /** True until `close()` is called. */
  get isOpen(): boolean {
    return !this.api.calls.isEnding && this.sync.isOpen
  }

  /**
   * Opens a keyspace, or creates it. Equal calls return the same object.
   *
   * @param options - an omitted option is as stored, or the default for a new keyspace.
   * @throws {@link LdbError} LDB_EXISTS when the keyspace has other options; LDB_NOT_FOUND without `createIfMissing`; LDB_INVALID_ARGUMENT; LDB_UNSUPPORTED;
   * LDB_READ_ONLY when a read-only database does not have it; LDB_CLOSED; LDB_IO; LDB_NO_SPACE.
   */
  keyspace<
    Keys extends KeyEncodingOption<unknown> | undefined = 'utf8',
    Values extends ValueEncodingOption<unknown> | undefined = 'utf8',
  >(
    name: string,
    options?: KeyspaceOptionsWith<Keys, Values>,
  ): Promise<AsyncKeyspace<KeysOf<Keys>, ValuesOf<Values>>>
  keyspace<K, V>(name: string, ...options: TypedKeyspaceOptions<K, V>): Promise<AsyncKeyspace<K, V>>
  async keyspace(
    name: string,
    options?: KeyspaceOptions<never, never>,
  ): Promise<AsyncKeyspace<never, never>> {
    this.api.assertOpen()
    // A drop that was called before comes first.
    if (this.api.commits.hasWaiting) await actInCommitOrder(this.api.commits, () => undefined)
    return this.api.answer(this.of(this.sync.openKeyspace(name, options)))
  }

  /** Returns the asynchronous API of an open keyspace. */
  of<K, V>(keyspace: Keyspace<K, V>): AsyncKeyspace<K, V> {
    const present = this.#keyspaces.get(keyspace)
    if (present !== undefined) return present as unknown as AsyncKeyspace<K, V>
    const keyspaceApi = new AsyncKeyspace(this.api, keyspace)
    this.#keyspaces.set(keyspace, keyspaceApi as unknown as AsyncKeyspace<never, never>)
    return keyspaceApi
  }

  /** Lists the keyspaces, in the order of their creation. */
  async keyspaces(): Promise<KeyspaceDescriptor[]> {
    this.api.assertOpen()
    return this.api.answer(this.sync.keyspaces())
  }

  /**
   * Drops a keyspace with all its entries, after every earlier commit; a later one to the keyspace is `LDB_NOT_FOUND`.
   * Open reads stay valid until they are released.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND for an unknown name; LDB_INVALID_ARGUMENT for `default`; LDB_CLOSED.
   */
  async dropKeyspace(name: string): Promise<void> {
    this.api.assertOpen()
    this.writes.pipeline.assertWritable()
    await actInCommitOrder(this.api.commits, () => this.sync.dropKeyspace(name))
  }

  /** Returns an empty batch, with the keyspace `default` as its target. */
  batch(): AsyncBatch<string, string> {
    this.api.assertOpen()
    return new AsyncBatch(this.api, this.sync.batch())
  }

  /** Returns a snapshot: a consistent view of all keyspaces as of this call. Release it, or declare it with `await using`. */
  snapshot(): AsyncSnapshot {
    this.api.assertOpen()
    return new AsyncSnapshot(this.api, this.sync.snapshot())
  }

  /**
   * Begins a transaction over all keyspaces, which sees the state that is visible now. End it, or declare it with
   * `await using`.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT; LDB_CLOSED; LDB_POISONED when a commit was applied in part.
   */
  begin(options?: TransactionOptions): AsyncTransaction {
    this.api.assertOpen()
    return this.#begin(resolveTransactionOptions(options), { order: this.api.calls, call: undefined })
  }

  /**
   * Runs a function in a transaction, commits when its promise resolves, and returns its result. After a conflict, runs
   * it again from fresh reads.
   *
   * @remarks Resolves only if the transaction was committed, by this method or by the function itself. A write of the
   * function through the database, instead of through the transaction, is a commit of its own: it cannot be detected here,
   * as it is in the synchronous API, and is not rolled back. From the second attempt on, it waits until no other retried
   * transaction runs, and commits of transactions that are not retried wait for it.
   * @param run - may run several times, with its side effects. Its second argument is the number of the attempt, from 1
   * on. Its exception rolls the transaction back and rejects the promise.
   * @throws {@link LdbError} LDB_CONFLICT after `retries` retries; LDB_ABORTED at once when the signal is aborted, or when
   * the function has called `rollback`; LDB_CLOSED when the database is closed meanwhile; LDB_NOT_FOUND when a keyspace
   * that it wrote to was dropped; the errors of writes.
   */
  async transaction<T>(
    run: (transaction: AsyncTransaction, attempt: number) => T | PromiseLike<T>,
    options?: AsyncTransactionOptions,
  ): Promise<T> {
    const resolved = resolveAsyncTransactionOptions(options)
    if (typeof run !== 'function') throw invalidArgument(`transaction needs a function, not ${kindOf(run)}`)
    if (!resolved.begin.readOnly) this.writes.pipeline.assertCommittable(this, false)
    return this.api.calls.run((call) =>
      runTransaction(
        this.api,
        call,
        () => this.#begin(resolved.begin, { order: undefined, call }),
        run,
        resolved,
      ),
    )
  }

  /** Returns a stream of committed changes; see `changes` of the synchronous API. */
  changes<K = unknown, V = unknown>(options?: ChangesOptions<K, V>): ChangeStream<K, V> {
    this.api.assertOpen()
    return this.sync.changes(options)
  }

  /** Lists the named consumers of changes; see `Database.consumers`. @throws {@link LdbError} as it does. */
  async consumers(): Promise<ConsumerInfo[]> {
    this.api.assertOpen()
    return this.api.answer(this.sync.consumers())
  }

  /** Forgets a named consumer, after every earlier commit; see `Database.dropConsumer`. @throws {@link LdbError} as it does. */
  async dropConsumer(name: string): Promise<void> {
    this.api.assertOpen()
    await actInCommitOrder(this.api.commits, () => this.sync.dropConsumer(name))
  }

  /** Replaces the key or the passphrase; see `Database.rotateKey`. Accepts a `keyProvider`, too. @throws {@link LdbError} as it does. */
  async rotateKey(encryption: Encryption, options?: RotateKeyOptions): Promise<void> {
    this.api.assertOpen()
    await this.api.calls.run(async () => {
      const provided = (await provideKey(encryption)) as Encryption
      await actInCommitOrder(this.api.commits, () => this.sync.rotateKey(provided, options))
    })
  }

  /** Renews data keys between other operations; see `Database.renewKeys`. @throws {@link LdbError} as it does. */
  async renewKeys(): Promise<RenewalStats> {
    this.writes.pipeline.assertAccepting()
    return this.api.calls.run(() => renewalOf(this.opened).run())
  }

  /** Makes every write called before durable, and returns a token of this state; see `Database.stateToken`. */
  async stateToken(): Promise<string> {
    await this.synced()
    return this.sync.stateToken()
  }

  /** Returns statistics of the log, the cache, checkpoints, open reads, transactions and every keyspace. */
  async stats(): Promise<DatabaseStats> {
    this.api.assertOpen()
    return this.api.answer(this.sync.stats())
  }

  /** Adds a listener for an event. A listener that is present already is not added again. */
  on<Name extends DatabaseEventName>(name: Name, listener: DatabaseListener<Name>): this {
    this.sync.on(name, listener)
    return this
  }

  /** Removes a listener. */
  off<Name extends DatabaseEventName>(name: Name, listener: DatabaseListener<Name>): this {
    this.sync.off(name, listener)
    return this
  }

  /**
   * Refuses new operations, waits for pending ones, checkpoints between other tasks, and closes both APIs. Idempotent.
   *
   * @remarks Operations that were called before finish first, awaited or not. One that waits for a promise of a function of
   * the caller, such as that of `transaction` or of a scan's `map`, is waited for only while the promise resolves within a
   * turn of the event loop: otherwise it fails with `LDB_CLOSED`, and so do open transactions, scans, cursors, snapshots and
   * change streams. `close` of the synchronous API waits for commits only, and fails all other operations.
   * @throws {@link LdbError} LDB_IO, LDB_NO_SPACE as `Database.close`.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #begin(options: ResolvedTransactionOptions, owner: CallOwner): AsyncTransaction {
    return new AsyncTransaction(this.api, beginTransaction(this.sync, this.opened, options, true), owner)
  }

  async #close(): Promise<void> {
    const { slicedCheckpoint, health, options } = this.opened
    const earlier = this.api.calls.refuseLater()
    this.api.turns.beginClose()
    await earlier
    health.announceClose()
    await this.api.commits.idle()
    await slicedCheckpoint.idle()
    // The checkpoint truncates the log.
    this.opened.commitHolds.close()
    try {
      const isWritable = !health.closed && !options.readOnly && health.writeRefusal === undefined
      if (isWritable && !this.opened.closesWithoutCheckpoint) {
        await slicedCheckpoint.run({ ...AUTOMATIC_CHECKPOINT, effort: 'explicit' }, undefined)
      }
    } finally {
      // After a failure there is no checkpoint, but the files and the lock are released.
      this.sync.close()
    }
  }
}
