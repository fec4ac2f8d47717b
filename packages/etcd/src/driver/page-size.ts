/** Bytes that a page should have at most. */
const PAGE_BYTES = 4 * 1024 * 1024
/** Entries of the first read of a keyspace, whose values may be long. */
const ENTRIES_AT_FIRST = 64
const ENTRIES_MIN = 4
/** Share of the newest read in the average. */
const WEIGHT = 0.5

/** Chooses the number of entries of a read: etcd bounds it by its entries only, and not by its bytes. */
export class PageSizes {
  /** Entries of a page at most. */
  readonly entriesMax: number
  /** Average length of an entry, by keyspace. */
  readonly #averages: Map<string, number> = new Map()

  constructor(entriesMax: number) {
    this.entriesMax = entriesMax
  }

  /**
   * Returns the number of entries to read next.
   *
   * @param wanted - number of entries that are missing.
   * @param byteCount - bytes that the page has already.
   */
  limit(keyspaceId: string, wanted: number, byteCount: number): number {
    const average = this.#averages.get(keyspaceId)
    const rest = Math.max(0, PAGE_BYTES - byteCount)
    const entries = average === undefined ? ENTRIES_AT_FIRST : Math.floor(rest / average)
    return Math.min(wanted, Math.max(ENTRIES_MIN, entries))
  }

  /** Reports whether a page has enough bytes. */
  isFull(byteCount: number): boolean {
    return byteCount >= PAGE_BYTES / 2
  }

  /** Notes what was read. */
  note(keyspaceId: string, entryCount: number, byteCount: number): void {
    if (entryCount === 0) return
    const average = byteCount / entryCount
    const known = this.#averages.get(keyspaceId)
    this.#averages.set(keyspaceId, known === undefined ? average : known + (average - known) * WEIGHT)
  }
}
