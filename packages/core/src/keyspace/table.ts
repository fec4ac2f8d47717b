import { assert, LdbError } from '@ldb/base'
import { AcknowledgedCommits } from './acknowledged-commits.js'
import type { KeyspaceStore } from './store.js'

/** The keyspaces of an open database, by number and by name. */
export class KeyspaceTable {
  /** Acknowledged commits that are applied before the next read of a store. */
  readonly acknowledged: AcknowledgedCommits = new AcknowledgedCommits()
  readonly #pause: () => void
  readonly #byId: Map<number, KeyspaceStore> = new Map()
  readonly #byName: Map<string, KeyspaceStore> = new Map()

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

  byId(id: number): KeyspaceStore | undefined {
    return this.#byId.get(id)
  }

  byName(name: string): KeyspaceStore | undefined {
    return this.#byName.get(name)
  }

  /** Returns the keyspace of a section of a batch. @throws {@link LdbError} LDB_NOT_FOUND when it was dropped. */
  require(id: number): KeyspaceStore {
    const keyspace = this.#byId.get(id)
    if (keyspace === undefined) throw new LdbError('LDB_NOT_FOUND', 'a keyspace of the batch was dropped')
    return keyspace
  }

  add(keyspace: KeyspaceStore): void {
    const { id, name } = keyspace.descriptor
    assert(!this.#byId.has(id) && !this.#byName.has(name), 'a keyspace is added once')
    keyspace.acknowledged = this.acknowledged
    keyspace.onLongPass(this.#pause)
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
