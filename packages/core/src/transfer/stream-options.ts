import { invalidArgument, isBytes, ownOptions } from '@ldb/base'
import { checkProgress } from '../backup/options.js'
import type { BackupProgress, BackupReport } from '../backup/options.js'
import { checkSignal } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import type { BackupWritable } from './writable.js'

/** Where a stream that has failed goes on. @category Backup */
export interface BackupContinuation {
  /** Takes the bytes of the stream from `offset` on. */
  readonly target: BackupWritable
  /** Bytes of the stream that are stored: at most the offset of the failure. */
  readonly offset: number
}

/** The failure of a stream that a backup was written to. @category Backup */
export interface BackupStreamFailure {
  /** Bytes that were given to the stream that has failed: it has stored all of them at most. */
  readonly offset: number
  /** What the stream has reported. */
  readonly error: unknown
}

/** Options of a backup to a stream. @category Backup */
export interface BackupStreamOptions {
  /**
   * True for the first backup of a series, or the `manifest` in the report of the backup that this one continues. The stream of an increment contains the
   * blocks that have changed, or the commits since, whichever are fewer bytes.
   *
   * @defaultValue false: a full backup that none continues
   */
  readonly incremental?: boolean | Uint8Array | undefined
  /**
   * Called when the stream fails: returns another one, which goes on from an offset. The state of the database is held until the call ends, so that the
   * bytes are those of one backup. An error that it throws is that of the backup.
   *
   * @defaultValue none: the backup fails with the error of the stream
   */
  readonly resume?:
    ((failure: BackupStreamFailure) => BackupContinuation | Promise<BackupContinuation>) | undefined
  /** Called as the copy proceeds; synchronous. An error that it throws ends the backup. */
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined
  /** An `AbortSignal`, which ends the backup with `LDB_ABORTED`, and destroys the stream. */
  readonly signal?: AbortSignalLike | undefined
}

/** {@link BackupStreamOptions} with checked values. */
export interface ResolvedStreamOptions {
  readonly isContinued: boolean
  /** Manifest of the parent. */
  readonly parent: Uint8Array | undefined
  readonly resume: NonNullable<BackupStreamOptions['resume']> | undefined
  readonly onProgress: ((progress: BackupProgress) => void) | undefined
  readonly signal: AbortSignalLike | undefined
}

/** A backup that was written to a stream. @category Backup */
export interface BackupStreamReport extends BackupReport {
  /** Length of the stream. */
  readonly streamBytes: number
  /** Describes the backup: pass it as `incremental` to continue it. About 8 bytes for each page. */
  readonly manifest: Uint8Array
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveStreamOptions(options: BackupStreamOptions | undefined): ResolvedStreamOptions {
  const given = ownOptions(options, ['incremental', 'resume', 'onProgress', 'signal'])
  const { incremental = false, resume } = given
  if (typeof incremental !== 'boolean' && !isBytes(incremental))
    throw invalidArgument('incremental must be true, false or the manifest of a backup')
  if (resume !== undefined && typeof resume !== 'function') throw invalidArgument('resume must be a function')
  return {
    isContinued: incremental !== false,
    parent: isBytes(incremental) ? incremental.slice() : undefined,
    resume: resume as ResolvedStreamOptions['resume'],
    onProgress: checkProgress(given.onProgress),
    signal: checkSignal(given.signal),
  }
}

/** Checks what the function `resume` has returned. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function checkContinuation(found: unknown, offsetMax: number): BackupContinuation {
  const { target, offset } = ownOptions(found, ['target', 'offset'])
  if (!Number.isSafeInteger(offset) || (offset as number) < 0 || (offset as number) > offsetMax)
    throw invalidArgument(`the stream goes on from an offset of at most ${offsetMax}`)
  return { target: target as BackupWritable, offset: offset as number }
}
