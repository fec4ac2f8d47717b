import type { Vfs } from '@ldb/vfs'
import type { VerifyReport } from '@ldb/integrity'
import { AsyncDatabaseHandle } from './async-handle.js'
import { Database } from './database.js'
import type { DatabaseOptions } from './health/options.js'
import type { VerifyOptions } from './verification.js'

/**
 * A database whose methods give promises, and never let the event loop wait for a file they read.
 *
 * @remarks Reads of what is in the cache cost no trip to another thread; many writers share one sync. `sync` is the sync
 * api of the same database.
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
   * Opens the database in a directory, or makes it; see `Database.open`.
   *
   * @remarks Opening itself is synchronous work: after a crash it replays the log before the promise is settled.
   */
  static async open(path: string, options?: DatabaseOptions): Promise<AsyncDatabase> {
    return Database.open(path, options).makePromises(AsyncDatabase)
  }

  /** Makes a database in memory only: no file is touched, and all is gone with it. */
  static async memory(options?: DatabaseOptions): Promise<AsyncDatabase> {
    return Database.memory(options).makePromises(AsyncDatabase)
  }

  /**
   * Opens a database read-only, walks everything in it and tells what is wrong; see `Database.verify`. Holds the thread.
   */
  static async verify(path: string, options?: VerifyOptions & { readonly vfs?: Vfs }): Promise<VerifyReport> {
    return Database.verify(path, options)
  }

  /** Deletes the database in a directory. Files that are not its own stay, and the directory with them. */
  static async destroy(path: string, options?: { readonly vfs?: Vfs }): Promise<void> {
    Database.destroy(path, options)
  }
}
