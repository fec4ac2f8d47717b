/** Cache size of the database that is recovered, in bytes. */
export const CRASH_CACHE_BYTES: number = 512 * 2 ** 20

/** Returns settings that prevent a checkpoint before the log has `logBytes`. */
export function crashTuning(logBytes: number): Readonly<Record<string, number>> {
  return { checkpointLogBytes: logBytes * 4 }
}
