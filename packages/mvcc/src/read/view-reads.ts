import { LdbError, toPlainBytes } from '@ldb/base'
import type { KeyBounds, RangeEstimate, StoreCursor } from '@ldb/base'
import type { ViewLease } from './open-views.js'
import type { ViewedStore } from './store-state.js'
import type { ReadSet } from '../records/read-set.js'
import { TransactionCursor } from './transaction-cursor.js'
import type { CursorOwner } from './transaction-cursor.js'

/** Reads through a read view, and its open cursors. Shared by transactions and snapshots. */
export class ViewReads implements CursorOwner {
  readonly lease: ViewLease
  readonly #cursors: Set<TransactionCursor> = new Set()

  constructor(lease: ViewLease) {
    this.lease = lease
  }

  get hasEnded(): boolean {
    return this.lease.released
  }

  forget(cursor: TransactionCursor): void {
    this.#cursors.delete(cursor)
  }

  /** Returns a store in the read view. @throws {@link LdbError} LDB_CLOSED, LDB_NOT_FOUND. */
  store(keyspaceId: number): ViewedStore {
    if (this.lease.released) throw new LdbError('LDB_CLOSED', 'the transaction or snapshot has ended')
    return this.lease.view.store(keyspaceId)
  }

  get(keyspaceId: number, key: Uint8Array, keyBytes: number): Uint8Array | undefined {
    return this.store(keyspaceId).reader.get(toPlainBytes(key, 'key'), keyBytes)
  }

  has(keyspaceId: number, key: Uint8Array, keyBytes: number): boolean {
    return this.store(keyspaceId).reader.has(toPlainBytes(key, 'key'), keyBytes)
  }

  count(keyspaceId: number, bounds: KeyBounds): number {
    return this.store(keyspaceId).snapshot().count(bounds)
  }

  estimate(keyspaceId: number, bounds: KeyBounds): RangeEstimate {
    return this.store(keyspaceId).snapshot().estimate(bounds)
  }

  /** Opens a cursor, which `end` closes. */
  openCursor(
    inner: StoreCursor,
    reads: ReadSet | undefined,
    bounds: KeyBounds,
    isRetryable = false,
  ): StoreCursor {
    const cursor = new TransactionCursor(inner, reads, bounds, this, isRetryable)
    this.#cursors.add(cursor)
    return cursor
  }

  /** Adds the ranges read by all open cursors to the read set. */
  recordCursorReads(): void {
    for (const cursor of this.#cursors) cursor.recordReads()
  }

  /** Closes the cursors and releases the view. Idempotent. */
  end(): void {
    if (!this.lease.released) for (const cursor of [...this.#cursors]) cursor.close()
    this.lease.release()
  }
}
