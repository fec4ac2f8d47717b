import type { KeyBounds, StoreCursor, StoreSnapshot } from '@ldb/base'
import type { Health } from '../health/health.js'
import type { KeyspaceStore, StorePin } from '../keyspace/store.js'
import type { OpenRead, OpenReads } from './open-reads.js'

/** A frozen state of one keyspace, as far as reads need it. */
export interface ReadPin {
  readonly keyspace: KeyspaceStore
  readonly view: Pick<StoreSnapshot, 'seq' | 'count' | 'estimate'>
  /** It shows writes over the store's own state, so that even the count of everything has to be found out. */
  readonly hasOwnWrites: boolean
  /** Throws when it was given back. */
  assertHeld(): void
  /** Opens a cursor; `closeCursor` and the end of the pin close it. */
  openCursor(bounds: KeyBounds): StoreCursor
  /** Closes a cursor of this pin. Idempotent. */
  closeCursor(cursor: StoreCursor): void
}

/** A state that does not change while it is read, whatever is committed. */
export interface PinnedState {
  readonly source: ReadSource
  release(): void
}

/** Where the reading methods read: the live state of a keyspace, or a frozen one. */
export interface ReadSource {
  /** Throws when this may not be read: closed, poisoned, dropped or released. */
  assertReadable(): void
  /** Returns a copy of a value; the key is the first `keyBytes` bytes. */
  get(key: Uint8Array, keyBytes: number): Uint8Array | undefined
  /** Returns a value that is good until the next call of the store. */
  getBorrowed(key: Uint8Array, keyBytes: number): Uint8Array | undefined
  /** Returns copies of many values; keys packed as for `OrderedStore.getMany`. */
  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[]
  has(key: Uint8Array, keyBytes: number): boolean
  /** Returns a frozen state for a read that ends within the call; `giveBack` ends it. */
  acquire(): ReadPin
  /** Ends what `acquire` began. */
  releasePin(pin: ReadPin): void
  /** Gives the state of this moment to read from, until it is given back. */
  pinState(): PinnedState
  /** Notes a read that stays open, and gives the moment. */
  registerRead(read: OpenRead): number
  /** Ends what `opened` began. */
  unregisterRead(read: OpenRead): void
}

/** The live state of a keyspace. A single read goes to the store itself; a longer one pins the state of its call. */
export class LiveSource implements ReadSource {
  readonly keyspace: KeyspaceStore
  readonly #health: Health
  readonly #openReads: OpenReads

  constructor(keyspace: KeyspaceStore, health: Health, openReads: OpenReads) {
    this.keyspace = keyspace
    this.#health = health
    this.#openReads = openReads
  }

  assertReadable(): void {
    this.#health.assertReadable()
    if (this.keyspace.dropped) this.keyspace.assertLive()
  }

  get(key: Uint8Array, keyBytes: number): Uint8Array | undefined {
    return this.keyspace.store.get(key, keyBytes)
  }

  getBorrowed(key: Uint8Array, keyBytes: number): Uint8Array | undefined {
    return this.keyspace.store.getBorrowed(key, keyBytes)
  }

  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    return this.keyspace.store.getMany(keys, ends)
  }

  has(key: Uint8Array, keyBytes: number): boolean {
    return this.keyspace.store.has(key, keyBytes)
  }

  acquire(): StorePin {
    return this.keyspace.pin()
  }

  releasePin(pin: StorePin): void {
    pin.release()
  }

  pinState(): PinnedState {
    const pin = this.keyspace.pin()
    return {
      source: new FrozenSource(pin),
      release: () => {
        pin.release()
      },
    }
  }

  registerRead(read: OpenRead): number {
    this.#openReads.add(read)
    return this.#openReads.clock.monotonic()
  }

  unregisterRead(read: OpenRead): void {
    this.#openReads.remove(read)
  }
}

/** A frozen state that a snapshot holds: reads on it end with the snapshot, so they are not noted on their own. */
export class FrozenSource implements ReadSource {
  readonly #pin: StorePin

  constructor(pin: StorePin) {
    this.#pin = pin
  }

  assertReadable(): void {
    this.#pin.assertHeld()
  }

  get(key: Uint8Array, keyBytes: number): Uint8Array | undefined {
    return this.#pin.view.get(key, keyBytes)
  }

  getBorrowed(key: Uint8Array, keyBytes: number): Uint8Array | undefined {
    return this.#pin.view.getBorrowed(key, keyBytes)
  }

  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    return this.#pin.view.getMany(keys, ends)
  }

  has(key: Uint8Array, keyBytes: number): boolean {
    return this.#pin.view.has(key, keyBytes)
  }

  acquire(): StorePin {
    return this.#pin
  }

  releasePin(_pin: StorePin): void {
    // Its holder releases it.
  }

  pinState(): PinnedState {
    return pinnedByOwner(this)
  }

  registerRead(_read: OpenRead): number {
    return 0
  }

  unregisterRead(_read: OpenRead): void {
    // It was not noted.
  }
}

/** What its owner holds: a snapshot or a transaction. */
export function pinnedByOwner(source: ReadSource): PinnedState {
  return { source, release: () => undefined }
}
