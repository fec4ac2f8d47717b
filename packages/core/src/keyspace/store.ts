import { assert, LdbError } from '@ldb/base'
import type { KeyBounds, OrderedStore, StoreCursor, StoreSnapshot } from '@ldb/base'
import { AcknowledgedCommits } from './acknowledged-commits.js'
import type { KeyspaceDescriptor } from '../catalog/catalog.js'
import type { Clock } from '@ldb/vfs'
import { closedError } from '../health/health.js'
import { Expiry, isSealed } from './expiry.js'
import { ExpiringStore } from './ttl-store.js'

/** A keyspace of an open database: what the catalog says of it, and its store. */
export class KeyspaceStore {
  readonly #sealedStore: OrderedStore
  readonly #clock: Clock
  #descriptor: KeyspaceDescriptor
  #store: OrderedStore
  /** What comes in before anybody looks; its table shares it among all. */
  acknowledged: AcknowledgedCommits = new AcknowledgedCommits()
  #expiry: Expiry | undefined = undefined
  /** Lets the catalog say that entries may expire. */
  #allowExpiry: (() => void) | undefined = undefined
  /** True from the moment the catalog no longer names it; what is pinned stays readable (K4). */
  dropped = false
  readonly #pins: Set<StorePin> = new Set()
  /** Does what waits for the last pin to go. */
  #onUnpinned: (() => void) | undefined = undefined

  constructor(descriptor: KeyspaceDescriptor, store: OrderedStore, clock: Clock) {
    this.#sealedStore = store
    this.#clock = clock
    this.#descriptor = descriptor
    this.#store = store
    this.describe(descriptor)
  }

  get descriptor(): KeyspaceDescriptor {
    return this.#descriptor
  }

  /** The store, without what has expired. */
  get store(): OrderedStore {
    if (this.acknowledged.isWaiting) this.acknowledged.applyBeforeRead()
    return this.#store
  }

  /** The store with its values as they are kept: some behind a time, where they may expire. */
  get sealedStore(): OrderedStore {
    if (this.acknowledged.isWaiting) this.acknowledged.applyBeforeRead()
    return this.#sealedStore
  }

  /** The store for whoever brings commits in: those that were acknowledged may not be there yet. */
  get storeToChange(): OrderedStore {
    return this.#sealedStore
  }

  /** How values carry their time; `undefined` as long as none ever did. */
  get expiry(): Expiry | undefined {
    return this.#expiry
  }

  /** Takes over what the catalog says of it now. What is pinned was written before its entries could expire. */
  describe(descriptor: KeyspaceDescriptor): void {
    this.#descriptor = descriptor
    if (descriptor.expires !== true || this.#expiry !== undefined) return
    this.#expiry = new Expiry(this.#clock)
    this.#store = new ExpiringStore(this.#sealedStore, this.#expiry)
  }

  /** Names what lets the catalog say that its entries may expire, before the first of them that may is written. */
  whenFirstExpiring(allowExpiry: () => void): void {
    this.#allowExpiry = allowExpiry
  }

  /**
   * Returns a value as the log and the store keep it.
   *
   * @param ttlMs - how long it lives, in milliseconds; `undefined` as the keyspace says.
   */
  seal(value: Uint8Array, ttlMs: number | undefined): Uint8Array {
    const lifeMs = ttlMs ?? this.#descriptor.ttlMs ?? Infinity
    if (lifeMs === Infinity && !isSealed(value)) return value
    if (this.#expiry === undefined) this.#allowExpiry?.()
    assert(this.#expiry !== undefined, 'a keyspace knows what lets its entries expire')
    return this.#expiry.seal(value, lifeMs)
  }

  /** Returns a value that the log or the store has kept; `undefined` when it has expired. */
  unseal(kept: Uint8Array | undefined): Uint8Array | undefined {
    const expiry = this.#expiry
    return expiry === undefined ? kept : expiry.open(kept, expiry.clock.now())
  }

  /** Throws when the keyspace was dropped. */
  assertLive(): void {
    if (!this.dropped) return
    throw new LdbError('LDB_NOT_FOUND', `keyspace ${JSON.stringify(this.descriptor.name)} was dropped`)
  }

  /** Freezes its present state for a read. */
  pin(): StorePin {
    const pin = new StorePin(this, this.store.snapshot())
    this.#pins.add(pin)
    return pin
  }

  /** Freezes its present state with its values as they are kept, before a commit changes it that was acknowledged or not. */
  pinSealed(): StorePin {
    const pin = new StorePin(this, this.#sealedStore.snapshot())
    this.#pins.add(pin)
    return pin
  }

  /** Takes a released pin off the list. */
  unpin(pin: StorePin): void {
    const known = this.#pins.delete(pin)
    assert(known, 'a pin is given back once')
    if (this.#pins.size === 0) this.#takeUnpinned()?.()
  }

  /** Calls `task` as soon as nothing pins the store: now, or with the last release. */
  whenUnpinned(task: () => void): void {
    if (this.#pins.size === 0) task()
    else this.#onUnpinned = task
  }

  #takeUnpinned(): (() => void) | undefined {
    const task = this.#onUnpinned
    this.#onUnpinned = undefined
    return task
  }
}

/** One frozen state of one keyspace, and the cursors that are open on it. */
export class StorePin {
  readonly keyspace: KeyspaceStore
  readonly view: StoreSnapshot
  readonly hasOwnWrites = false
  readonly #cursors: Set<StoreCursor> = new Set()
  #released = false

  constructor(keyspace: KeyspaceStore, view: StoreSnapshot) {
    this.keyspace = keyspace
    this.view = view
  }

  /** Throws when it was released: by its owner, or because the database closed. */
  assertHeld(): void {
    if (this.#released) throw closedError()
  }

  /** Opens a cursor; `closeCursor` and `release` close it. */
  openCursor(bounds: KeyBounds): StoreCursor {
    this.assertHeld()
    const cursor = this.view.cursor(bounds)
    this.#cursors.add(cursor)
    return cursor
  }

  /** Closes a cursor of this pin. Idempotent. */
  closeCursor(cursor: StoreCursor): void {
    if (this.#cursors.delete(cursor)) cursor.close()
  }

  /** Idempotent. */
  release(): void {
    if (this.#released) return
    this.#released = true
    for (const cursor of this.#cursors) cursor.close()
    this.#cursors.clear()
    this.view.release()
    this.keyspace.unpin(this)
  }
}
