import { assert, invalidArgument, kindOf, resolveRange, utf8Keys, utf8Values } from '@ldb/base'
import type { RangeOptions } from '@ldb/base'
import { defaultVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import type { VerifyReport } from '@ldb/integrity'
import { AsyncDatabaseHandle } from './async-handle.js'
import { Batch } from './write/batch.js'
import { openChangeStream } from './changes/open-stream.js'
import type { ChangesOptions } from './changes/options.js'
import type { ChangeStream } from './changes/stream.js'
import type { KeyspaceDescriptor } from './catalog/catalog.js'
import { verifyDirectory } from './directory-verification.js'
import { listenersOf } from './event-listeners.js'
import { KeyspaceHandles } from './keyspace-handles.js'
import { closeParts } from './open/parts.js'
import type { DatabaseParts } from './open/parts.js'
import { destroyDatabase } from './open/removal.js'
import type { DatabaseOptions } from './health/options.js'
import { checkVerifyOptions, verifyParts } from './verification.js'
import type { VerifyOptions } from './verification.js'
import { DEFAULT_KEYSPACE_ID } from './catalog/directory-layout.js'
import type { DatabaseEventName, DatabaseListener } from './health/events.js'
import type { Keyspace } from './write/keyspace.js'
import { KeyspaceCodec } from './keyspace/codec.js'
import type { KeyspaceOptions, KeysOf, ValuesOf } from './keyspace/options.js'
import { KeyspaceWrites } from './write/keyspace-writes.js'
import { openDatabase, openMemoryDatabase } from './open/open-database.js'
import { LiveSource } from './read/read-source.js'
import { Snapshot, SnapshotPins } from './write/snapshot.js'
import { collectStats } from './stats.js'
import type { DatabaseStats } from './stats.js'
import type { Transaction } from './transaction/transaction.js'
import { beginTransaction } from './transaction-begin.js'
import { runInTransaction } from './transaction/run.js'
import { resolveTransactionOptions } from './transaction/options.js'
import type { ResolvedTransactionOptions, TransactionOptions } from './transaction/options.js'

/**
 * A database: named, ordered, durable maps with atomic commits over all of them. Its own data methods act on the
 * keyspace `default`, whose keys and values are strings.
 *
 * @remarks One process opens a database at a time, and one `Database` in it. Every method is synchronous. After
 * `close()`, all of them throw `LDB_CLOSED`.
 * @example
 * ```ts
 * import { Database } from '@ldb/core'
 *
 * using db = Database.memory()
 * db.put('hello', 'world')
 * for (const [key, value] of db.entries({ prefix: 'h' })) console.log(key, value) // hello world
 * ```
 * @category Database
 */
export class Database extends KeyspaceWrites<string, string> implements Disposable {
  readonly #parts: DatabaseParts
  readonly #handles: KeyspaceHandles
  #promises: AsyncDatabaseHandle | undefined = undefined

  /** @internal */
  constructor(parts: DatabaseParts) {
    const store = parts.keyspaces.byId(DEFAULT_KEYSPACE_ID)
    assert(store !== undefined, 'every database has the keyspace default')
    const source = new LiveSource(store, parts.health, parts.openReads)
    super(source, new KeyspaceCodec(utf8Keys, utf8Values), parts.pipeline)
    this.#parts = parts
    this.#handles = new KeyspaceHandles(parts)
  }

  /**
   * Opens the database in a directory, or makes it.
   *
   * @remarks After a clean close, reads a number of bytes that does not depend on its size; after a crash, reads the
   * log since the last checkpoint. When it is refused, not one byte has changed.
   * @param path - of the directory, of which the parent must exist.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_UNSUPPORTED for options; LDB_NOT_FOUND, LDB_EXISTS as the options
   * ask, the latter also when it has pages of another size than `pageBytes`; LDB_LOCKED when it is open somewhere, with
   * the holder; LDB_FORMAT when something else is there, or a newer format; LDB_CORRUPTION; LDB_READ_ONLY on a read-only
   * file system without `readOnly`; LDB_IO, LDB_NO_SPACE.
   */
  static open(path: string, options?: DatabaseOptions): Database {
    return new Database(openDatabase(path, options))
  }

  /** Makes a database in memory only: no file is touched, and all is gone with it. */
  static memory(options?: DatabaseOptions): Database {
    return new Database(openMemoryDatabase(options))
  }

  /**
   * Opens a database read-only, walks everything in it and tells what is wrong; see the method of the same name.
   *
   * @remarks Replays the log in memory when it was not closed cleanly. Damage that keeps it from being opened at all is a
   * finding, not an error.
   * @throws {@link LdbError} LDB_NOT_FOUND, LDB_LOCKED, LDB_FORMAT, LDB_IO, LDB_ABORTED.
   */
  static verify(path: string, options: VerifyOptions & { readonly vfs?: Vfs } = {}): VerifyReport {
    return verifyDirectory(path, options)
  }

  /**
   * Deletes the database in a directory. Files that are not its own stay, and the directory with them.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when nothing is there; LDB_FORMAT when it is not a database; LDB_LOCKED when it
   * is open; LDB_IO.
   */
  static destroy(path: string, options: { readonly vfs?: Vfs } = {}): void {
    destroyDatabase(path, options.vfs ?? defaultVfs())
  }

  /** The asynchronous API of this database: the same methods, with promises. */
  get promises(): AsyncDatabaseHandle {
    this.#promises ??= new AsyncDatabaseHandle(this, this.#parts)
    return this.#promises
  }

  /**
   * Makes the asynchronous API as an instance of a class of its own, which the api of this database then is.
   *
   * @internal
   */
  makePromises<Api extends AsyncDatabaseHandle>(
    make: new (database: Database, parts: DatabaseParts) => Api,
  ): Api {
    assert(this.#promises === undefined, 'a database has one asynchronous API')
    const api = new make(this, this.#parts)
    this.#promises = api
    return api
  }

  /** Number of the newest commit; 0 when there was never one. */
  get seq(): number {
    return this.pipeline.seq
  }

  /** True until `close()`. */
  get isOpen(): boolean {
    return !this.#parts.health.closed
  }

  /**
   * Opens or makes a keyspace. The same call gives the same object.
   *
   * @param options - what is not named is as stored, or the default when it is new.
   * @throws {@link LdbError} LDB_EXISTS when it is there with other options, LDB_INVALID_ARGUMENT, LDB_UNSUPPORTED,
   * LDB_READ_ONLY when it would have to be made, LDB_IO, LDB_NO_SPACE.
   */
  keyspace<const O extends KeyspaceOptions<never, never>>(
    name: string,
    options?: O,
  ): Keyspace<KeysOf<O>, ValuesOf<O>>
  keyspace<K, V>(name: string, options?: KeyspaceOptions<K, V>): Keyspace<K, V>
  keyspace(name: string, options?: KeyspaceOptions<never, never>): Keyspace<never, never> {
    return this.#handles.open(name, options)
  }

  /** Lists the keyspaces, by rising number. */
  keyspaces(): KeyspaceDescriptor[] {
    this.#parts.health.assertOpen()
    return [...this.#parts.keyspaces].map(({ descriptor }) => descriptor)
  }

  /**
   * Drops a keyspace with all that is in it. What is open on it stays readable until it is released.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when there is none of that name, LDB_INVALID_ARGUMENT for `default`.
   */
  dropKeyspace(name: string): void {
    this.#handles.drop(name)
  }

  /** Begins a batch, aimed at the keyspace `default`. */
  batch(): Batch<string, string> {
    this.pipeline.assertWritable()
    return new Batch(this)
  }

  /** Freezes all keyspaces as they are. Release it, or write `using`. */
  snapshot(): Snapshot {
    const { health, keyspaces, openReads, pipeline } = this.#parts
    health.assertReadable()
    return new Snapshot(new SnapshotPins(pipeline, pipeline.seq, keyspaces, openReads), this.codec)
  }

  /**
   * Begins a transaction over all keyspaces. End it, or write `using`.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT; LDB_POISONED when a commit failed half way.
   */
  begin(options?: TransactionOptions): Transaction {
    return this.#begin(resolveTransactionOptions(options))
  }

  /**
   * Runs a function in a transaction, commits when it returns, and gives what it gave. It is not run again on a conflict.
   *
   * @param run - sync; what it throws leaves this call, and nothing is written.
   * @throws {@link LdbError} LDB_CONFLICT when another commit was first; LDB_INVALID_ARGUMENT when `run` gives a promise; and
   * the errors of writes.
   */
  transaction<T>(run: (transaction: Transaction) => T, options?: TransactionOptions): T {
    const resolved = resolveTransactionOptions(options)
    if (typeof run !== 'function') throw invalidArgument(`transaction needs a function, not ${kindOf(run)}`)
    return runInTransaction(this.#begin(resolved), run)
  }

  /**
   * Returns committed changes, in the order of the commits: those behind `since` that are still in the log, then each that
   * comes. A checkpoint cuts the log, but for those who read it.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when the log no longer reaches back to `since`; LDB_INVALID_ARGUMENT.
   */
  changes<K = unknown, V = unknown>(options?: ChangesOptions<K, V>): ChangeStream<K, V> {
    return openChangeStream(this.#parts, options)
  }

  /**
   * Makes all that was acknowledged durable on the device.
   *
   * @throws {@link LdbError} LDB_IO, LDB_NO_SPACE, LDB_COMMIT_UNKNOWN; the database is then poisoned. LDB_READ_ONLY.
   */
  sync(): void {
    const { health, log, events, changeSignal } = this.#parts
    this.pipeline.settle()
    health.assertWritable()
    try {
      log.sync()
    } catch (error) {
      health.poison(error, false)
      events.emit('error', { error })
      throw error
    }
    // What was in this process alone is now told.
    changeSignal.wake()
  }

  /** Writes all keyspaces down, so that the log can be cut. Comes by itself as the log grows, and at `close()`. */
  checkpoint(): void {
    this.pipeline.settle()
    this.#parts.health.assertWritable()
    this.#parts.checkpointer.run(this.pipeline, { unhurried: true })
  }

  /**
   * Moves data down in the files, and gives the space behind it back.
   *
   * @param range - checked, and of no effect: a B+tree is compacted as a whole.
   */
  compact(range?: RangeOptions<string>): void {
    this.pipeline.settle()
    this.#parts.health.assertWritable()
    resolveRange(range, utf8Keys)
    this.#parts.checkpointer.run(this.pipeline, { shrink: true })
  }

  /**
   * Walks the catalog, every record of the log, every page and every entry, and tells what is wrong; nothing is
   * estimated.
   *
   * @throws {@link LdbError} LDB_ABORTED when the signal was aborted; LDB_POISONED; and what `onProgress` throws.
   */
  verify(options?: VerifyOptions): VerifyReport {
    const checked = checkVerifyOptions(options)
    this.#parts.health.assertReadable()
    this.#assertNotVerifying()
    return verifyParts(this.#parts, checked)
  }

  /** Returns figures about log, cache, checkpoints, open reads and every keyspace. */
  stats(): DatabaseStats {
    this.#parts.health.assertOpen()
    return collectStats(this.#parts)
  }

  /** Listens to an event; the same function only once. */
  on<Name extends DatabaseEventName>(name: Name, listener: DatabaseListener<Name>): this {
    listenersOf(this.#parts, name, listener).add(listener as (event: object) => void)
    return this
  }

  /** Ends what `on` began. */
  off<Name extends DatabaseEventName>(name: Name, listener: DatabaseListener<Name>): this {
    listenersOf(this.#parts, name, listener).delete(listener as (event: object) => void)
    return this
  }

  /**
   * Ends all that is open, checkpoints and gives files and lock back. Idempotent.
   *
   * @throws {@link LdbError} LDB_IO, LDB_NO_SPACE when the checkpoint failed: nothing acknowledged is lost, files and lock
   * are given back even so, and the next open replays the log.
   */
  close(): void {
    if (this.#parts.health.closed) return
    this.#assertNotVerifying()
    this.#handles.clear()
    closeParts(this.#parts)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #begin(options: ResolvedTransactionOptions): Transaction {
    // What was called before is seen.
    if (!options.readOnly) this.pipeline.settle()
    return beginTransaction(this, this.#parts, options, false)
  }

  #assertNotVerifying(): void {
    if (this.#parts.health.paused) throw invalidArgument('the database is being verified')
  }
}
