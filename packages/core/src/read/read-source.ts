import type { KeyBounds, StoreCursor, StoreSnapshot } from '@ldb/base'
import type { Health } from '../health/health.js'
import type { KeyspaceStore, StorePin } from '../keyspace/store.js'
import type { OpenReads, ReadLease } from './open-reads.js'
import type { HandleSentinel } from '../health/leaks.js'

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
  readonly keyspace: KeyspaceStore
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
  /** Pins the current state for one read. The caller calls `releasePin`, or `registerRead` and `closeRead`. */
  acquire(): ReadPin
  /** Releases a pin of `acquire`. */
  releasePin(pin: ReadPin): void
  /** Returns a source of the current state. The caller releases it. */
  pinState(): PinnedState
  /**
   * Registers a read that stays open beyond its call: the collection of `handle` ends it, and so does the close of the database.
   *
   * @returns `undefined` where the owner of the source ends the read.
   */
  registerRead(kind: 'scan' | 'cursor', pin: ReadPin, handle: object): ReadLease | undefined
  /** Releases the pin of a read that `registerRead` has added. Idempotent. */
  closeRead(lease: ReadLease | undefined): void
}

/**
 * The live state of a keyspace. A get reads the store directly; a scan, a cursor or a count pins the state at its call.
 */
export class LiveSource implements ReadSource {
  readonly keyspace: KeyspaceStore
  /** This reference keeps the database open as long as an object of its API is reachable. */
  readonly sentinel: HandleSentinel
  readonly #health: Health
  readonly #openReads: OpenReads

  constructor(keyspace: KeyspaceStore, health: Health, openReads: OpenReads, sentinel: HandleSentinel) {
    this.keyspace = keyspace
    this.sentinel = sentinel
    this.#health = health
    this.#openReads = openReads
  }

  assertReadable(): void {
    this.#health.assertReadable()
    if (this.keyspace.dropped) this.keyspace.assertLive()
  }

  /** Reports whether `assertReadable` throws nothing. */
  get isReadable(): boolean {
    return this.#health.readRefusal === undefined && !this.keyspace.dropped
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
      source: new FrozenSource(pin, this),
      release: () => {
        pin.release()
      },
    }
  }

  registerRead(kind: 'scan' | 'cursor', pin: StorePin, handle: object): ReadLease {
    return this.#openReads.open(kind, pin, handle)
  }

  closeRead(lease: ReadLease | undefined): void {
    if (lease !== undefined) this.#openReads.close(lease)
  }
}

/** The state that a snapshot pins. Its reads end with the snapshot, so that only the snapshot is registered. */
export class FrozenSource implements ReadSource {
  /** This reference keeps the owner of the pin reachable, so that it is not reported as a leak. */
  readonly owner: object
  readonly #pin: StorePin

  constructor(pin: StorePin, owner: object) {
    this.#pin = pin
    this.owner = owner
  }

  get keyspace(): KeyspaceStore {
    return this.#pin.keyspace
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

  registerRead(_kind: 'scan' | 'cursor', _pin: ReadPin, _handle: object): undefined {
    return undefined
  }

  closeRead(_lease: ReadLease | undefined): void {
    // The read was not registered.
  }
}

/** Returns a source whose state a snapshot or a transaction pins and releases. */
export function pinnedByOwner(source: ReadSource): PinnedState {
  return { source, release: () => undefined }
}
