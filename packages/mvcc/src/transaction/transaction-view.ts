import { ALL_KEYS, isEmptyBounds, ownBounds, ownProperty } from '@ldb/base'
import type { KeyBounds, RangeEstimate, StoreCursor, StoreSnapshot } from '@ldb/base'
import { countMerged } from '../read/merged-count.js'
import { MergedCursor } from '../read/merged-cursor.js'
import type { ReadSet } from '../records/read-set.js'
import { RetryableCursor } from '../read/retryable-cursor.js'
import type { ViewReads } from '../read/view-reads.js'
import type { Writes } from '../records/write-buffer.js'

/** Options of a cursor of a transaction. @category Transactions */
export interface CursorOptions {
  /** A move that has thrown can be retried (M30). Costs a copy of each key. @defaultValue false */
  readonly isRetryable?: boolean | undefined
}

/**
 * One keyspace in a transaction at one moment, including the writes of the transaction until then (M4). Made by
 * `Transaction.view`; valid until the end of the transaction.
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

  /** True when the view includes writes of the transaction itself. */
  get hasWrites(): boolean {
    return this.#writes !== undefined
  }

  /**
   * Opens a cursor.
   *
   * @param bounds - retained: the caller must not change their bytes.
   */
  cursor(bounds: KeyBounds = ALL_KEYS, options?: CursorOptions): StoreCursor {
    const isRetryable = options !== undefined && ownProperty(options, 'isRetryable') === true
    const own = ownBounds(bounds)
    const base = this.#snapshot.cursor(own)
    const merged = this.#writes === undefined ? base : new MergedCursor(base, this.#writes, own)
    const inner = isRetryable ? new RetryableCursor(merged) : merged
    return this.#owner.openCursor(inner, this.#reads, own, isRetryable)
  }

  /** Counts the entries within bounds, exactly. Adds the bounds to the read set (M12). */
  count(bounds: KeyBounds = ALL_KEYS): number {
    const own = ownBounds(bounds)
    this.#reads?.addRange(own.lower?.slice(), own.upper?.slice())
    if (isEmptyBounds(own)) return 0
    if (this.#writes === undefined) return this.#snapshot.count(own)
    return countMerged(this.#snapshot, this.#writes, own)
  }

  /** Estimates entries and bytes within bounds, without own writes. Adds nothing to the read set (M12). */
  estimate(bounds: KeyBounds = ALL_KEYS): RangeEstimate {
    return this.#snapshot.estimate(bounds)
  }
}
