import { invalidArgument } from '@ldb/base'
import type { RangeOptions } from '@ldb/base'
import type { VerifyReport } from '@ldb/integrity'
import type { FilePath } from '@ldb/vfs'
import type { AsyncDatabaseMaintenance } from './async-maintenance.js'
import { backupDatabase } from './backup/backup-database.js'
import type { BackupOptions, BackupReport } from './backup/options.js'
import { readLogRecords } from './changes/log-records.js'
import type { LogRecords, LogRecordsOptions } from './changes/log-records.js'
import type { Encryption } from './encryption/secret.js'
import { listenersOf } from './health/event-listeners.js'
import { renewalOf, rotateDatabaseKey, stateTokenOf } from './keys-and-tokens.js'
import type { RotateKeyOptions } from './keys-and-tokens.js'
import type { RenewalStats } from './maintenance/background-renewal.js'
import { checkpointDatabase, compactDatabase, syncDatabase } from './maintenance.js'
import type { OpenDatabase } from './open/open-database.js'
import type { BackupStreamOptions, BackupStreamReport } from './transfer/stream-options.js'
import type { BackupWritable } from './transfer/writable.js'
import { verifyDatabase } from './verification/database-steps.js'
import { resolveVerifyOptions } from './verification/options.js'
import type { VerifyOptions } from './verification/options.js'
import type { DatabaseEventName, DatabaseListener } from './health/events.js'
import type { KeyspaceCodec } from './keyspace/codec.js'
import { KeyspaceWrites } from './write/keyspace-writes.js'
import type { LiveSource } from './read/read-source.js'
import { collectStats } from './stats.js'
import type { DatabaseStats } from './stats.js'
/**
 * The methods of a database that keep it healthy.
 *
 * @category Database
 */
export abstract class DatabaseMaintenance extends KeyspaceWrites<string, string> {
  readonly #opened: OpenDatabase
  /** @internal */
  constructor(source: LiveSource, codec: KeyspaceCodec<string, string>, opened: OpenDatabase) {
    super(source, codec, opened.pipeline)
    this.#opened = opened
  }

  /** @internal */
  get opened(): OpenDatabase {
    return this.#opened
  }

  /** The asynchronous API of this database. */
  abstract get promises(): AsyncDatabaseMaintenance

  /** Number of the newest commit; 0 before the first one. */
  get seq(): number {
    return this.pipeline.seq
  }

  /** True until `close()`. */
  get isOpen(): boolean {
    return !this.opened.health.closed
  }

  /**
   * Makes every acknowledged commit durable on the device.
   *
   * @throws {@link LdbError} LDB_IO, LDB_NO_SPACE or LDB_COMMIT_UNKNOWN: the database is then poisoned. LDB_READ_ONLY;
   * LDB_POISONED; LDB_CLOSED.
   */
  sync(): void {
    syncDatabase(this.opened)
  }

  /**
   * Checkpoints every keyspace, and truncates the log. Runs automatically as the log grows, and at `close()`.
   *
   * @throws {@link LdbError} LDB_IO; LDB_NO_SPACE; LDB_READ_ONLY; LDB_POISONED; LDB_CLOSED.
   */
  checkpoint(): void {
    checkpointDatabase(this.opened)
  }

  /**
   * Packs the entries into fewer pages where pages have free space, moves pages toward the start of each file, and truncates the file.
   * What an open snapshot reaches stays in the file until a later compaction.
   *
   * @param range - keys of the keyspace `default` whose pages are packed; other keyspaces are packed as a whole.
   * @throws {@link LdbError} as `checkpoint`.
   */
  compact(range?: RangeOptions<string>): void {
    compactDatabase(this.opened, range)
  }

  /**
   * Verifies the catalog, every record of the log, every page and every entry, and returns a report with real counts.
   *
   * @throws {@link LdbError} LDB_ABORTED when the signal is aborted; LDB_POISONED; LDB_CLOSED; and what `onProgress`
   * throws.
   */
  verify(options?: VerifyOptions): VerifyReport {
    const checked = resolveVerifyOptions(options)
    this.opened.health.assertReadable()
    this.assertNotVerifying()
    return verifyDatabase(this.opened, checked)
  }

  /**
   * Backs up the present state into a directory, which is absent or empty unless the backup is incremental. Makes a checkpoint first.
   *
   * @throws {@link LdbError} LDB_EXISTS when the directory contains something else; LDB_NO_SPACE, LDB_ABORTED, LDB_CORRUPTION, LDB_POISONED,
   * LDB_INVALID_ARGUMENT, LDB_CLOSED, LDB_IO. What was written is removed then.
   */
  backup(directory: FilePath, options?: BackupOptions): BackupReport {
    this.assertNotVerifying()
    return backupDatabase(this.opened, directory, options)
  }

  /**
   * Writes a backup of the present state to a stream, and ends the stream: a `Writable` of Node, for instance the upload of a client of an object store, or
   * a `WritableStream`. `Database.restore` reads it.
   *
   * @remarks Copies between other tasks of the event loop, with the memory of a few sections of 256 KiB, of the commits since the last checkpoint, and of 8
   * bytes for each page. Waits whenever the stream is full; what the backup reads is not overwritten until it ends. The stream of an encrypted database
   * contains encrypted bytes only. A stream that is not whole is no backup, and restores refuse it.
   * @returns a report when the stream has taken everything.
   * @throws {@link LdbError} LDB_ABORTED, LDB_CORRUPTION, LDB_POISONED, LDB_INVALID_ARGUMENT, LDB_IO; LDB_CLOSED also when the database is closed while the
   * stream is full; and what the stream fails with. The stream is destroyed then.
   */
  async backupTo(target: BackupWritable, options?: BackupStreamOptions): Promise<BackupStreamReport> {
    this.assertNotVerifying()
    return this.promises.backupTo(target, options)
  }

  /**
   * Replaces the key or the passphrase at once: the old one is then `LDB_KEY`, and what is written is encrypted with a new data key.
   *
   * @remarks What was written before is rewritten in the background, unless `renew` is false, as far as the program yields to the event loop:
   * see `renewKeys`. `stats().encryption.renewal` reports the progress, and the event `renewal` its end.
   * @throws {@link LdbError} LDB_KEY when it is not encrypted; LDB_INVALID_ARGUMENT; and as `checkpoint`.
   */
  rotateKey(encryption: Encryption, options?: RotateKeyOptions): void {
    rotateDatabaseKey(this.opened, encryption, options)
  }

  /**
   * Rewrites now what is encrypted with older data keys, and removes these keys when nothing needs them any more. Makes checkpoints. Does
   * nothing when there are none.
   *
   * @returns what is left: a damaged unit, the log of a consumer of changes, or what open reads keep, stands in the way of the rest.
   * @throws {@link LdbError} as `rotateKey`.
   */
  renewKeys(): RenewalStats {
    const renewal = renewalOf(this.opened)
    this.assertNotVerifying()
    this.opened.pipeline.drain()
    return renewal.runNow()
  }

  /**
   * Makes every acknowledged commit durable, and returns a token of this state: the option `minState` of `open` refuses an older one.
   *
   * @throws {@link LdbError} as `sync`.
   */
  stateToken(): string {
    return stateTokenOf(this.opened)
  }

  /**
   * Returns records of the log from a position on: commits, checkpoints and versions of the catalog, for tools that show the log. A program
   * that follows commits uses `changes`.
   *
   * @remarks Reads the files in the calling thread, about a MiB at most. Records that are buffered in the process are not there yet. Pins nothing: records
   * before the last checkpoint may be gone. The log contains no times. Empty for a memory-only database.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT, also when no record begins at `from`; LDB_NOT_FOUND when the record at `from` is no longer in the log;
   * LDB_CORRUPTION; LDB_IO; LDB_POISONED; LDB_CLOSED.
   */
  logRecords(options?: LogRecordsOptions): LogRecords {
    return readLogRecords(this.opened, options)
  }

  /** Returns statistics of the log, the cache, checkpoints, open reads, transactions and every keyspace. */
  stats(): DatabaseStats {
    this.opened.health.assertOpen()
    return collectStats(this.opened)
  }

  /** Adds a listener for an event. A listener that is present already is not added again. */
  on<Name extends DatabaseEventName>(name: Name, listener: DatabaseListener<Name>): this {
    listenersOf(this.opened, name, listener).add(listener as (event: object) => void)
    return this
  }

  /** Removes a listener. */
  off<Name extends DatabaseEventName>(name: Name, listener: DatabaseListener<Name>): this {
    listenersOf(this.opened, name, listener).delete(listener as (event: object) => void)
    return this
  }

  /** @internal */
  protected assertNotVerifying(): void {
    if (this.opened.health.paused) throw invalidArgument('the database is being verified')
  }
}
