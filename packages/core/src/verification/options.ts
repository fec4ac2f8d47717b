import { invalidArgument, ownOptions } from '@ldb/base'
import type { OwnOptions, VerifyLocation } from '@ldb/base'
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

/** Location of a unit that a verification has walked. @category Health */
export interface DatabaseVerifyLocation extends VerifyLocation {
  /** Part of the report to which it belongs: `log`, `keyspace:` and a name, or `blobs`. */
  readonly part: string
}

/** Options of a verification. @category Health */
export interface VerifyOptions {
  /**
   * Called as the walk proceeds; synchronous. It may read the database, but not write to it. An error that it throws ends
   * the walk.
   */
  readonly onProgress?: ((progress: DatabaseVerifyProgress) => void) | undefined
  /**
   * Called with the location of each page, block or record, or of adjacent ones of one kind, in the order of the walk; synchronous, under the same rules. Costs
   * a call for each unit.
   */
  readonly onLocation?: ((location: DatabaseVerifyLocation) => void) | undefined
  /** An `AbortSignal`, which ends the walk with `LDB_ABORTED`. */
  readonly signal?: { readonly aborted: boolean } | undefined
}

/** {@link VerifyOptions} with checked values. */
export interface ResolvedVerifyOptions {
  readonly onProgress: VerifyOptions['onProgress'] | undefined
  readonly onLocation: VerifyOptions['onLocation'] | undefined
  readonly signal: AbortSignalLike | undefined
}

const KNOWN = ['onProgress', 'onLocation', 'signal'] as const

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveVerifyOptions(options: VerifyOptions | undefined): ResolvedVerifyOptions {
  return checkVerifyOptions(ownOptions(options, KNOWN))
}

/** Checks options that were read already. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function checkVerifyOptions(given: OwnOptions<(typeof KNOWN)[number]>): ResolvedVerifyOptions {
  const { onProgress, onLocation } = given
  for (const [name, callback] of Object.entries({ onProgress, onLocation })) {
    if (callback !== undefined && typeof callback !== 'function') {
      throw invalidArgument(`${name} must be a function`)
    }
  }
  return {
    onProgress: onProgress as VerifyOptions['onProgress'],
    onLocation: onLocation as VerifyOptions['onLocation'],
    signal: checkSignal(given.signal),
  }
}
