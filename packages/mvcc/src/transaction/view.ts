import { isEmptyBounds } from '@ldb/base'
import type { KeyBounds, RangeEstimate, StoreCursor, StoreSnapshot } from '@ldb/base'
import { countMerged } from '../read/merged-count.js'
import { MergedCursor } from '../read/merged-cursor.js'
import type { ReadSet } from '../records/read-set.js'
import { RetryableCursor } from '../read/retryable-cursor.js'
import type { ViewReads } from '../read/view-reads.js'
import type { Writes } from '../records/write-buffer.js'

/** How to open a cursor of a transaction. @category Transactions */
export interface CursorOptions {
  /** A move that has thrown may be made again. @defaultValue false */
  readonly isSteady?: boolean | undefined
}

/**
 * One keyspace as a transaction saw it at one moment, its own writes until then included (M4). Made by `Transaction.view`;
 * ends with the transaction.
 *
 * @category Transactions
 */
export class TransactionView {
  readonly #owner: ViewReads
  readonly #snapshot: StoreSnapshot
  readonly #reads: ReadSet | undefined
  readonly #writes: Writes | undefined

  /** @internal */
  constructor(
    owner: ViewReads,
    snapshot: StoreSnapshot,
    reads: ReadSet | undefined,
    writes: Writes | undefined,
  ) {
    this.#owner = owner
    this.#snapshot = snapshot
    this.#reads = reads
    this.#writes = writes
  }

  /** True when it shows writes of the transaction itself. */
  get hasWrites(): boolean {
    return this.#writes !== undefined
  }

  /**
   * Opens a cursor.
   *
   * @param bounds - kept: do not change their bytes.
   * @param options - `isSteady`: a move that has thrown, because the store could not read just then, may be made again
   * (M30). Costs a copy of each key.
   */
  cursor(bounds: KeyBounds = {}, options: CursorOptions = {}): StoreCursor {
    const { isSteady = false } = options
    const base = this.#snapshot.cursor(bounds)
    const merged = this.#writes === undefined ? base : new MergedCursor(base, this.#writes, bounds)
    const inner = isSteady ? new RetryableCursor(merged) : merged
    return this.#owner.openCursor(inner, this.#reads, bounds, isSteady)
  }

  /** Counts the entries within bounds, exactly; has then looked at all of them (M12). */
  count(bounds: KeyBounds = {}): number {
    this.#reads?.addRange(bounds.lower?.slice(), bounds.upper?.slice())
    if (isEmptyBounds(bounds)) return 0
    if (this.#writes === undefined) return this.#snapshot.count(bounds)
    return countMerged(this.#snapshot, this.#writes, bounds)
  }

  /** Estimates entries and bytes within bounds, own writes left out. Is no read (M12). */
  estimate(bounds: KeyBounds = {}): RangeEstimate {
    return this.#snapshot.estimate(bounds)
  }
}
