import type { BatchSection, KeyBounds, RangeEstimate, Seq, StoreCursor, StoreSnapshot } from '@ldb/base'
import type { TransactionStore } from '@ldb/mvcc'
import type { KeyspaceStore, StorePin } from './store.js'

/**
 * The store of a keyspace for transactions: raw values, and snapshots that pin the keyspace, so that a dropped keyspace stays
 * readable for them (K4).
 */
export class KeyspaceTransactionStore implements TransactionStore {
  readonly #keyspace: KeyspaceStore

  constructor(keyspace: KeyspaceStore) {
    this.#keyspace = keyspace
  }

  get seq(): Seq {
    return this.#keyspace.rawStore.seq
  }

  get(key: Uint8Array, keyBytes?: number): Uint8Array | undefined {
    return this.#keyspace.rawStore.get(key, keyBytes)
  }

  has(key: Uint8Array, keyBytes?: number): boolean {
    return this.#keyspace.rawStore.has(key, keyBytes)
  }

  apply(section: BatchSection, seq: Seq): void {
    this.#keyspace.rawStoreForWrites.apply(section, seq)
  }

  snapshot(): StoreSnapshot {
    return new PinnedSnapshot(this.#keyspace.pinRaw())
  }
}

/** A snapshot whose release unpins the keyspace. */
class PinnedSnapshot implements StoreSnapshot {
  readonly #pin: StorePin
  readonly #view: StoreSnapshot

  constructor(pin: StorePin) {
    this.#pin = pin
    this.#view = pin.view
  }

  get seq(): Seq {
    return this.#view.seq
  }

  get(key: Uint8Array, keyBytes?: number): Uint8Array | undefined {
    return this.#view.get(key, keyBytes)
  }

  getBorrowed(key: Uint8Array, keyBytes?: number): Uint8Array | undefined {
    return this.#view.getBorrowed(key, keyBytes)
  }

  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    return this.#view.getMany(keys, ends)
  }

  has(key: Uint8Array, keyBytes?: number): boolean {
    return this.#view.has(key, keyBytes)
  }

  cursor(bounds?: KeyBounds): StoreCursor {
    return this.#view.cursor(bounds)
  }

  count(bounds?: KeyBounds): number {
    return this.#view.count(bounds)
  }

  estimate(bounds?: KeyBounds): RangeEstimate {
    return this.#view.estimate(bounds)
  }

  release(): void {
    this.#pin.release()
  }
}
