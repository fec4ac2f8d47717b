import { invalidArgument, LdbError } from '@ldb/base'
import { closedError } from '../health/health.js'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import { KeyspaceReads } from '../read/keyspace-reads.js'
import type { LazySnapshot } from '../keyspace/open-snapshots.js'
import type { KeyspaceStore, StorePin } from '../keyspace/store.js'
import type { KeyspaceTable } from '../keyspace/table.js'
import { KeyspaceWrites } from './keyspace-writes.js'
import { DEFAULT_KEYSPACE_ID } from '../catalog/directory-layout.js'
import type { HandleSentinel } from '../health/leaks.js'
import type { OpenRead, OpenReads, ReadLease } from '../read/open-reads.js'
import { FrozenSource } from '../read/read-source.js'

/**
 * A consistent, read-only view of all keyspaces at one commit. Its own reading methods read the keyspace `default`.
 *
 * @remarks Taking a snapshot copies no data, and costs the same whatever the number of keyspaces. While it is open, overwritten pages are not reused.
 * Release it, or declare it with `using`.
 * @example
 * ```ts
 * import { Database } from '@ldb/core'
 *
 * using db = Database.memory()
 * db.put('a', '1')
 * using snapshot = db.snapshot()
 * db.put('a', '2')
 * console.log(snapshot.get('a'), db.get('a')) // 1 2
 * ```
 * @category Reading
 */
export class Snapshot extends KeyspaceReads<string, string> implements Disposable {
  readonly #handle: SnapshotHandle

  /** @internal */
  constructor(handle: SnapshotHandle, codec: KeyspaceCodec<string, string>) {
    super(handle.sourceOf(DEFAULT_KEYSPACE_ID), codec)
    this.#handle = handle
  }

  /** Number of the newest commit that the snapshot sees. */
  get seq(): number {
    return this.#handle.pins.seq
  }

  /**
   * Returns the view of a keyspace through this snapshot.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when the keyspace was created after the snapshot; LDB_INVALID_ARGUMENT for a
   * keyspace of another database; LDB_CLOSED after the release.
   */
  in<K, V>(keyspace: KeyspaceWrites<K, V>): KeyspaceReads<K, V> {
    if (!(keyspace instanceof KeyspaceWrites) || keyspace.pipeline !== this.#handle.pins.owner) {
      throw invalidArgument('a snapshot sees keyspaces of its own database only')
    }
    return new KeyspaceReads(this.#handle.sourceOf(keyspace.store.descriptor.id), keyspace.codec)
  }

  /** Releases the snapshot. The snapshot and all reads through it then throw `LDB_CLOSED`. Idempotent. */
  release(): void {
    this.#handle.release()
  }

  [Symbol.dispose](): void {
    this.#handle.release()
  }
}

/** What a snapshot and its views of keyspaces share. When it is garbage-collected, none of them is reachable (S5). */
export class SnapshotHandle {
  readonly pins: SnapshotPins
  /** This reference keeps the database open as long as the snapshot is reachable. */
  readonly sentinel: HandleSentinel
  readonly #openReads: OpenReads
  readonly #lease: ReadLease

  constructor(pins: SnapshotPins, openReads: OpenReads, sentinel: HandleSentinel) {
    this.pins = pins
    this.sentinel = sentinel
    this.#openReads = openReads
    this.#lease = openReads.open('snapshot', pins, this)
  }

  /** Returns the source of a keyspace in the snapshot. @throws {@link LdbError} LDB_CLOSED, LDB_NOT_FOUND. */
  sourceOf(keyspaceId: number): FrozenSource {
    return new FrozenSource(this.pins.pinOf(keyspaceId), this)
  }

  release(): void {
    this.#openReads.close(this.#lease)
  }
}

/** The pins of a snapshot, all at the same commit: one for each keyspace that was read through it, or has changed since. */
export class SnapshotPins implements OpenRead, LazySnapshot<KeyspaceStore> {
  readonly seq: number
  /** Commit pipeline of the database, which identifies the keyspaces of the same database. */
  readonly owner: object
  readonly #keyspaces: KeyspaceTable
  readonly #newestId: number
  /** (X2) Entries that had expired then are absent. */
  readonly #nowMs: number
  readonly #pins: Map<number, StorePin> = new Map()
  #released = false

  /**
   * @param seq - number of the newest commit, which is applied to the stores.
   * @param nowMs - present time of the wall clock.
   */
  constructor(owner: object, seq: number, keyspaces: KeyspaceTable, nowMs: number) {
    this.owner = owner
    this.seq = seq
    this.#keyspaces = keyspaces
    this.#newestId = keyspaces.newestId
    this.#nowMs = nowMs
    keyspaces.snapshots.add(this)
  }

  /** @throws {@link LdbError} LDB_CLOSED, LDB_NOT_FOUND; the error of a store that cannot be opened. */
  pinOf(keyspaceId: number): StorePin {
    if (this.#released) throw closedError()
    const keyspace = this.#keyspaces.byId(keyspaceId)
    if (keyspace !== undefined) this.pin(keyspace)
    const pin = this.#pins.get(keyspaceId)
    if (pin === undefined) throw new LdbError('LDB_NOT_FOUND', 'the snapshot does not contain the keyspace')
    return pin
  }

  pin(keyspace: KeyspaceStore): void {
    const { id } = keyspace.descriptor
    if (id <= this.#newestId && !this.#pins.has(id)) this.#pins.set(id, keyspace.pinAt(this.#nowMs))
  }

  release(): void {
    if (this.#released) return
    this.#released = true
    this.#keyspaces.snapshots.delete(this)
    for (const pin of this.#pins.values()) pin.release()
    this.#pins.clear()
  }
}
