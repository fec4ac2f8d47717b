import { ALL_KEYS, LdbError } from '@ldb/base'
import type { KeyBounds, RangeEstimate, Seq, StoreCursor } from '@ldb/base'
import type { Transaction as StoreTransaction, TransactionView } from '@ldb/mvcc'
import type { Health } from '../health/health.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import type { ReadLease } from '../read/open-reads.js'
import type { HandleSentinel } from '../health/leaks.js'
import { mapPackedKeys } from '../keyspace/packed-keys.js'
import { pinnedByOwner } from '../read/read-source.js'
import type { PinnedState, ReadPin, ReadSource } from '../read/read-source.js'

/** State that all keyspace views of one transaction share. */
export interface TransactionState {
  readonly transaction: StoreTransaction
  readonly health: Health
  /** This reference keeps the database open as long as the transaction is reachable. */
  readonly sentinel: HandleSentinel
  /**
   * Time at which the transaction began, on the wall clock. Entries expired by then are absent, and no entry expires
   * during the transaction (X2).
   */
  readonly beganAtMs: number
  /** The cursors support retries of a move that missed a page. */
  readonly hasRetryableCursors: boolean
  /** The commit was called and waits for earlier commits: the transaction accepts no more operations. */
  isCommitting: boolean
}

/** A keyspace as a transaction reads it. Its reads end with the transaction, so that they are not registered. */
export class TransactionSource implements ReadSource {
  readonly keyspace: KeyspaceStore
  readonly #transaction: StoreTransaction
  readonly #state: TransactionState

  constructor(keyspace: KeyspaceStore, state: TransactionState) {
    this.keyspace = keyspace
    this.#transaction = state.transaction
    this.#state = state
  }

  assertReadable(): void {
    this.#state.health.assertReadable()
    if (this.#state.isCommitting || !this.#transaction.isOpen) throw endedError()
  }

  assertStillReadable(): void {
    this.#state.health.assertReadable()
    if (!this.#transaction.isOpen) throw endedError()
  }

  beginRead(): void {
    // The transaction keeps the source readable.
  }

  endRead(): void {
    // The pin is released by its owner.
  }

  get(key: Uint8Array, keyBytes: number): Uint8Array | undefined {
    return this.decode(this.#transaction.get(this.keyspace.descriptor.id, key, keyBytes))
  }

  getForUpdate(key: Uint8Array, keyBytes: number): Uint8Array | undefined {
    return this.decode(this.storedForUpdate(key, keyBytes))
  }

  /** Returns the entry of a key as it is stored, expired or not, borrowed. */
  storedForUpdate(key: Uint8Array, keyBytes: number): Uint8Array | undefined {
    return this.#transaction.getForUpdate(this.keyspace.descriptor.id, key, keyBytes)
  }

  getBorrowed(key: Uint8Array, keyBytes: number): Uint8Array | undefined {
    return this.get(key, keyBytes)
  }

  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    return mapPackedKeys(keys, ends, (key) => this.get(key, key.length))
  }

  has(key: Uint8Array, keyBytes: number): boolean {
    if (this.keyspace.expiry !== undefined) return this.get(key, keyBytes) !== undefined
    return this.#transaction.has(this.keyspace.descriptor.id, key, keyBytes)
  }

  acquire(): ReadPin {
    const view = this.#transaction.view(this.keyspace.descriptor.id)
    return new TransactionPin(this.keyspace, this.#state, view)
  }

  releasePin(_pin: ReadPin): void {
    // The end of the transaction releases it.
  }

  pinState(): PinnedState {
    return pinnedByOwner(this)
  }

  registerRead(_kind: 'scan' | 'cursor', _pin: ReadPin, _handle: object): undefined {
    return undefined
  }

  closeRead(_lease: ReadLease | undefined): void {
    // The read was not registered.
  }

  /** Returns the value of an entry as it is stored; `undefined` for one that has expired. */
  decode(kept: Uint8Array | undefined): Uint8Array | undefined {
    const { decoder } = this.keyspace
    return decoder === undefined ? kept : decoder.decode(kept, decoder.timeOf(this.#state.beganAtMs))
  }
}

/** A keyspace as a transaction sees it at one moment, including its own writes until then. */
class TransactionPin implements ReadPin {
  readonly keyspace: KeyspaceStore
  readonly view: ReadPin['view']
  readonly hasOwnWrites: boolean
  readonly #state: TransactionState
  readonly #frozen: TransactionView

  constructor(keyspace: KeyspaceStore, state: TransactionState, frozen: TransactionView) {
    this.keyspace = keyspace
    this.#state = state
    this.#frozen = frozen
    this.hasOwnWrites = frozen.hasWrites
    this.view = {
      seq: state.transaction.seq as Seq,
      count: (bounds: KeyBounds = ALL_KEYS): number => this.#count(bounds),
      estimate: (bounds: KeyBounds = ALL_KEYS): RangeEstimate => frozen.estimate(bounds),
    }
  }

  assertPinned(): void {
    if (!this.#state.transaction.isOpen) throw endedError()
  }

  openCursor(bounds: KeyBounds): StoreCursor {
    const { hasRetryableCursors: isRetryable, beganAtMs } = this.#state
    const cursor = this.#frozen.cursor(bounds, { isRetryable })
    const { decoder } = this.keyspace
    return decoder === undefined ? cursor : decoder.cursor(cursor, decoder.timeOf(beganAtMs))
  }

  closeCursor(cursor: StoreCursor): void {
    cursor.close()
  }

  #count(bounds: KeyBounds): number {
    if (this.keyspace.expiry === undefined) return this.#frozen.count(bounds)
    const cursor = this.openCursor(bounds)
    let count = 0
    for (let found = cursor.first(); found; found = cursor.next()) count++
    cursor.close()
    return count
  }
}

/** Returns the error that every method of an ended transaction throws. */
export function endedError(): LdbError {
  return new LdbError('LDB_CLOSED', 'the transaction has ended')
}
