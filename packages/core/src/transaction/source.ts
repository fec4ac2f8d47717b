import { LdbError } from '@ldb/base'
import type { KeyBounds, RangeEstimate, Seq, StoreCursor } from '@ldb/base'
import type { Transaction as StoreTransaction, TransactionView } from '@ldb/mvcc'
import type { Health } from '../health/health.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import type { OpenRead } from '../read/open-reads.js'
import { mapPacked } from '../keyspace/packed-keys.js'
import { heldElsewhere } from '../read/read-source.js'
import type { HeldSource, ReadPin, ReadSource } from '../read/read-source.js'
import { ExpiringCursor } from '../keyspace/ttl-cursor.js'

/** A transaction, as far as its reads need it. */
export interface TransactionReading {
  readonly transaction: StoreTransaction
  readonly health: Health
  /** When the transaction began: what had expired by then is absent, and nothing expires meanwhile (X2). */
  readonly beganAtMs: number
  /** Moves of its cursors may be made again after a page was missed. */
  readonly isSteady: boolean
  /** Its commit was called, and waits for its place in line: it takes nothing more. */
  isEnding: boolean
}

/** One keyspace as a transaction sees it. Its reads end with the transaction, so they are not noted on their own. */
export class TransactionSource implements ReadSource {
  readonly keyspace: KeyspaceStore
  readonly #transaction: StoreTransaction
  readonly #reading: TransactionReading

  constructor(keyspace: KeyspaceStore, reading: TransactionReading) {
    this.keyspace = keyspace
    this.#transaction = reading.transaction
    this.#reading = reading
  }

  assertReadable(): void {
    this.#reading.health.assertReadable()
    if (this.#reading.isEnding || !this.#transaction.isOpen) throw endedError()
  }

  get(key: Uint8Array, keyBytes: number): Uint8Array | undefined {
    return this.#open(this.#transaction.get(this.keyspace.descriptor.id, key, keyBytes))
  }

  getForUpdate(key: Uint8Array, keyBytes: number): Uint8Array | undefined {
    return this.#open(this.#transaction.getForUpdate(this.keyspace.descriptor.id, key, keyBytes))
  }

  getBorrowed(key: Uint8Array, keyBytes: number): Uint8Array | undefined {
    return this.get(key, keyBytes)
  }

  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    return mapPacked(keys, ends, (key) => this.get(key, key.length))
  }

  has(key: Uint8Array, keyBytes: number): boolean {
    if (this.keyspace.expiry !== undefined) return this.get(key, keyBytes) !== undefined
    return this.#transaction.has(this.keyspace.descriptor.id, key, keyBytes)
  }

  acquire(): ReadPin {
    const view = this.#transaction.view(this.keyspace.descriptor.id)
    return new TransactionPin(this.keyspace, this.#reading, view)
  }

  giveBack(_pin: ReadPin): void {
    // The end of the transaction ends it.
  }

  hold(): HeldSource {
    return heldElsewhere(this)
  }

  opened(_read: OpenRead): number {
    return 0
  }

  closed(_read: OpenRead): void {
    // It was not noted.
  }

  #open(kept: Uint8Array | undefined): Uint8Array | undefined {
    const { expiry } = this.keyspace
    return expiry === undefined ? kept : expiry.open(kept, this.#reading.beganAtMs)
  }
}

/** A keyspace in a transaction, frozen at one moment of it. */
class TransactionPin implements ReadPin {
  readonly keyspace: KeyspaceStore
  readonly view: ReadPin['view']
  readonly hasOwnWrites: boolean
  readonly #reading: TransactionReading
  readonly #frozen: TransactionView

  constructor(keyspace: KeyspaceStore, reading: TransactionReading, frozen: TransactionView) {
    this.keyspace = keyspace
    this.#reading = reading
    this.#frozen = frozen
    this.hasOwnWrites = frozen.hasWrites
    this.view = {
      seq: reading.transaction.seq as Seq,
      count: (bounds: KeyBounds = {}): number => this.#count(bounds),
      estimate: (bounds: KeyBounds = {}): RangeEstimate => frozen.estimate(bounds),
    }
  }

  assertHeld(): void {
    if (!this.#reading.transaction.isOpen) throw endedError()
  }

  openCursor(bounds: KeyBounds): StoreCursor {
    const { isSteady, beganAtMs } = this.#reading
    const cursor = this.#frozen.cursor(bounds, { isSteady })
    return this.keyspace.expiry === undefined ? cursor : new ExpiringCursor(cursor, beganAtMs)
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

/** What the methods of a transaction that has ended throw. */
export function endedError(): LdbError {
  return new LdbError('LDB_CLOSED', 'the transaction has ended')
}
