import { assert, LdbError } from '@ldb/base'
import { AcknowledgedCommits } from './acknowledged-commits.js'
import type { KeyspaceStore } from './store.js'

/** The keyspaces of an open database, by number and by name. */
export class KeyspaceTable {
  /** What comes into the stores before anybody looks at them. */
  readonly acknowledged: AcknowledgedCommits = new AcknowledgedCommits()
  readonly #byId: Map<number, KeyspaceStore> = new Map()
  readonly #byName: Map<string, KeyspaceStore> = new Map()

  get size(): number {
    return this.#byId.size
  }

  /** All of them, by rising number. */
  [Symbol.iterator](): IterableIterator<KeyspaceStore> {
    return this.#byId.values()
  }

  byId(id: number): KeyspaceStore | undefined {
    return this.#byId.get(id)
  }

  byName(name: string): KeyspaceStore | undefined {
    return this.#byName.get(name)
  }

  /** Returns a keyspace that a batch writes to. */
  require(id: number): KeyspaceStore {
    const keyspace = this.#byId.get(id)
    if (keyspace === undefined) throw new LdbError('LDB_NOT_FOUND', 'a keyspace of the batch was dropped')
    return keyspace
  }

  add(keyspace: KeyspaceStore): void {
    const { id, name } = keyspace.descriptor
    assert(!this.#byId.has(id) && !this.#byName.has(name), 'a keyspace is added once')
    keyspace.acknowledged = this.acknowledged
    this.#byId.set(id, keyspace)
    this.#byName.set(name, keyspace)
  }

  remove(keyspace: KeyspaceStore): void {
    this.#byId.delete(keyspace.descriptor.id)
    this.#byName.delete(keyspace.descriptor.name)
  }
}
