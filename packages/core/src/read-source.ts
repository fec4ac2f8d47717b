import type { Health } from './health.js'
import type { KeyspaceStore, StorePin } from './keyspace-store.js'
import type { OpenReads } from './open-reads.js'

/** Where the reading methods read: the live state of a keyspace, or a frozen one. */
export interface ReadSource {
  /** The reads of the database, for those that stay open. */
  readonly openReads: OpenReads
  /** Throws when this may not be read: closed, poisoned, dropped or released. */
  assertReadable(): void
  /** Gives a copy of a value; the key is the first `keyBytes` bytes. */
  get(key: Uint8Array, keyBytes: number): Uint8Array | undefined
  has(key: Uint8Array, keyBytes: number): boolean
  /** Gives a frozen state for a read that is longer than one call; `giveBack` ends it. */
  acquire(): StorePin
  /** Ends what `acquire` began. */
  giveBack(pin: StorePin): void
}

/** The live state of a keyspace. A single read goes to the store itself; a longer one pins the state of its call. */
export class LiveSource implements ReadSource {
  readonly openReads: OpenReads
  readonly keyspace: KeyspaceStore
  readonly #health: Health

  constructor(keyspace: KeyspaceStore, health: Health, openReads: OpenReads) {
    this.keyspace = keyspace
    this.#health = health
    this.openReads = openReads
  }

  assertReadable(): void {
    this.#health.assertReadable()
    if (this.keyspace.dropped) this.keyspace.assertLive()
  }

  get(key: Uint8Array, keyBytes: number): Uint8Array | undefined {
    return this.keyspace.store.get(key, keyBytes)
  }

  has(key: Uint8Array, keyBytes: number): boolean {
    return this.keyspace.store.has(key, keyBytes)
  }

  acquire(): StorePin {
    return this.keyspace.pin()
  }

  giveBack(pin: StorePin): void {
    pin.release()
  }
}

/** A frozen state that somebody else holds. */
export class FrozenSource implements ReadSource {
  readonly openReads: OpenReads
  readonly #pin: StorePin

  constructor(pin: StorePin, openReads: OpenReads) {
    this.#pin = pin
    this.openReads = openReads
  }

  assertReadable(): void {
    this.#pin.assertHeld()
  }

  get(key: Uint8Array, keyBytes: number): Uint8Array | undefined {
    return this.#pin.view.get(key, keyBytes)
  }

  has(key: Uint8Array, keyBytes: number): boolean {
    return this.#pin.view.has(key, keyBytes)
  }

  acquire(): StorePin {
    return this.#pin
  }

  giveBack(_pin: StorePin): void {
    // Its holder releases it.
  }
}
