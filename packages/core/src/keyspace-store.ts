import { assert, invalidArgument, LdbError } from '@ldb/base'
import type { KeyBounds, OrderedStore, StoreCursor, StoreSnapshot } from '@ldb/base'
import type { KeyspaceDescriptor } from './catalog.js'
import type { Clock } from '@ldb/vfs'
import { closedError } from './health.js'
import { Expiry } from './ttl-envelope.js'
import { ExpiringStore } from './ttl-store.js'

/** A keyspace of an open database: what the catalog says of it, and its store. */
export class KeyspaceStore {
  readonly descriptor: KeyspaceDescriptor
  readonly store: OrderedStore
  /** How values carry their time; `undefined` when they do not. */
  readonly expiry: Expiry | undefined
  /** True from the moment the catalog no longer names it; what is pinned stays readable (K4). */
  dropped = false
  readonly #pins: Set<StorePin> = new Set()
  /** Does what waits for the last pin to go. */
  #onUnpinned: (() => void) | undefined = undefined

  constructor(descriptor: KeyspaceDescriptor, store: OrderedStore, clock: Clock) {
    this.descriptor = descriptor
    this.expiry = descriptor.expires === true ? new Expiry(clock) : undefined
    this.store = this.expiry === undefined ? store : new ExpiringStore(store, this.expiry)
  }

  /** Gives a value as the log and the store keep it. */
  seal(value: Uint8Array, ttlMs: number | undefined): Uint8Array {
    if (this.expiry !== undefined) return this.expiry.seal(value, ttlMs)
    if (ttlMs === undefined) return value
    throw invalidArgument(
      `keyspace ${JSON.stringify(this.descriptor.name)} was made without ttlMs: its entries cannot expire`,
    )
  }

  /** Gives a value that the log or the store has kept; `undefined` when it has expired. */
  unseal(kept: Uint8Array | undefined): Uint8Array | undefined {
    const { expiry } = this
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

  /** The store with its values as they are kept: sealed, where they expire. */
  get sealedStore(): OrderedStore {
    return this.store instanceof ExpiringStore ? this.store.below : this.store
  }

  /** Freezes its present state with its values as they are kept. */
  pinSealed(): StorePin {
    const pin = new StorePin(this, this.sealedStore.snapshot())
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
