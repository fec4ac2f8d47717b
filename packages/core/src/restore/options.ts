import { invalidArgument, ownOptions } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import { checkProgress } from '../backup/options.js'
import type { BackupProgress } from '../backup/options.js'
import { checkSignal } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import { resolveVfs } from '../health/options.js'

/** Options of a restore. @category Backup */
export interface RestoreOptions {
  /** Newest commit of the restored database. @defaultValue the newest commit of the newest backup */
  readonly until?: number | undefined
  /** Called as the copy proceeds; synchronous. An error that it throws ends the restore. */
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined
  /** An `AbortSignal`, which ends the restore with `LDB_ABORTED` and removes what was written. */
  readonly signal?: AbortSignalLike | undefined
  /** File system of both directories. @defaultValue that of the platform */
  readonly vfs?: Vfs | undefined
}

/** {@link RestoreOptions} with checked values. */
export interface ResolvedRestoreOptions {
  readonly until: number | undefined
  readonly onProgress: ((progress: BackupProgress) => void) | undefined
  readonly signal: AbortSignalLike | undefined
  readonly vfs: Vfs | undefined
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
export function resolveRestoreOptions(options: RestoreOptions | undefined): ResolvedRestoreOptions {
  const given = ownOptions(options, ['until', 'onProgress', 'signal', 'vfs'])
  const { until } = given
  if (until !== undefined && !(Number.isSafeInteger(until) && (until as number) >= 0)) {
    throw invalidArgument('until must be a commit number')
  }
  return {
    until: until as number | undefined,
    onProgress: checkProgress(given.onProgress),
    signal: checkSignal(given.signal),
    vfs: resolveVfs(given.vfs),
  }
}
