import { assert, invalidArgument, kindOf, ownOptions, utf8Keys, utf8Values } from '@ldb/base'
import type { KeyEncodingOption, ValueEncodingOption } from '@ldb/base'
import { defaultVfs } from '@ldb/vfs'
import type { FilePath, Vfs } from '@ldb/vfs'
import { AsyncDatabaseHandle } from './async-handle.js'
import { Batch } from './write/batch.js'
import { CONSUMERS_KEYSPACE } from './catalog/directory-layout.js'
import { checkConsumerName, Consumers } from './changes/consumers.js'
import type { ConsumerInfo, ConsumerStore } from './changes/consumers.js'
import { openChangeStream } from './changes/open-stream.js'
import type { ChangesOptions } from './changes/options.js'
import type { ChangeStream } from './changes/stream.js'
import type { KeyspaceDescriptor } from './catalog/catalog.js'
import { verifyDirectory } from './directory-verification.js'
import type { DirectoryVerifyReport, VerifyDirectoryOptions } from './directory-verification.js'
import { KeyspaceHandles } from './keyspace-handles.js'
import { OpenDatabase } from './open/open-database.js'
import { repairDirectory } from './directory-repair.js'
import type { RepairOptions } from './repair/options.js'
import type { RepairReport } from './repair/report.js'
import { destroyDatabase } from './open/removal.js'
import { HandleSentinel } from './health/leaks.js'
import { resolveVfs } from './health/options.js'
import type { DatabaseOptions } from './health/options.js'
import { startRenewal } from './renewal/key-renewal.js'
import { startScrub } from './verification/scrubber.js'
import { DEFAULT_KEYSPACE_ID } from './catalog/directory-layout.js'
import type { Keyspace } from './write/keyspace.js'
import { KeyspaceCodec } from './keyspace/codec.js'
import type { KeysOf, ValuesOf } from './keyspace/encoded-types.js'
import type { KeyspaceOptions, KeyspaceOptionsWith, TypedKeyspaceOptions } from './keyspace/options.js'
import { openDatabase, openMemoryDatabase } from './open/opening.js'
import { LiveSource } from './read/read-source.js'
import { Snapshot, SnapshotHandle, SnapshotPins } from './write/snapshot.js'
import { restoreDatabase, restoreFromStreams } from './restore/restore-database.js'
import type { RestoreOptions, RestoreReport, RestoreStreamOptions } from './restore/options.js'
import { isStreamArgument } from './transfer/byte-source.js'
import type { BackupSource } from './transfer/byte-source.js'
import type { Transaction } from './transaction/transaction.js'
import { beginTransaction } from './transaction-begin.js'
import { runInTransaction } from './transaction/run.js'
import type { SynchronousResult } from './transaction/run.js'
import { resolveTransactionOptions } from './transaction/options.js'
import type { ResolvedTransactionOptions, TransactionOptions } from './transaction/options.js'
import { DatabaseMaintenance } from './database-maintenance.js'

/**
 * A database: named, ordered, durable maps with atomic commits over all of them. Its own data methods act on the
 * keyspace `default`, whose keys and values are utf8 strings.
 *
 * @remarks One process, and one `Database` in it, opens a directory at a time. Every method is synchronous, and throws
 * `LDB_CLOSED` after `close()`.
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
export class Database extends DatabaseMaintenance implements Disposable {
  readonly #handles: KeyspaceHandles
  readonly #consumers: Consumers
  #promises: AsyncDatabaseHandle | undefined = undefined

  /** @internal */
  constructor(opened: OpenDatabase) {
    if (!(opened instanceof OpenDatabase))
      throw invalidArgument('a database is opened with Database.open or Database.memory, not with new')
    const store = opened.keyspaces.byId(DEFAULT_KEYSPACE_ID)
    assert(store !== undefined, 'every database has the keyspace default')
    const sentinel = new HandleSentinel(opened.events.detachListeners())
    const source = new LiveSource(store, opened.health, opened.openReads, sentinel)
    super(source, new KeyspaceCodec(utf8Keys, utf8Values), opened)
    this.#handles = new KeyspaceHandles(opened, sentinel)
    opened.releaseAfter(sentinel)
    this.#consumers = new Consumers(opened.log, opened.engines.vfs.clock, opened.options)
    this.#consumers.load(() => this.#consumersKeyspace())
    opened.consumers = this.#consumers
    startScrub(opened)
    startRenewal(opened)
  }

  /**
   * Opens the database in a directory, or creates it.
   *
   * @remarks After a clean close, reads a number of bytes that does not depend on the size of the database. After a
   * crash, replays the log since the last checkpoint. A refused open changes no byte.
   *
   * A relative path is resolved once, at the call: a later `process.chdir` has no effect. When the directory is moved or replaced
   * while the database is open, the next operation that needs it by name fails with LDB_POISONED, touches nothing that has taken its place,
   * and poisons the database. The moved directory contains every acknowledged commit, and can be opened at its new path.
   * @param path - directory of the database, as a path or a `file:` URL (`new URL('./data', import.meta.url)`, or a string that
   * begins with `file://`). Missing parents are created, and durable before the database is.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT or LDB_UNSUPPORTED for an option; LDB_NOT_FOUND without
   * `createIfMissing`; LDB_EXISTS with `errorIfExists`, or for a page size other than `pageBytes`; LDB_LOCKED when
   * another opener holds the database, with the holder: any other for a writer, a writer for a read-only opener; LDB_FORMAT for a directory
   * that is not a database, or a newer format; LDB_CORRUPTION; LDB_READ_ONLY for a read-only file system without `readOnly`; LDB_IO;
   * LDB_NO_SPACE.
   */
  static open(path: FilePath, options?: DatabaseOptions): Database {
    return new Database(openDatabase(path, options))
  }

  /**
   * Creates a memory-only database: no file is touched, and closing it discards all data.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT or LDB_UNSUPPORTED for an option.
   */
  static memory(options?: DatabaseOptions): Database {
    return new Database(openMemoryDatabase(options))
  }

  /**
   * Verifies a closed database: opens it read-only, walks every page, record and key, and returns a report with real counts.
   *
   * @remarks After a crash, replays the log in memory. Damage that prevents the open is a finding, not an error: the catalog, the log and the
   * files of each keyspace are then walked by themselves, without what the log would add. Needs no write access, and may run beside
   * read-only openers.
   *
   * With `against`, also compares the content with that of another database, and lists the ranges of keys that differ. Copies of one
   * database are compared by the checksums of their pages; where checksums show nothing, all entries are read.
   * @param path - directory of the database, as in `open`.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT; LDB_NOT_FOUND; LDB_LOCKED when the database is open for writing; LDB_FORMAT; LDB_IO; LDB_ABORTED.
   */
  static verify(path: FilePath, options?: VerifyDirectoryOptions): DirectoryVerifyReport {
    return verifyDirectory(path, options)
  }

  /**
   * Salvages a damaged database into a new directory, and reports what is lost. The damaged database is not changed.
   *
   * @remarks Entries that were deleted or overwritten do not come back, unless the proof of it is lost: such entries are listed as
   * suspects. The target is built under a temporary name, verified, and renamed last. An error of the device ends the repair.
   * @param path - directory of the damaged database, as in `open`.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT; LDB_EXISTS when `target` is not empty; LDB_NOT_FOUND; LDB_LOCKED when the database is
   * open for writing; LDB_FORMAT; LDB_UNSUPPORTED when a codec is missing; LDB_ABORTED; LDB_NO_SPACE; LDB_IO. There is no target then.
   */
  static repair(path: FilePath, options: RepairOptions): RepairReport {
    return repairDirectory(path, options)
  }

  /**
   * Deletes the database in a directory. Keeps files that do not belong to the database, and then the directory.
   *
   * @remarks Of a symbolic link, deletes the database in the directory that it leads to; the link and the directory, then empty, stay.
   * @throws {@link LdbError} LDB_NOT_FOUND when the directory does not exist; LDB_FORMAT when it is not a database;
   * LDB_LOCKED when the database is open; LDB_POISONED when the directory was moved or replaced meanwhile; LDB_IO.
   */
  static destroy(path: FilePath, options?: { readonly vfs?: Vfs | undefined }): void {
    destroyDatabase(path, resolveVfs(ownOptions(options, ['vfs']).vfs) ?? defaultVfs())
  }

  /**
   * Restores a database from the directory of its backups to a path that is absent or empty. Verifies it before it gets its name.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND without a backup that contains `until`; LDB_EXISTS when `path` is not free; LDB_CORRUPTION, which
   * names the damaged file; LDB_FORMAT, LDB_NO_SPACE, LDB_ABORTED, LDB_INVALID_ARGUMENT, LDB_IO. Nothing is left then.
   */
  static restore(backup: FilePath, path: FilePath, options?: RestoreOptions): RestoreReport
  /**
   * Restores a database from the stream of a backup, or from those of a full backup and of the increments that continue it.
   *
   * @remarks Every section is checked before it is written. The increments take space beside the restored database until the end.
   * @throws {@link LdbError} as for a directory; LDB_CORRUPTION for a stream that is cut; and what a stream fails with.
   */
  static restore(
    streams: BackupSource | readonly BackupSource[],
    path: FilePath,
    options?: RestoreStreamOptions,
  ): Promise<RestoreReport>
  static restore(
    backup: FilePath | BackupSource | readonly BackupSource[],
    path: FilePath,
    options?: RestoreStreamOptions,
  ): RestoreReport | Promise<RestoreReport> {
    if (isStreamArgument(backup)) return restoreFromStreams(backup, path, options)
    return restoreDatabase(backup as FilePath, path, options)
  }

  /** The asynchronous API of this database. */
  override get promises(): AsyncDatabaseHandle {
    this.#promises ??= new AsyncDatabaseHandle(this, this.opened)
    return this.#promises
  }

  /**
   * Creates the asynchronous API as an instance of a given class. `promises` then returns that instance.
   *
   * @internal
   */
  makePromises<Api extends AsyncDatabaseHandle>(
    make: new (database: Database, opened: OpenDatabase) => Api,
  ): Api {
    assert(this.#promises === undefined, 'a database has one asynchronous API')
    const api = new make(this, this.opened)
    this.#promises = api
    return api
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
  >(name: string, options?: KeyspaceOptionsWith<Keys, Values>): Keyspace<KeysOf<Keys>, ValuesOf<Values>>
  keyspace<K, V>(name: string, ...options: TypedKeyspaceOptions<K, V>): Keyspace<K, V>
  keyspace(name: string, options?: KeyspaceOptions<never, never>): Keyspace<never, never> {
    return this.openKeyspace(name, options)
  }

  /**
   * Opens a keyspace whose types are not known.
   *
   * @internal
   */
  openKeyspace(name: string, options?: KeyspaceOptions<never, never>): Keyspace<never, never> {
    return this.#handles.open(name, options)
  }

  /** Lists the keyspaces, in the order of their creation. */
  keyspaces(): KeyspaceDescriptor[] {
    this.opened.health.assertOpen()
    return [...this.opened.keyspaces]
      .map(({ descriptor }) => descriptor)
      .filter(({ name }) => name !== CONSUMERS_KEYSPACE)
  }

  /**
   * Drops a keyspace with all its entries. Open reads stay valid until they are released.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND for an unknown name; LDB_INVALID_ARGUMENT for `default`; LDB_READ_ONLY;
   * LDB_CLOSED; LDB_IO.
   */
  dropKeyspace(name: string): void {
    this.#handles.drop(name)
  }

  /** Returns an empty batch, with the keyspace `default` as its target. */
  batch(): Batch<string, string> {
    this.pipeline.assertAccepting()
    return new Batch(this)
  }

  /** Returns a snapshot: a consistent view of all keyspaces as of this call. Release it, or declare it with `using`. */
  snapshot(): Snapshot {
    const { health, keyspaces, openReads, pipeline, engines } = this.opened
    health.assertReadable()
    const pins = new SnapshotPins(pipeline, pipeline.seq, keyspaces, engines.vfs.clock.now())
    return new Snapshot(new SnapshotHandle(pins, openReads, this.sentinel), this.codec)
  }

  /**
   * Begins a transaction over all keyspaces. End it, or declare it with `using`.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT; LDB_CLOSED; LDB_POISONED when a commit was applied in part.
   */
  begin(options?: TransactionOptions): Transaction {
    return this.#begin(resolveTransactionOptions(options))
  }

  /**
   * Runs a function in a transaction, commits when it returns, and returns its result. A conflict is not retried.
   *
   * @remarks Returns only if the transaction was committed, by this method or by the function itself. While the function
   * runs, a write past the transaction throws `LDB_INVALID_ARGUMENT`: one through the database, a keyspace, a batch, another
   * transaction or the asynchronous API, and the creation or drop of a keyspace. Reads past it are allowed.
   * @param run - synchronous. Its exception rolls the transaction back and leaves this call.
   * @throws {@link LdbError} LDB_CONFLICT when a conflicting commit was first; LDB_INVALID_ARGUMENT when `run` returns
   * a promise; LDB_CLOSED when it has closed the database; LDB_ABORTED when it has called `rollback`; LDB_NOT_FOUND when a
   * keyspace that it wrote to was dropped; the errors of writes.
   */
  transaction<T>(run: (transaction: Transaction) => SynchronousResult<T>, options?: TransactionOptions): T {
    const resolved = resolveTransactionOptions(options)
    if (typeof run !== 'function') throw invalidArgument(`transaction needs a function, not ${kindOf(run)}`)
    if (!resolved.readOnly) this.pipeline.assertCommittable(run, false)
    return runInTransaction(this.pipeline, this.#begin(resolved), run)
  }

  /**
   * Returns a stream of committed changes in commit order: those after `since`, then each new one.
   *
   * @remarks A checkpoint truncates the log, except the part that open streams still read.
   * @throws {@link LdbError} LDB_NOT_FOUND when the log no longer reaches back to `since`; LDB_INVALID_ARGUMENT;
   * LDB_CLOSED.
   */
  changes<K = unknown, V = unknown>(options?: ChangesOptions<K, V>): ChangeStream<K, V> {
    const consumers = { registry: this.#consumers, open: () => this.#openConsumers() }
    return openChangeStream(this.opened, this.sentinel, consumers, options)
  }

  /** Lists the named consumers of changes, by their names. @throws {@link LdbError} LDB_CLOSED; LDB_IO, LDB_CORRUPTION. */
  consumers(): ConsumerInfo[] {
    this.opened.health.assertReadable()
    if (this.opened.keyspaces.byName(CONSUMERS_KEYSPACE) === undefined) return []
    return this.#consumers.list(this.#openConsumers())
  }

  /**
   * Forgets a named consumer: the log is no longer kept for it.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when there is none; LDB_LOCKED while a stream of it is open; the errors of writes.
   */
  dropConsumer(name: string): void {
    checkConsumerName(name)
    this.pipeline.assertWritable()
    const isStored = this.opened.keyspaces.byName(CONSUMERS_KEYSPACE) !== undefined
    this.#consumers.remove(name, isStored ? this.#consumersKeyspace() : undefined)
  }

  #consumersKeyspace(): ConsumerStore['keyspace'] {
    return this.#handles.openReserved(CONSUMERS_KEYSPACE) as ConsumerStore['keyspace']
  }

  #openConsumers(): ConsumerStore {
    const keyspace = this.#consumersKeyspace()
    return { keyspace, promises: this.promises.of(keyspace) }
  }

  /**
   * Closes all open reads and transactions, checkpoints, and releases the files and the lock. Idempotent.
   *
   * @throws {@link LdbError} LDB_IO or LDB_NO_SPACE when the checkpoint fails; LDB_POISONED when the directory was moved or
   * replaced. The files and the lock are released even then, and the next open, of the moved directory at its new path, replays the
   * log: no commit that was acknowledged at `'full'` or `'periodic'` is lost.
   */
  close(): void {
    if (this.opened.health.closed) return
    this.assertNotVerifying()
    this.#handles.clear()
    this.opened.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #begin(options: ResolvedTransactionOptions): Transaction {
    // The transaction sees every commit called before.
    if (!options.readOnly) this.pipeline.drain()
    return beginTransaction(this, this.opened, options, false)
  }
}
