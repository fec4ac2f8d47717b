import { invalidArgument } from '@ldb/base'

/** Each of two caches under pressure may have at least the budget divided by this. */
const SHARE_DIVISOR_MIN = 8

/** A cache that has a part of a budget. @category Cache budget */
export interface BudgetPart {
  /** Bytes in use. */
  readonly usedBytes: number
  /** Evicts what frees `byteCount` bytes or more, if it can. Returns whether it has evicted anything. */
  retire(byteCount: number): boolean
}

/** How a {@link CacheBudget} is divided at the moment. @category Cache budget */
export interface CacheBudgetStats {
  readonly bytes: number
  /** Bytes of the frames in use. */
  readonly pageBytes: number
  /** Bytes of the cached blocks. */
  readonly blockBytes: number
}

/**
 * One budget for the pages and the blocks of a database.
 *
 * @remarks A cache takes what the other does not use: with one of them, it is the whole budget. When it is used up, it is divided by demand: the
 * bytes that each of the two has missed of late. The one that has more than its share gives memory to the other, each choosing what to
 * evict by itself. A share is at least an eighth, so that neither starves. Frames that pages have released stay allocated, and are used
 * by the next pages.
 * @category Cache budget
 */
export class CacheBudget {
  readonly bytes: number
  #pages: BudgetPart | undefined = undefined
  #blocks: BudgetPart | undefined = undefined
  #pageDemand = 0
  #blockDemand = 0

  /** @throws {@link LdbError} LDB_INVALID_ARGUMENT when `bytes` is no non-negative number. */
  constructor(bytes: number) {
    if (!(bytes >= 0)) throw invalidArgument(`bytes must be a non-negative number, got ${String(bytes)}`)
    this.bytes = bytes
  }

  /** Returns how the budget is divided at the moment. */
  stats(): CacheBudgetStats {
    const { bytes } = this
    return { bytes, pageBytes: this.#pages?.usedBytes ?? 0, blockBytes: this.#blocks?.usedBytes ?? 0 }
  }

  /** @internal */
  attachPages(part: BudgetPart): void {
    this.#pages = part
  }

  /** @internal */
  attachBlocks(part: BudgetPart): void {
    this.#blocks = part
  }

  /** Notes that a page of `byteCount` bytes was missed. Returns whether it may use another frame. @internal */
  admitPage(byteCount: number): boolean {
    this.#noteDemand(byteCount, 0)
    const { pageBytes, blockBytes } = this.stats()
    const missing = pageBytes + blockBytes + byteCount - this.bytes
    if (missing <= 0) return true
    if (blockBytes <= this.bytes - this.#pageShare) return false
    return this.#blocks?.retire(missing) === true
  }

  /** Notes that a block of `byteCount` bytes was missed and is now in use. @internal */
  noteBlock(byteCount: number): void {
    this.#noteDemand(0, byteCount)
  }

  /** Reports whether blocks have to be evicted: more is used than the budget, and pages do not give it. @internal */
  isBlockDue(): boolean {
    for (;;) {
      const { pageBytes, blockBytes } = this.stats()
      const missing = pageBytes + blockBytes - this.bytes
      if (missing <= 0) return false
      if (pageBytes <= this.#pageShare || this.#pages?.retire(missing) !== true) return true
    }
  }

  /** Bytes that pages may have when blocks want more than the rest. */
  get #pageShare(): number {
    const least = this.bytes / SHARE_DIVISOR_MIN
    const demand = this.#pageDemand + this.#blockDemand
    const share = demand === 0 ? this.bytes / 2 : (this.bytes * this.#pageDemand) / demand
    return Math.min(this.bytes - least, Math.max(least, share))
  }

  #noteDemand(pageBytes: number, blockBytes: number): void {
    this.#pageDemand += pageBytes
    this.#blockDemand += blockBytes
    if (this.#pageDemand + this.#blockDemand <= 2 * this.bytes) return
    this.#pageDemand /= 2
    this.#blockDemand /= 2
  }
}
