import { invalidArgument, ownOptions } from '@ldb/base'
import type { OwnOptions } from '@ldb/base'
import { checkSignal } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'

/** Progress of a verification. @category Health */
export interface DatabaseVerifyProgress {
  /** Current part: `log`, `catalog`, `keyspace:` and a name, or `blobs`. */
  readonly part: string
  /** Pages and records checked so far, in all parts. */
  readonly unitCount: number
  /** Entries checked so far. */
  readonly entryCount: number
  /** Bytes read and checked so far. */
  readonly byteCount: number
}

/** Options of a verification. @category Health */
export interface VerifyOptions {
  /**
   * Called as the walk proceeds; synchronous. It may read the database, but not write to it. An error that it throws ends
   * the walk.
   */
  readonly onProgress?: (progress: DatabaseVerifyProgress) => void
  /** An `AbortSignal`, which ends the walk with `LDB_ABORTED`. */
  readonly signal?: { readonly aborted: boolean }
}

/** {@link VerifyOptions} with checked values. */
export interface ResolvedVerifyOptions {
  readonly onProgress: VerifyOptions['onProgress'] | undefined
  readonly signal: AbortSignalLike | undefined
}

const KNOWN = ['onProgress', 'signal'] as const

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveVerifyOptions(options: VerifyOptions | undefined): ResolvedVerifyOptions {
  return checkVerifyOptions(ownOptions(options, KNOWN))
}

/** Checks options that were read already. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function checkVerifyOptions(given: OwnOptions<(typeof KNOWN)[number]>): ResolvedVerifyOptions {
  const { onProgress } = given
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidArgument('onProgress must be a function')
  }
  return { onProgress: onProgress as VerifyOptions['onProgress'], signal: checkSignal(given.signal) }
}
