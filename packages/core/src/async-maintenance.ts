import { resolveRange, utf8Keys } from '@ldb/base'
import type { RangeOptions } from '@ldb/base'
import type { VerifyReport } from '@ldb/integrity'
import type { FilePath } from '@ldb/vfs'
import { AsyncKeyspaceWrites } from './async/keyspace-writes.js'
import { backupInTimeSlices } from './backup/backup-database.js'
import { resolveBackupOptions } from './backup/options.js'
import type { BackupOptions, BackupReport } from './backup/options.js'
import { AsyncApi } from './calls/async-api.js'
import { readLogRecords } from './changes/log-records.js'
import type { LogRecords, LogRecordsOptions } from './changes/log-records.js'
import { AUTOMATIC_CHECKPOINT } from './commit/checkpoint-options.js'
import { signalOf, splitSignal, throwIfAborted, untilAborted } from './health/abort-signal.js'
import type { AsyncOptions } from './health/abort-signal.js'
import { explicitEffort } from './maintenance.js'
import type { OpenDatabase } from './open/open-database.js'
import { backupToStream } from './transfer/backup-to-stream.js'
import { resolveStreamOptions } from './transfer/stream-options.js'
import type { BackupStreamOptions, BackupStreamReport } from './transfer/stream-options.js'
import type { BackupWritable } from './transfer/writable.js'
import { verifyInTimeSlices } from './verification/sliced.js'
import { resolveVerifyOptions } from './verification/options.js'
import type { VerifyOptions } from './verification/options.js'
import type { KeyspaceWrites } from './write/keyspace-writes.js'

/**
 * The asynchronous methods that keep a database healthy: sync, checkpoint, compaction, verification and backup. `AsyncDatabase` has them all.
 *
 * @category Async
 */
export class AsyncDatabaseMaintenance extends AsyncKeyspaceWrites<string, string> {
  readonly #opened: OpenDatabase
  /** @internal */
  protected constructor(database: KeyspaceWrites<string, string>, opened: OpenDatabase) {
    super(new AsyncApi(opened.gate, opened.pipeline.async, opened.health, opened.engines.vfs), database)
    this.#opened = opened
  }

  /** @internal */
  protected get opened(): OpenDatabase {
    return this.#opened
  }

  /**
   * Makes every write called before durable on the device, without blocking the thread: the asynchronous form of
   * `Database.sync`, whose name is taken by the property `sync`.
   *
   * @param options - an aborted signal ends the wait.
   * @throws {@link LdbError} as `Database.sync`; LDB_ABORTED.
   */
  async synced(options?: AsyncOptions): Promise<void> {
    const signal = signalOf(options)
    throwIfAborted(signal)
    this.writes.pipeline.assertAccepting()
    await this.api.calls.run(() => untilAborted(this.api.commits.synced(), signal))
  }

  /**
   * Checkpoints every keyspace between other operations, so that the log can be truncated. An aborted signal ends the
   * wait, not a checkpoint that has begun.
   *
   * @throws {@link LdbError} LDB_ABORTED; LDB_READ_ONLY; LDB_IO; LDB_NO_SPACE; LDB_POISONED; LDB_CLOSED.
   */
  async checkpoint(options?: AsyncOptions): Promise<void> {
    const signal = signalOf(options)
    throwIfAborted(signal)
    this.writes.pipeline.assertAccepting()
    await this.api.calls.run(async () => {
      const { space, slicedCheckpoint } = this.opened
      // On a full device, it returns what it can.
      const collection = space.isShort ? this.opened.collection : undefined
      await collection?.examine()
      await slicedCheckpoint.run({ ...AUTOMATIC_CHECKPOINT, effort: explicitEffort(space) }, signal)
      await collection?.collect()
    })
  }

  /**
   * Packs the entries into fewer pages where pages have free space, moves pages toward the start of each file, and truncates the file. All
   * of it runs in time slices between other operations. What an open snapshot reaches stays in the file until a later compaction.
   *
   * @param range - keys of the keyspace `default` whose pages are packed; other keyspaces are packed as a whole.
   * @throws {@link LdbError} as `checkpoint`.
   */
  async compact(range?: RangeOptions<string> & AsyncOptions): Promise<void> {
    const { signal, rest } = splitSignal(range)
    throwIfAborted(signal)
    this.writes.pipeline.assertAccepting()
    const { lower, upper } = resolveRange(rest as RangeOptions<string> | undefined, utf8Keys)
    const { collection, slicedCheckpoint } = this.opened
    await this.api.calls.run(async () => {
      await collection?.examine()
      await slicedCheckpoint.run(
        { ...AUTOMATIC_CHECKPOINT, effort: 'full', bounds: { lower, upper } },
        signal,
      )
      await collection?.collect()
    })
  }

  /**
   * Verifies the catalog, the log and every keyspace, and returns a report with real counts.
   *
   * @remarks Yields the thread every few milliseconds, and commits go on meanwhile: each keyspace is verified as it is when its turn comes, and
   * its pages and tables of that moment take space until then. A step reads a page, a block, a MiB of a blob, or one value in overflow pages.
   * @throws {@link LdbError} LDB_ABORTED; LDB_POISONED; LDB_CLOSED; and what `onProgress` throws.
   */
  async verify(options?: VerifyOptions): Promise<VerifyReport> {
    const checked = resolveVerifyOptions(options)
    this.opened.health.assertReadable()
    return this.api.calls.run(() => verifyInTimeSlices(this.opened, checked))
  }

  /**
   * Returns records of the log from a position on; see `Database.logRecords`.
   *
   * @throws {@link LdbError} as `Database.logRecords`.
   */
  async logRecords(options?: LogRecordsOptions): Promise<LogRecords> {
    return readLogRecords(this.opened, options)
  }

  /**
   * Makes a backup of the state after all commits that were called before; see `Database.backup`. Copies between other tasks of the event
   * loop.
   *
   * @throws {@link LdbError} as `Database.backup`.
   */
  async backup(directory: FilePath, options?: BackupOptions): Promise<BackupReport> {
    const checked = resolveBackupOptions(options)
    this.opened.health.assertReadable()
    return this.api.calls.run(() => backupInTimeSlices(this.opened, this.api, directory, checked))
  }

  /**
   * Writes a backup of the state after all commits that were called before to a stream, and ends the stream; see `Database.backupTo`.
   *
   * @throws {@link LdbError} as `Database.backupTo`.
   */
  async backupTo(target: BackupWritable, options?: BackupStreamOptions): Promise<BackupStreamReport> {
    const checked = resolveStreamOptions(options)
    this.opened.health.assertReadable()
    return this.api.calls.run((call) => backupToStream(this.opened, this.api, call, target, checked))
  }
}
