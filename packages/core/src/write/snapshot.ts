import { invalidArgument, LdbError } from '@ldb/base'
import { closedError } from '../health/health.js'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import { KeyspaceReads } from '../read/keyspace-reads.js'
import type { StorePin } from '../keyspace/store.js'
import type { KeyspaceTable } from '../keyspace/table.js'
import { KeyspaceWrites } from './keyspace-writes.js'
import { DEFAULT_KEYSPACE_ID } from '../catalog/directory-layout.js'
import type { OpenRead, OpenReads } from '../read/open-reads.js'
import { FrozenSource } from '../read/read-source.js'

/**
 * All keyspaces as they were at one commit. Its own reading methods see the keyspace `default`.
 *
 * @remarks Costs no I/O and no copy; while it is open, what is overwritten keeps its old pages. Release it, or write
 * `using`.
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
  readonly #pins: SnapshotPins

  /** @internal */
  constructor(held: SnapshotPins, codec: KeyspaceCodec<string, string>) {
    super(new FrozenSource(held.pinOf(DEFAULT_KEYSPACE_ID)), codec)
    this.#pins = held
  }

  /** Number of the newest commit that it sees. */
  get seq(): number {
    return this.#pins.seq
  }

  /**
   * Returns a keyspace as the snapshot sees it.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when the keyspace was made later, LDB_INVALID_ARGUMENT when it is not one of
   * this database, LDB_CLOSED after the release.
   */
  in<K, V>(keyspace: KeyspaceWrites<K, V>): KeyspaceReads<K, V> {
    if (!(keyspace instanceof KeyspaceWrites) || keyspace.pipeline !== this.#pins.owner) {
      throw invalidArgument('a snapshot sees keyspaces of its own database only')
    }
    return new KeyspaceReads(new FrozenSource(this.#pins.pinOf(keyspace.store.descriptor.id)), keyspace.codec)
  }

  /** Gives it back; it and all that reads through it then throw `LDB_CLOSED`. Idempotent. */
  release(): void {
    this.#pins.release()
  }

  [Symbol.dispose](): void {
    this.#pins.release()
  }
}

/** What a snapshot holds: a frozen state of every keyspace, all at the same commit. */
export class SnapshotPins implements OpenRead {
  readonly openedAtMs: number
  readonly seq: number
  /** The commit pipeline of the database, by which its keyspaces are known. */
  readonly owner: object
  readonly #pins: Map<number, StorePin> = new Map()
  readonly #openReads: OpenReads
  #released = false

  constructor(owner: object, seq: number, keyspaces: KeyspaceTable, openReads: OpenReads) {
    this.owner = owner
    this.seq = seq
    this.#openReads = openReads
    this.openedAtMs = openReads.clock.monotonic()
    try {
      for (const keyspace of keyspaces) this.#pins.set(keyspace.descriptor.id, keyspace.pin())
    } catch (error) {
      this.#releasePins()
      throw error
    }
    openReads.add(this)
  }

  pinOf(keyspaceId: number): StorePin {
    if (this.#released) throw closedError()
    const pin = this.#pins.get(keyspaceId)
    if (pin === undefined) throw new LdbError('LDB_NOT_FOUND', 'the keyspace was made after the snapshot')
    return pin
  }

  release(): void {
    if (this.#released) return
    this.#released = true
    this.#openReads.remove(this)
    this.#releasePins()
  }

  #releasePins(): void {
    for (const pin of this.#pins.values()) pin.release()
    this.#pins.clear()
  }
}
