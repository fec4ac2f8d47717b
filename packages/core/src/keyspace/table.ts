import { assert, LdbError } from '@ldb/base'
import { AcknowledgedCommits } from './acknowledged-commits.js'
import { OpenSnapshots } from './open-snapshots.js'
import type { KeyspaceStore } from './store.js'

/** The keyspaces of an open database, by number and by name. */
export class KeyspaceTable {
  /** Acknowledged commits that are applied before the next read of a store. */
  readonly acknowledged: AcknowledgedCommits = new AcknowledgedCommits()
  readonly #pause: () => void
  /** Open snapshots, which pin a keyspace before its next change. */
  readonly snapshots: OpenSnapshots<KeyspaceStore> = new OpenSnapshots()
  readonly #byId: Map<number, KeyspaceStore> = new Map()
  readonly #byName: Map<string, KeyspaceStore> = new Map()
  #newestId = 0

  /** @param pause - called by reads that pass many expired entries; may throw to interrupt them. */
  constructor(pause: () => void = nothing) {
    this.#pause = pause
  }

  get size(): number {
    return this.#byId.size
  }

  /** Iterates over all keyspaces, by ascending number. */
  [Symbol.iterator](): IterableIterator<KeyspaceStore> {
    return this.#byId.values()
  }

  /** Greatest number of a keyspace since the database was opened. */
  get newestId(): number {
    return this.#newestId
  }

  byId(id: number): KeyspaceStore | undefined {
    return this.#byId.get(id)
  }

  byName(name: string): KeyspaceStore | undefined {
    return this.#byName.get(name)
  }

  /**
   * Returns the keyspace of a section of a batch, with its store open: a commit to a store that cannot be opened must not be logged.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when it was dropped; the error of the store.
   */
  require(id: number): KeyspaceStore {
    const keyspace = this.#byId.get(id)
    if (keyspace === undefined) throw new LdbError('LDB_NOT_FOUND', 'a keyspace of the batch was dropped')
    keyspace.ensureOpen()
    return keyspace
  }

  add(keyspace: KeyspaceStore): void {
    const { id, name } = keyspace.descriptor
    assert(!this.#byId.has(id) && !this.#byName.has(name), 'a keyspace is added once')
    keyspace.acknowledged = this.acknowledged
    keyspace.onLongPass(this.#pause)
    keyspace.snapshots = this.snapshots
    this.#newestId = Math.max(this.#newestId, id)
    this.#byId.set(id, keyspace)
    this.#byName.set(name, keyspace)
  }

  remove(keyspace: KeyspaceStore): void {
    this.#byId.delete(keyspace.descriptor.id)
    this.#byName.delete(keyspace.descriptor.name)
  }
}

function nothing(): void {
  // Reads are not interrupted.
}
