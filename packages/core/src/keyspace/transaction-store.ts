import type { BatchSection, KeyBounds, RangeEstimate, Seq, StoreCursor, StoreSnapshot } from '@ldb/base'
import type { TransactionStore } from '@ldb/mvcc'
import type { KeyspaceStore, StorePin } from './store.js'

/**
 * A keyspace as transactions see it: with its values as they are kept, and with its snapshots counted among those that a
 * dropped keyspace waits for (K4).
 */
export class KeyspaceTransactionStore implements TransactionStore {
  readonly #keyspace: KeyspaceStore

  constructor(keyspace: KeyspaceStore) {
    this.#keyspace = keyspace
  }

  get seq(): Seq {
    return this.#keyspace.sealedStore.seq
  }

  get(key: Uint8Array, keyBytes?: number): Uint8Array | undefined {
    return this.#keyspace.sealedStore.get(key, keyBytes)
  }

  has(key: Uint8Array, keyBytes?: number): boolean {
    return this.#keyspace.sealedStore.has(key, keyBytes)
  }

  apply(section: BatchSection, seq: Seq): void {
    this.#keyspace.sealedStore.apply(section, seq)
  }

  snapshot(): StoreSnapshot {
    return new PinnedSnapshot(this.#keyspace.pinSealed())
  }
}

/** A snapshot that is given back to its keyspace. */
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
