import { LdbError, toPlainBytes } from '@ldb/base'
import type { KeyBounds, RangeEstimate, StoreCursor } from '@ldb/base'
import type { ViewedStore, ViewLease } from './open-views.js'
import type { ReadSet } from '../records/read-set.js'
import { TransactionCursor } from './transaction-cursor.js'
import type { CursorOwner } from './transaction-cursor.js'

/** What a transaction and a snapshot have in common: a view, and the cursors that are open on it. */
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

  /** Returns a store as the view sees it. @throws {@link LdbError} LDB_CLOSED, LDB_NOT_FOUND. */
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

  /** Opens a cursor that the end of the view closes. */
  openCursor(
    inner: StoreCursor,
    reads: ReadSet | undefined,
    bounds: KeyBounds,
    isSteady = false,
  ): StoreCursor {
    const cursor = new TransactionCursor(inner, reads, bounds, this, isSteady)
    this.#cursors.add(cursor)
    return cursor
  }

  /** Notes what all open cursors have looked at. */
  noteCursors(): void {
    for (const cursor of this.#cursors) cursor.note()
  }

  /** Closes the cursors and gives the view back. Idempotent. */
  end(): void {
    if (!this.lease.released) for (const cursor of [...this.#cursors]) cursor.close()
    this.lease.release()
  }
}
