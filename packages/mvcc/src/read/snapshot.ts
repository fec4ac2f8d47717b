import { ALL_KEYS, ownBounds } from '@ldb/base'
import type { KeyBounds, RangeEstimate, StoreCursor } from '@ldb/base'
import type { ViewReads } from './view-reads.js'

/**
 * A read-only view of all stores at one commit. Made by `TransactionManager.snapshot`.
 *
 * @remarks Copies nothing. While it is open, the stores retain the old versions of changed pages. The caller must release it,
 * or declare it with `using`.
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

  /** The newest commit that the snapshot sees. */
  get seq(): number {
    return this.#reads.lease.view.seq
  }

  /**
   * Returns a copy of the value of a key, or `undefined`. The key is the first `keyBytes` bytes of `key`.
   *
   * @throws {@link LdbError} LDB_CLOSED after the release, LDB_NOT_FOUND when there is no such store, and the read errors of
   * the store.
   */
  get(keyspaceId: number, key: Uint8Array, keyBytes: number = key.length): Uint8Array | undefined {
    return this.#reads.get(keyspaceId, key, keyBytes)
  }

  /** Reports whether a key is present. */
  has(keyspaceId: number, key: Uint8Array, keyBytes: number = key.length): boolean {
    return this.#reads.has(keyspaceId, key, keyBytes)
  }

  /** Opens a cursor. The release of the snapshot closes it. The bounds are retained: the caller must not change them. */
  cursor(keyspaceId: number, bounds: KeyBounds = ALL_KEYS): StoreCursor {
    const own = ownBounds(bounds)
    const inner = this.#reads.store(keyspaceId).snapshot().cursor(own)
    return this.#reads.openCursor(inner, undefined, own)
  }

  /** Counts the entries within bounds, exactly. */
  count(keyspaceId: number, bounds: KeyBounds = ALL_KEYS): number {
    return this.#reads.count(keyspaceId, bounds)
  }

  /** Estimates entries and bytes within bounds. */
  estimate(keyspaceId: number, bounds: KeyBounds = ALL_KEYS): RangeEstimate {
    return this.#reads.estimate(keyspaceId, bounds)
  }

  /** Releases the snapshot and closes its cursors. Idempotent. */
  release(): void {
    this.#reads.end()
    this.#onEnd()
  }

  [Symbol.dispose](): void {
    this.release()
  }
}
