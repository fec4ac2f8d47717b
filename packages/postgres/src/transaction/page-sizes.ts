/** Bytes of a page that a range read aims at. */
const PAGE_BYTES = 4 * 1024 * 1024
const FIRST_LIMIT = 1000
/** Weight of the newest page in the average. */
const NEWEST = 0.5

/** Bounds the pages of range reads by their bytes: remembers the average length of the entries of each keyspace. */
export class PageSizes {
  readonly #averages: Map<string, number> = new Map()

  /** Returns the number of entries to read. */
  limitOf(keyspaceId: string, limit: number, valueBytes: number): number {
    const average = this.#averages.get(keyspaceId)
    if (average === undefined) return Math.min(limit, FIRST_LIMIT)
    const entryBytes = Math.max(1, Math.min(average, valueBytes + 64))
    return Math.max(1, Math.min(limit, Math.floor(PAGE_BYTES / entryBytes)))
  }

  /** Records a page with whole values. */
  record(keyspaceId: string, entryCount: number, bytes: number): void {
    if (entryCount === 0) return
    const average = this.#averages.get(keyspaceId) ?? bytes / entryCount
    this.#averages.set(keyspaceId, average * (1 - NEWEST) + (bytes / entryCount) * NEWEST)
  }
}
