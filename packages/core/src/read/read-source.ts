import type { KeyBounds, StoreCursor, StoreSnapshot } from '@ldb/base'
import type { Health } from '../health/health.js'
import type { KeyspaceStore, StorePin } from '../keyspace/store.js'
import type { OpenRead, OpenReads } from './open-reads.js'

/** A pinned state of one keyspace, as the reading methods use it. */
export interface ReadPin {
  readonly keyspace: KeyspaceStore
  readonly view: Pick<StoreSnapshot, 'seq' | 'count' | 'estimate'>
  /**
   * True when the state includes uncommitted writes of a transaction. The entry count of the store does not include
   * them.
   */
  readonly hasOwnWrites: boolean
  /** Throws `LDB_CLOSED` after the pin is released. */
  assertPinned(): void
  /** Opens a cursor. `closeCursor` and the release of the pin close it. */
  openCursor(bounds: KeyBounds): StoreCursor
  /** Closes a cursor of this pin. Idempotent. */
  closeCursor(cursor: StoreCursor): void
}

/** A source whose state does not change, whatever is committed, until `release`. */
export interface PinnedState {
  readonly source: ReadSource
  release(): void
}

/** The source of the reading methods: the live state of a keyspace, or a pinned one. */
export interface ReadSource {
  /** Throws when the source is closed, poisoned, dropped or released. */
  assertReadable(): void
  /** Throws when a read that has begun cannot go on. Unlike a new read, it may end while a commit of its transaction waits. */
  assertStillReadable(): void
  /** Returns a copy of a value; the key is the first `keyBytes` bytes. */
  get(key: Uint8Array, keyBytes: number): Uint8Array | undefined
  /** Returns a view of a value, valid until the next call of the store. */
  getBorrowed(key: Uint8Array, keyBytes: number): Uint8Array | undefined
  /** Returns copies of many values. The keys are packed as for `OrderedStore.getMany`. */
  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[]
  has(key: Uint8Array, keyBytes: number): boolean
  /** Keeps the source readable for a read that waits, even if its keyspace is dropped. The caller calls `endRead`. */
  beginRead(): void
  /** Ends a read of `beginRead`. */
  endRead(): void
  /** Pins the current state for one read. The caller calls `releasePin`. */
  acquire(): ReadPin
  /** Releases a pin of `acquire`. */
  releasePin(pin: ReadPin): void
  /** Returns a source of the current state. The caller releases it. */
  pinState(): PinnedState
  /** Registers a read that stays open, and returns the time on the monotonic clock. */
  registerRead(read: OpenRead): number
  /** Removes a read that `registerRead` has added. */
  unregisterRead(read: OpenRead): void
}

/**
 * The live state of a keyspace. A get reads the store directly; a scan, a cursor or a count pins the state at its call.
 */
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

  assertStillReadable(): void {
    this.#health.assertReadable()
  }

  beginRead(): void {
    this.keyspace.beginRead()
  }

  endRead(): void {
    this.keyspace.endRead()
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

/** The state that a snapshot pins. Its reads end with the snapshot, so that only the snapshot is registered. */
export class FrozenSource implements ReadSource {
  readonly #pin: StorePin

  constructor(pin: StorePin) {
    this.#pin = pin
  }

  assertReadable(): void {
    this.#pin.assertPinned()
  }

  assertStillReadable(): void {
    this.#pin.assertPinned()
  }

  beginRead(): void {
    // The pin keeps the source readable.
  }

  endRead(): void {
    // The pin is released by its owner.
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
    // The snapshot releases the pin.
  }

  pinState(): PinnedState {
    return pinnedByOwner(this)
  }

  registerRead(_read: OpenRead): number {
    return 0
  }

  unregisterRead(_read: OpenRead): void {
    // The read was not registered.
  }
}

/** Returns a source whose state a snapshot or a transaction pins and releases. */
export function pinnedByOwner(source: ReadSource): PinnedState {
  return { source, release: () => undefined }
}
