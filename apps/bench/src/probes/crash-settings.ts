/** Bytes of the cache of a database that is to be recovered. */
export const CRASH_CACHE_BYTES: number = 512 * 2 ** 20

/** Returns settings with which a log grows to a length without a checkpoint. */
export function crashTuning(logBytes: number): Readonly<Record<string, number>> {
  return { checkpointLogBytes: logBytes * 4 }
}
