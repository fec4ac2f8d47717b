import { invalidArgument, ownOptions } from '@ldb/base'
import type { FilePath, Vfs } from '@ldb/vfs'
import { checkProgress } from '../backup/options.js'
import type { BackupProgress } from '../backup/options.js'
import type { Encryption } from '../encryption/secret.js'
import { checkSignal } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import { resolveVfs } from '../health/options.js'
import type { BackupSource } from '../transfer/byte-source.js'

/** Options of a restore. @category Backup */
export interface RestoreOptions {
  /**
   * Newest commit of the restored database, or a time: commits up to about a second later are restored. A time needs `archive`.
   * @defaultValue the newest commit of the archive; without one, that of the newest backup
   */
  readonly until?: number | Date | undefined
  /** Directory of the archive, the option `archive.to` of the database: the restore continues from the backup. @defaultValue none */
  readonly archive?: FilePath | undefined
  /**
   * The key or the passphrase of an encrypted database: that of the time of the backup; with `archive`, the newest one. The restored database has the
   * same.
   */
  readonly encryption?: Encryption | undefined
  /** Called as the copy proceeds; synchronous. An error that it throws ends the restore. */
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined
  /** An `AbortSignal`, which ends the restore with `LDB_ABORTED` and removes what was written. */
  readonly signal?: AbortSignalLike | undefined
  /** File system of both directories. @defaultValue that of the platform */
  readonly vfs?: Vfs | undefined
}

/** The failure of a stream that a backup was read from. @category Backup */
export interface RestoreStreamFailure {
  /** Position among the streams that were given, from 0 on. */
  readonly index: number
  /** Bytes of the stream that have arrived. */
  readonly offset: number
  /** What the stream has reported; `undefined` when it has ended too early. */
  readonly error: unknown
}

/** Options of a restore from streams. @category Backup */
export interface RestoreStreamOptions extends RestoreOptions {
  /**
   * Called when a stream fails, or ends too early: returns one that goes on with the byte at `offset`. What has arrived is not read again. An error that
   * it throws is that of the restore.
   *
   * @defaultValue none: the restore fails with the error of the stream
   */
  readonly resume?: ((failure: RestoreStreamFailure) => BackupSource | Promise<BackupSource>) | undefined
}

/** {@link RestoreOptions} with checked values. */
export interface ResolvedRestoreOptions {
  /** Newest commit; `undefined` for no limit. */
  readonly until: number | undefined
  /** Time, in milliseconds since 1970; `undefined` for no limit. */
  readonly untilMs: number | undefined
  readonly archive: FilePath | undefined
  readonly encryption: Encryption | undefined
  readonly onProgress: ((progress: BackupProgress) => void) | undefined
  readonly signal: AbortSignalLike | undefined
  readonly vfs: Vfs | undefined
  readonly resume: RestoreStreamOptions['resume']
}

/** A restore that was made. @category Backup */
export interface RestoreReport {
  /** Newest commit of the restored database. */
  readonly seq: number
  /** Position of the backup in its series. */
  readonly number: number
  /** Bytes of the restored files. */
  readonly totalBytes: number
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveRestoreOptions(
  options: RestoreStreamOptions | undefined,
  isStreamed = false,
): ResolvedRestoreOptions {
  const known = ['until', 'archive', 'encryption', 'onProgress', 'signal', 'vfs', 'resume'] as const
  const given = ownOptions(options, isStreamed ? known : known.slice(0, -1))
  const { until, resume } = given
  if (resume !== undefined && typeof resume !== 'function') throw invalidArgument('resume must be a function')
  const isTime = until instanceof Date
  const limit: unknown = isTime ? until.getTime() : until
  if (limit !== undefined && !(Number.isSafeInteger(limit) && (limit as number) >= 0)) {
    throw invalidArgument('until must be a commit number or a valid Date')
  }
  if (isTime && given.archive === undefined) throw invalidArgument('until as a time needs the option archive')
  return {
    until: isTime ? undefined : (limit as number | undefined),
    untilMs: isTime ? (limit as number) : undefined,
    archive: given.archive as FilePath | undefined,
    encryption: given.encryption as Encryption | undefined,
    onProgress: checkProgress(given.onProgress),
    signal: checkSignal(given.signal),
    vfs: resolveVfs(given.vfs),
    resume: resume as ResolvedRestoreOptions['resume'],
  }
}
