import { invalidArgument, kindOf, resolveRange, utf8Keys } from '@ldb/base'
import type { RangeOptions } from '@ldb/base'
import type { VerifyReport } from '@ldb/integrity'
import { AsyncBatch } from './async/batch.js'
import { drainFace } from './open/sliced-checkpoint.js'
import { AsyncApi } from './async/api.js'
import { AsyncKeyspace } from './async/keyspace.js'
import { AsyncKeyspaceWrites } from './async/keyspace-writes.js'
import { signalOf, splitSignal, throwIfAborted } from './health/abort-signal.js'
import type { AsyncOptions } from './health/abort-signal.js'
import { AsyncSnapshot } from './async/snapshot.js'
import { AsyncTransaction } from './async/transaction.js'
import { resolveAsyncTransactionOptions } from './async/transaction-options.js'
import type { AsyncTransactionOptions } from './async/transaction-options.js'
import { runTransaction } from './async/transaction-retries.js'
import { verifyInTimeSlices } from './async-verification.js'
import type { ChangesOptions } from './changes/options.js'
import type { ChangeStream } from './changes/stream.js'
import type { KeyspaceDescriptor } from './catalog/catalog.js'
import type { Database } from './database.js'
import type { DatabaseParts } from './open/parts.js'
import { checkVerifyOptions } from './verification.js'
import type { VerifyOptions } from './verification.js'
import type { DatabaseEventName, DatabaseListener } from './health/events.js'
import type { Keyspace } from './write/keyspace.js'
import type { KeyspaceOptions, KeysOf, ValuesOf } from './keyspace/options.js'
import type { DatabaseStats } from './stats.js'
import { beginTransaction } from './transaction-begin.js'
import { resolveTransactionOptions } from './transaction/options.js'
import type { ResolvedTransactionOptions, TransactionOptions } from './transaction/options.js'

/**
 * The asynchronous API of an open database: the same methods, with promises. Made by `AsyncDatabase.open`, and by `promises` of a
 * `Database`; both faces may be used at the same time.
 *
 * @remarks What needs no file is given at once: batches, scans, cursors, snapshots. After `close()` was called, all methods
 * reject with `LDB_CLOSED`.
 * @category Async
 */
export class AsyncDatabaseHandle extends AsyncKeyspaceWrites<string, string> implements AsyncDisposable {
  /** The synchronous API of the same database. */
  readonly sync: Database
  readonly #parts: DatabaseParts
  readonly #keyspaces: WeakMap<object, AsyncKeyspace<never, never>> = new WeakMap()
  #closed: Promise<void> | undefined = undefined

  /** @internal */
  constructor(database: Database, parts: DatabaseParts) {
    super(new AsyncApi(parts.gate, parts.pipeline.async), database)
    this.sync = database
    this.#parts = parts
    parts.backgroundSync.leaveThread()
  }

  /** Number of the newest commit that is visible; 0 when there was never one. */
  get seq(): number {
    return this.sync.seq
  }

  /** True until `close()` is called. */
  get isOpen(): boolean {
    return !this.api.isClosing && this.sync.isOpen
  }

  /**
   * Opens or makes a keyspace. The same call gives the same object.
   *
   * @param options - what is not named is as stored, or the default when it is new.
   */
  keyspace<const O extends KeyspaceOptions<never, never>>(
    name: string,
    options?: O,
  ): Promise<AsyncKeyspace<KeysOf<O>, ValuesOf<O>>>
  keyspace<K, V>(name: string, options?: KeyspaceOptions<K, V>): Promise<AsyncKeyspace<K, V>>
  async keyspace(
    name: string,
    options?: KeyspaceOptions<never, never>,
  ): Promise<AsyncKeyspace<never, never>> {
    this.api.assertOpen()
    return this.of(this.sync.keyspace<never, never>(name, options))
  }

  /** Returns the asynchronous API of a keyspace that was opened by the sync one. */
  of<K, V>(keyspace: Keyspace<K, V>): AsyncKeyspace<K, V> {
    const present = this.#keyspaces.get(keyspace)
    if (present !== undefined) return present as unknown as AsyncKeyspace<K, V>
    const made = new AsyncKeyspace(this.api, keyspace)
    this.#keyspaces.set(keyspace, made as unknown as AsyncKeyspace<never, never>)
    return made
  }

  /** Lists the keyspaces, by rising number. */
  async keyspaces(): Promise<KeyspaceDescriptor[]> {
    this.api.assertOpen()
    return this.sync.keyspaces()
  }

  /** Drops a keyspace with all that is in it. What is open on it stays readable until it is released. */
  async dropKeyspace(name: string): Promise<void> {
    this.api.assertOpen()
    await this.api.commits.idle()
    this.sync.dropKeyspace(name)
  }

  /** Begins a batch, aimed at the keyspace `default`. */
  batch(): AsyncBatch<string, string> {
    this.api.assertOpen()
    return new AsyncBatch(this.api, this.sync.batch())
  }

  /** Freezes all keyspaces as they are. Release it, or write `await using`. */
  snapshot(): AsyncSnapshot {
    this.api.assertOpen()
    return new AsyncSnapshot(this.api, this.sync.snapshot())
  }

  /**
   * Begins a transaction over all keyspaces, which sees what is visible now. End it, or write `await using`.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_CLOSED; LDB_POISONED when a commit failed half way.
   */
  begin(options?: TransactionOptions): AsyncTransaction {
    return this.#begin(resolveTransactionOptions(options))
  }

  /**
   * Runs a function in a transaction, commits when its promise is resolved, and gives what it gave. When another commit was
   * first, it is run again from fresh reads.
   *
   * @param run - may be run several times: what it does elsewhere is done each time. Its second argument is the number of
   * the attempt, from 1 on. What it throws is the rejection, and nothing is written.
   * @throws {@link LdbError} LDB_CONFLICT when it has lost `retries` times and once more; LDB_ABORTED; LDB_CLOSED when the
   * database is closed meanwhile; and the errors of writes.
   */
  async transaction<T>(
    run: (transaction: AsyncTransaction, attempt: number) => T | PromiseLike<T>,
    options?: AsyncTransactionOptions,
  ): Promise<T> {
    const resolved = resolveAsyncTransactionOptions(options)
    if (typeof run !== 'function') throw invalidArgument(`transaction needs a function, not ${kindOf(run)}`)
    return runTransaction(this.api, () => this.#begin(resolved.begin), run, resolved)
  }

  /** Returns committed changes; see `changes` of the synchronous API. */
  changes<K = unknown, V = unknown>(options?: ChangesOptions<K, V>): ChangeStream<K, V> {
    this.api.assertOpen()
    return this.sync.changes(options)
  }

  /**
   * Makes all that was called before durable on the device, off-thread. (`sync` is the synchronous API, which has a method of that
   * name for the same.)
   *
   * @throws {@link LdbError} as `sync` of the synchronous API.
   */
  async synced(): Promise<void> {
    this.writes.pipeline.assertWritable()
    await this.api.run(() => this.api.commits.synced())
  }

  /** Writes all keyspaces down beside other work, so that the log can be cut. A signal ends the waiting, not what has begun. */
  async checkpoint(options?: AsyncOptions): Promise<void> {
    const signal = signalOf(options)
    throwIfAborted(signal)
    this.writes.pipeline.assertWritable()
    await this.api.run(() => this.#parts.slicedCheckpoint.run({ unhurried: true }, signal))
  }

  /**
   * Moves data down in the files, and gives the space behind it back. What was changed is written beside other work; the
   * moving itself holds the thread.
   */
  async compact(range?: RangeOptions<string> & AsyncOptions): Promise<void> {
    const { signal, rest } = splitSignal(range)
    throwIfAborted(signal)
    this.writes.pipeline.assertWritable()
    resolveRange(rest as RangeOptions<string> | undefined, utf8Keys)
    await this.api.run(() => this.#parts.slicedCheckpoint.run({ shrink: true }, signal))
  }

  /**
   * Walks everything, part by part, and tells what is wrong; nothing is estimated. Commits may come between two parts.
   *
   * @remarks The event loop has its turn between the catalog, the log and each keyspace, not within.
   */
  async verify(options?: VerifyOptions): Promise<VerifyReport> {
    const checked = checkVerifyOptions(options)
    this.#parts.health.assertReadable()
    return this.api.run(() => verifyInTimeSlices(this.#parts, checked))
  }

  /** Returns figures about log, cache, checkpoints, open reads and every keyspace. */
  async stats(): Promise<DatabaseStats> {
    this.api.assertOpen()
    return this.sync.stats()
  }

  /** Listens to an event; the same function only once. */
  on<Name extends DatabaseEventName>(name: Name, listener: DatabaseListener<Name>): this {
    this.sync.on(name, listener)
    return this
  }

  /** Ends what `on` began. */
  off<Name extends DatabaseEventName>(name: Name, listener: DatabaseListener<Name>): this {
    this.sync.off(name, listener)
    return this
  }

  /**
   * Takes nothing more, waits for what runs, writes down beside other work what a checkpoint would, and closes both faces.
   * Idempotent.
   *
   * @throws {@link LdbError} LDB_IO, LDB_NO_SPACE as `close` of the synchronous API.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #begin(options: ResolvedTransactionOptions): AsyncTransaction {
    this.api.assertOpen()
    return new AsyncTransaction(this.api, beginTransaction(this.sync, this.#parts, options, true))
  }

  async #close(): Promise<void> {
    const { slicedCheckpoint, health, options } = this.#parts
    await drainFace(this.api, slicedCheckpoint)
    try {
      if (!health.closed && !options.readOnly && health.writeRefusal === undefined) {
        await slicedCheckpoint.run({ unhurried: true }, undefined)
      }
    } finally {
      // After a failure there is no checkpoint any more, but files and lock are given back.
      this.sync.close()
    }
  }
}
