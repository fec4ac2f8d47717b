const FRACTION = 16
/** The length of the reserve is a multiple of the blocks of common file systems. */
const BLOCK_BYTES = 4096
const BYTES_MAX = 8 * 1024 * 1024

/** The length of the reserve of a database. */
export class ReserveSize {
  /** Bytes of the smallest reserve: a lock, two segments, a catalog, records, and the first checkpoint of a store, or that of a deep path. */
  readonly bytesMin: number
  /** Free bytes that commits leave: what the checkpoint of a commit needs besides its own pages. */
  readonly marginBytes: number
  /** What a checkpoint needs besides the pages that are dirty: a segment, records, the free-space pages of a store and their mirrors. */
  readonly checkpointBytes: number
  /** What the first checkpoint of a store needs besides: the meta blocks and their copy, the root, a free-space page and its mirror. */
  readonly newStoreBytes: number
  readonly #databaseBytesMin: number

  /** @param databaseBytesMin - bytes of the smallest database with a reserve: a smaller one has nothing to return. */
  constructor(pageBytes: number, databaseBytesMin: number) {
    this.bytesMin = 98_304 + 18 * pageBytes
    this.marginBytes = 73_728 + 10 * pageBytes
    this.checkpointBytes = 24_576 + 4 * pageBytes
    this.newStoreBytes = 36_864 + 4 * pageBytes
    this.#databaseBytesMin = databaseBytesMin
  }

  /** Returns the length of the reserve for a database of `databaseBytes`. */
  bytesFor(databaseBytes: number): number {
    if (databaseBytes < this.#databaseBytesMin) return 0
    const blocks = Math.floor(databaseBytes / FRACTION / BLOCK_BYTES)
    return Math.min(BYTES_MAX, Math.max(this.bytesMin, blocks * BLOCK_BYTES))
  }

  /** Returns the bytes of commits until a database of `databaseBytes` gets its reserve; `Infinity` when it has it. */
  bytesUntilReserve(databaseBytes: number): number {
    return databaseBytes < this.#databaseBytesMin ? this.#databaseBytesMin - databaseBytes : Infinity
  }
}
