import { assert, LdbError } from '@ldb/base'
import type { KeyBounds, OrderedStore, StoreCursor, StoreSnapshot } from '@ldb/base'
import { AcknowledgedCommits } from './acknowledged-commits.js'
import type { KeyspaceDescriptor } from '../catalog/catalog.js'
import { equalCheckpoints } from '../log/checkpoint-record.js'
import type { StoreCheckpoint } from '../log/checkpoint-record.js'
import type { Clock } from '@ldb/vfs'
import { closedError } from '../health/health.js'
import type { BlobValues } from '../blob/blob-values.js'
import { hasValueHeader } from '../blob/value-header.js'
import { Expiry } from '../values/expiry.js'
import { ValueDecoder } from '../values/value-decoder.js'
import { OpenSnapshots } from './open-snapshots.js'
import { DecodedStore } from '../values/decoded-store.js'

/** Opens the store of a keyspace. */
export interface StoreSource {
  /** The checkpoint of the store in the newest checkpoint record of the log: its newest one while it is not open. */
  recorded: StoreCheckpoint
  /** Bytes of its files while it is not open. */
  readonly fileBytes: number
  /** @throws {@link LdbError} LDB_CORRUPTION when a file is missing or damaged, or not at the checkpoint; LDB_FORMAT, LDB_IO. */
  open(): OrderedStore
  /** Returns why the files are not those of a store that has a checkpoint; `undefined` when they are. */
  fault(): LdbError | undefined
}

/** A keyspace of an open database: its catalog entry and its store, which is opened when it is first used. */
export class KeyspaceStore {
  readonly #source: StoreSource
  readonly #clock: Clock
  /** The values in blob files; `undefined` for a memory-only database. */
  readonly blobs: BlobValues | undefined
  #descriptor: KeyspaceDescriptor
  #rawStore: OrderedStore | undefined = undefined
  #store: OrderedStore | undefined = undefined
  /** Acknowledged commits that are applied before a read. All keyspaces of a table share one object. */
  acknowledged: AcknowledgedCommits = new AcknowledgedCommits()
  /** Open snapshots of the database. All keyspaces of a table share one object. */
  snapshots: OpenSnapshots<KeyspaceStore> = new OpenSnapshots()
  /** The newest snapshot that has pinned this keyspace, or needs no pin. */
  #pinnedSnapshot = 0
  #decoder: ValueDecoder | undefined = undefined
  #pause: (() => void) | undefined = undefined
  /** Records in the catalog that entries may expire. */
  #enableExpiry: (() => void) | undefined = undefined
  /** Records in the catalog that values may be in blob files. */
  #enableBlobs: (() => void) | undefined = undefined
  /** True after the catalog no longer names it. Pinned states stay readable (K4). */
  dropped = false
  /** Pins that are not released. */
  #pinCount = 0
  /** Pending reads of the live state. */
  #readCount = 0
  /** Runs when the last pin is released. */
  #onUnpinned: (() => void) | undefined = undefined

  constructor(descriptor: KeyspaceDescriptor, source: StoreSource, clock: Clock, blobs?: BlobValues) {
    this.blobs = blobs
    this.#source = source
    this.#clock = clock
    this.#descriptor = descriptor
    this.setDescriptor(descriptor)
  }

  get descriptor(): KeyspaceDescriptor {
    return this.#descriptor
  }

  /** The store of decoded values, without expired entries. */
  get store(): OrderedStore {
    if (this.acknowledged.isPending) this.acknowledged.applyBeforeRead()
    return this.#store ?? this.#open()
  }

  /** The store of raw values, which may have headers. */
  get rawStore(): OrderedStore {
    if (this.acknowledged.isPending) this.acknowledged.applyBeforeRead()
    return this.#raw()
  }

  /** The store of raw values, for the application of commits: deferred commits are not applied first. Open snapshots pin its state. */
  get rawStoreForWrites(): OrderedStore {
    if (this.snapshots.newest !== this.#pinnedSnapshot) this.pinForSnapshots()
    return this.#raw()
  }

  /** The store of raw values if it is open: a store that is not open has no changes since its checkpoint. */
  get openedStore(): OrderedStore | undefined {
    return this.#rawStore
  }

  /** Opens the store, unless it is open. */
  ensureOpen(): void {
    if (this.#rawStore === undefined) this.#open()
  }

  /** The newest durable checkpoint of the store. */
  get checkpoint(): StoreCheckpoint {
    const store = this.#rawStore
    if (store === undefined) return this.#source.recorded
    return { durableSeq: store.durableSeq, segmentId: store.durableSegmentId }
  }

  /** Notes what a checkpoint record says of the store. */
  noteRecorded(checkpoint: StoreCheckpoint): void {
    this.#source.recorded = checkpoint
  }

  /** What the newest checkpoint record of the log says of the store. */
  get recorded(): StoreCheckpoint {
    return this.#source.recorded
  }

  /** Reports whether the newest checkpoint record names the newest checkpoint of the store. */
  get isRecorded(): boolean {
    return equalCheckpoints(this.checkpoint, this.#source.recorded)
  }

  /** Bytes of the files of the store, or of its data if a checkpoint has yet to write them. */
  get fileBytes(): number {
    const stats = this.#rawStore?.stats()
    return stats === undefined ? this.#source.fileBytes : Math.max(stats.fileBytes, stats.liveBytes)
  }

  /** As `StoreSource.fault`. */
  fault(): LdbError | undefined {
    return this.#source.fault()
  }

  /** Present time of the wall clock, by which entries expire. */
  get nowMs(): number {
    return this.#clock.now()
  }

  /** Encodes values that may expire; `undefined` while no entry may. */
  get expiry(): Expiry | undefined {
    return this.#decoder?.expiry
  }

  /** Decodes stored values; `undefined` while none has a header. */
  get decoder(): ValueDecoder | undefined {
    return this.#decoder
  }

  /** True when values may be in blob files. */
  get hasBlobs(): boolean {
    return this.#descriptor.blobs === true
  }

  /** Adopts a new catalog entry. Existing pins need no decoder: their values were written before values could have headers. */
  setDescriptor(descriptor: KeyspaceDescriptor): void {
    this.#descriptor = descriptor
    if (descriptor.expires !== true && descriptor.blobs !== true) return
    this.#decoder ??= new ValueDecoder(this.#clock, this.blobs)
    if (descriptor.expires === true) this.#decoder.expiry ??= new Expiry(this.#clock)
    if (this.#rawStore !== undefined) this.#store = this.#decoded(this.#rawStore, this.#decoder)
  }

  /** Sets what reads that pass many expired entries call; it may throw to interrupt them. */
  onLongPass(pause: () => void): void {
    this.#pause = pause
  }

  /**
   * Sets the action before the first entry that may expire is written: it records in the catalog that entries may expire, and calls
   * `setDescriptor`.
   */
  onFirstExpiring(enableExpiry: () => void): void {
    this.#enableExpiry = enableExpiry
  }

  /**
   * Sets the action before the first value is written to a blob file: it records in the catalog that values may be there, and calls
   * `setDescriptor`.
   */
  onFirstBlob(enableBlobs: () => void): void {
    this.#enableBlobs = enableBlobs
  }

  /** Called before a value is written to a blob file. @throws {@link LdbError} LDB_NO_SPACE, LDB_IO; LDB_NOT_FOUND when it was dropped. */
  ensureBlobs(): void {
    if (this.hasBlobs) return
    this.#enableBlobs?.()
    assert(this.hasBlobs, 'the catalog says that values may be in blob files before the first one is')
  }

  /**
   * Returns a value with an expiry header, if it needs one, as it is logged and stored.
   *
   * @param ttlMs - time to live in milliseconds; `undefined` for the default of the keyspace.
   */
  encodeExpiry(value: Uint8Array, ttlMs: number | undefined): Uint8Array {
    const lifetimeMs = ttlMs ?? this.#descriptor.ttlMs ?? Infinity
    if (lifetimeMs === Infinity && !hasValueHeader(value)) return value
    if (this.expiry === undefined) this.#enableExpiry?.()
    const { expiry } = this
    assert(expiry !== undefined, 'expiry is enabled before the first entry that may expire')
    return expiry.encode(value, lifetimeMs)
  }

  /** Decodes a logged or stored value; `undefined` when it has expired. */
  decodeValue(stored: Uint8Array | undefined): Uint8Array | undefined {
    const decoder = this.#decoder
    return decoder === undefined ? stored : decoder.decode(stored, decoder.now())
  }

  /** @throws {@link LdbError} LDB_NOT_FOUND when the keyspace was dropped. */
  assertLive(): void {
    if (!this.dropped) return
    throw new LdbError('LDB_NOT_FOUND', `keyspace ${JSON.stringify(this.descriptor.name)} was dropped`)
  }

  /** Pins the current state for reads. */
  pin(): StorePin {
    return this.#pin(this.store.snapshot())
  }

  /** Pins the current state of the raw store for a transaction, without applying deferred commits. */
  pinRaw(): StorePin {
    return this.#pin(this.#raw().snapshot())
  }

  /** As `pinRaw`, without entries that had expired at a time. */
  pinAt(nowMs: number): StorePin {
    this.ensureOpen()
    const store = this.#store
    return this.#pin(store instanceof DecodedStore ? store.snapshotAt(nowMs) : this.#raw().snapshot())
  }

  /** Pins the current state for the open snapshots that have not pinned it yet, before it changes. */
  pinForSnapshots(): void {
    this.snapshots.pin(this)
    this.#pinnedSnapshot = this.snapshots.newest
  }

  /** Called by each pin once, when it is released. */
  unpin(): void {
    assert(this.#pinCount > 0, 'a pin is released once')
    this.#pinCount--
    this.#unpinned()
  }

  /** Keeps the store open for a read of the live state, even if the keyspace is dropped. Call `endRead` after the read. */
  beginRead(): void {
    this.#readCount++
  }

  /** Ends a read of `beginRead`. */
  endRead(): void {
    this.#readCount--
    this.#unpinned()
  }

  /** Calls `task` once nothing pins the store: now, or when the last pin is released. */
  whenUnpinned(task: () => void): void {
    this.#onUnpinned = task
    this.#unpinned()
  }

  #raw(): OrderedStore {
    if (this.#rawStore === undefined) this.#open()
    return this.#rawStore as OrderedStore
  }

  /** Opens the store, and returns it without expired entries. */
  #open(): OrderedStore {
    const raw = this.#source.open()
    const store = this.#decoder === undefined ? raw : this.#decoded(raw, this.#decoder)
    this.#rawStore = raw
    this.#store = store
    return store
  }

  #pin(view: StoreSnapshot): StorePin {
    this.#pinCount++
    const pin = new StorePin(this, view)
    if (this.hasBlobs) this.blobs?.pins.add(pin)
    return pin
  }

  #decoded(raw: OrderedStore, decoder: ValueDecoder): DecodedStore {
    return new DecodedStore(raw, decoder, () => {
      this.#pause?.()
    })
  }

  #unpinned(): void {
    if (this.#pinCount > 0 || this.#readCount > 0) return
    const task = this.#onUnpinned
    this.#onUnpinned = undefined
    task?.()
  }
}

/** A pinned state of one keyspace, and the open cursors on it. */
export class StorePin {
  readonly keyspace: KeyspaceStore
  readonly view: StoreSnapshot
  readonly hasOwnWrites = false
  /** An open cursor; most pins have one only. */
  #cursor: StoreCursor | undefined = undefined
  /** The other open cursors. */
  #cursors: Set<StoreCursor> | undefined = undefined
  #released = false

  constructor(keyspace: KeyspaceStore, view: StoreSnapshot) {
    this.keyspace = keyspace
    this.view = view
  }

  /** Number of the newest commit in the state. */
  get seq(): number {
    return this.view.seq
  }

  /** @throws {@link LdbError} LDB_CLOSED when it was released by its owner, or because the database was closed. */
  assertPinned(): void {
    if (this.#released) throw closedError()
  }

  /** Opens a cursor. `closeCursor` and `release` close it. */
  openCursor(bounds: KeyBounds): StoreCursor {
    this.assertPinned()
    const cursor = this.view.cursor(bounds)
    if (this.#cursor === undefined) this.#cursor = cursor
    else (this.#cursors ??= new Set()).add(cursor)
    return cursor
  }

  /** Closes a cursor of this pin. Idempotent. */
  closeCursor(cursor: StoreCursor): void {
    if (cursor === this.#cursor) this.#cursor = undefined
    else if (this.#cursors?.delete(cursor) !== true) return
    cursor.close()
  }

  /** Closes the cursors, and releases the pin. Idempotent. */
  release(): void {
    if (this.#released) return
    this.#released = true
    this.#cursor?.close()
    this.#cursor = undefined
    for (const cursor of this.#cursors ?? []) cursor.close()
    this.#cursors = undefined
    this.view.release()
    if (this.keyspace.hasBlobs) this.keyspace.blobs?.pins.delete(this)
    this.keyspace.unpin()
  }
}
