import type { KeyBounds, RangeEstimate, StoreCursor } from '@ldb/base'
import type { ViewReads } from './view-reads.js'

/**
 * All stores as they were at one commit. Made by `TransactionManager.snapshot`.
 *
 * @remarks Costs no copy; while it is open, what is written over keeps its old pages. Release it, or write `using`.
 * @category Transactions
 */
export class Snapshot implements Disposable {
  readonly #reads: ViewReads
  readonly #onEnd: () => void

  /** @internal */
  constructor(reads: ViewReads, onEnd: () => void) {
    this.#reads = reads
    this.#onEnd = onEnd
  }

  /** Number of the newest commit that it sees. */
  get seq(): number {
    return this.#reads.lease.view.seq
  }

  /**
   * Returns a copy of a value, or `undefined`. The key is the first `keyBytes` bytes.
   *
   * @throws {@link LdbError} LDB_CLOSED after the release, LDB_NOT_FOUND when there is no such store, and the errors of reading.
   */
  get(keyspaceId: number, key: Uint8Array, keyBytes: number = key.length): Uint8Array | undefined {
    return this.#reads.get(keyspaceId, key, keyBytes)
  }

  /** Reports whether a key is present. */
  has(keyspaceId: number, key: Uint8Array, keyBytes: number = key.length): boolean {
    return this.#reads.has(keyspaceId, key, keyBytes)
  }

  /** Opens a cursor, which ends with the snapshot. The bounds are kept: do not change their bytes. */
  cursor(keyspaceId: number, bounds: KeyBounds = {}): StoreCursor {
    const inner = this.#reads.store(keyspaceId).snapshot().cursor(bounds)
    return this.#reads.openCursor(inner, undefined, bounds)
  }

  /** Counts the entries within bounds, exactly. */
  count(keyspaceId: number, bounds: KeyBounds = {}): number {
    return this.#reads.count(keyspaceId, bounds)
  }

  /** Estimates entries and bytes within bounds. */
  estimate(keyspaceId: number, bounds: KeyBounds = {}): RangeEstimate {
    return this.#reads.estimate(keyspaceId, bounds)
  }

  /** Gives the view back. Idempotent. */
  release(): void {
    this.#reads.end()
    this.#onEnd()
  }

  [Symbol.dispose](): void {
    this.release()
  }
}
