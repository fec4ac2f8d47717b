import { invalidArgument, ownOptions } from '@ldb/base'
import type { FilePath } from '@ldb/vfs'
import { resolveNumber } from './option-values.js'

/** Options of the scrubber. @category Options */
export interface ScrubOptions {
  /** Bytes that are read and checked in a second, on average: 1,024 or more. */
  readonly bytesPerSecond: number
  /**
   * Milliseconds from the beginning of a pass to that of the next one; a pass that takes longer is followed by the next one at once.
   * @defaultValue 86_400_000 (a day)
   */
  readonly intervalMs?: number | undefined
}

/** {@link ScrubOptions} with checked values. */
export interface ResolvedScrubOptions {
  readonly bytesPerSecond: number
  readonly intervalMs: number
}

const SCRUB_BYTES_MIN = 1024
const SCRUB_INTERVAL_MS = 86_400_000
const SCRUB_INTERVAL_MS_MAX = 31_536_000_000

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveScrub(value: unknown): ResolvedScrubOptions | undefined {
  if (value === undefined) return undefined
  const given = ownOptions(value, ['bytesPerSecond', 'intervalMs'], 'scrub')
  if (given.bytesPerSecond === undefined) throw invalidArgument('scrub needs bytesPerSecond')
  return Object.freeze({
    bytesPerSecond: resolveNumber(given, 'bytesPerSecond', 0, SCRUB_BYTES_MIN, Number.MAX_SAFE_INTEGER),
    intervalMs: resolveNumber(given, 'intervalMs', SCRUB_INTERVAL_MS, 1, SCRUB_INTERVAL_MS_MAX),
  })
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveArchive(value: unknown): FilePath | undefined {
  if (value === undefined) return undefined
  const { to } = ownOptions(value, ['to'], 'archive')
  if (to === undefined) throw invalidArgument('archive needs the directory to')
  return to as FilePath
}
