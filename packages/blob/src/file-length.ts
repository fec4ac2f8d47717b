import type { ResolvedBlobFilesOptions } from './blob-options.js'

/** A file is ended at this share of the space that was free when it was begun, but not before it has so many bytes. */
const FREE_DIVISOR = 16
const SHORT_FILE_BYTES = 256 * 1024

/** Returns the length from which a file is ended. Where little space is free, files are shorter, so that a compaction needs less. */
export function fileEndBytes({ fileBytes, freeBytes }: ResolvedBlobFilesOptions): number {
  const free = freeBytes() ?? Infinity
  return Math.min(fileBytes, Math.max(SHORT_FILE_BYTES, Math.floor(free / FREE_DIVISOR)))
}
