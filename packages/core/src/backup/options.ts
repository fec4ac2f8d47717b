import { invalidArgument, ownOptions, refusePromise } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import { checkSignal } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import { resolveVfs } from '../health/options.js'

/** Progress of a backup or a restore. @category Backup */
export interface BackupProgress {
  /** Bytes of the database that were examined so far. */
  readonly byteCount: number
  /** All bytes of the database. */
  readonly totalBytes: number
  /** Bytes that were written so far. */
  readonly storedBytes: number
}

/** Options of a backup. @category Backup */
export interface BackupOptions {
  /**
   * Adds a backup to the series in the directory, with the blocks that have changed since its newest one. The first backup of a series is
   * full.
   *
   * @defaultValue false: the directory must be absent or empty
   */
  readonly incremental?: boolean | undefined
  /**
   * Read every written file back, and compare it with its checksums, before the backup gets its name. The bytes may come from the cache of the operating
   * system.
   *
   * @defaultValue true
   */
  readonly verify?: boolean | undefined
  /** Called as the copy proceeds; synchronous. An error that it throws ends the backup. */
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined
  /** An `AbortSignal`, which ends the backup with `LDB_ABORTED` and removes what was written. */
  readonly signal?: AbortSignalLike | undefined
  /** File system of the directory. @defaultValue that of the database; for a memory-only database, that of the platform */
  readonly vfs?: Vfs | undefined
}

/** {@link BackupOptions} with checked values. */
export interface ResolvedBackupOptions {
  readonly incremental: boolean
  readonly verify: boolean
  readonly onProgress: ((progress: BackupProgress) => void) | undefined
  readonly signal: AbortSignalLike | undefined
  readonly vfs: Vfs | undefined
}

/** A backup that was made. @category Backup */
export interface BackupReport {
  /** Newest commit in the backup. */
  readonly seq: number
  /** Position in its series, from 1 on. */
  readonly number: number
  /** True when it contains only what has changed since the backup before it. */
  readonly isIncremental: boolean
  /** What it consists of: an increment may contain the commits since the backup before, when they are fewer bytes than the changed blocks. */
  readonly content: 'blocks' | 'commits'
  /** Bytes of the files of the database. */
  readonly totalBytes: number
  /** Bytes of these that the backup stores itself. */
  readonly storedBytes: number
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveBackupOptions(options: BackupOptions | undefined): ResolvedBackupOptions {
  const given = ownOptions(options, ['incremental', 'verify', 'onProgress', 'signal', 'vfs'])
  const { incremental = false, verify = true } = given
  if (typeof incremental !== 'boolean') throw invalidArgument('incremental must be true or false')
  if (typeof verify !== 'boolean') throw invalidArgument('verify must be true or false')
  return {
    incremental,
    verify,
    onProgress: checkProgress(given.onProgress),
    signal: checkSignal(given.signal),
    vfs: resolveVfs(given.vfs),
  }
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function checkProgress(onProgress: unknown): ((progress: BackupProgress) => void) | undefined {
  if (onProgress === undefined || typeof onProgress === 'function') {
    return onProgress as ((progress: BackupProgress) => void) | undefined
  }
  throw invalidArgument('onProgress must be a function')
}

/** Reports progress, to a callback that must be synchronous (U4). */
export function reportProgress(
  onProgress: ((progress: BackupProgress) => void) | undefined,
  progress: BackupProgress,
): void {
  if (onProgress === undefined) return
  const result: unknown = onProgress(progress)
  refusePromise(result, 'the function given as onProgress')
}
