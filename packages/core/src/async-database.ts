import type { FilePath, Vfs } from '@ldb/vfs'
import { AsyncDatabaseHandle } from './async-handle.js'
import { Database } from './database.js'
import type { DirectoryVerifyReport, VerifyDirectoryOptions } from './directory-verification.js'
import type { DatabaseOptions } from './health/options.js'
import { withProvidedKey } from './encryption/secret.js'
import type { RepairOptions } from './repair/options.js'
import type { RepairReport } from './repair/report.js'
import { restoreFromStreams, restoreInTimeSlices } from './restore/restore-database.js'
import type { RestoreReport, RestoreStreamOptions } from './restore/options.js'
import { isStreamArgument } from './transfer/byte-source.js'
import type { BackupSource } from './transfer/byte-source.js'

/**
 * A database whose methods return promises and never block the event loop on a file read.
 *
 * @remarks Reads of cached pages do not leave the thread. Concurrent commits share one sync. `sync` is the synchronous
 * API of the same database.
 * @example
 * ```ts
 * import { AsyncDatabase } from '@ldb/core'
 *
 * const db = await AsyncDatabase.memory()
 * await Promise.all(['a', 'b', 'c'].map((key) => db.put(key, key.toUpperCase())))
 * console.log(await db.get('b'), await db.keys().toArray()) // B [ 'a', 'b', 'c' ]
 * await db.close()
 * ```
 * @category Async
 */
export class AsyncDatabase extends AsyncDatabaseHandle {
  /**
   * Opens the database in a directory, or creates it; see `Database.open`.
   *
   * @remarks The open itself is synchronous: after a crash it replays the log before the promise resolves.
   * @throws {@link LdbError} as `Database.open`.
   */
  static async open(path: FilePath, options?: DatabaseOptions): Promise<AsyncDatabase> {
    return Database.open(path, await withProvidedKey(options)).makePromises(AsyncDatabase)
  }

  /** Creates a memory-only database: no file is touched, and closing it discards all data. */
  static async memory(options?: DatabaseOptions): Promise<AsyncDatabase> {
    return Database.memory(options).makePromises(AsyncDatabase)
  }

  /** Verifies a closed database; see `Database.verify`. Blocks the thread until it ends. */
  static async verify(path: FilePath, options?: VerifyDirectoryOptions): Promise<DirectoryVerifyReport> {
    return Database.verify(path, await withProvidedKey(options))
  }

  /** Salvages a damaged database into a new directory; see `Database.repair`. Blocks the thread until it ends. */
  static async repair(path: FilePath, options: RepairOptions): Promise<RepairReport> {
    return Database.repair(path, await withProvidedKey(options))
  }

  /**
   * Restores a database from its backups into a new directory, between other tasks of the event loop; see `Database.restore`.
   *
   * @param backup - directory of the backups, the stream of a backup, or the streams of a full backup and of its increments.
   * @throws {@link LdbError} as `Database.restore`.
   */
  static async restore(
    backup: FilePath | BackupSource | readonly BackupSource[],
    path: FilePath,
    options?: RestoreStreamOptions,
  ): Promise<RestoreReport> {
    const provided = await withProvidedKey(options)
    if (isStreamArgument(backup)) return restoreFromStreams(backup, path, provided)
    return restoreInTimeSlices(backup as FilePath, path, provided)
  }

  /** Deletes the database in a directory; see `Database.destroy`. Blocks the thread until it ends. */
  static async destroy(path: FilePath, options?: { readonly vfs?: Vfs | undefined }): Promise<void> {
    Database.destroy(path, options)
  }
}
