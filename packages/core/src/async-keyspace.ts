import type { KeyspaceDescriptor } from './catalog.js'
import type { AsyncFace } from './async-face.js'
import { AsyncKeyspaceWrites } from './async-keyspace-writes.js'
import type { Keyspace } from './keyspace.js'

/**
 * A keyspace whose methods give promises. Made by `AsyncDatabase.keyspace`.
 *
 * @category Async
 */
export class AsyncKeyspace<K, V> extends AsyncKeyspaceWrites<K, V> {
  /** The same keyspace with its sync methods. */
  readonly sync: Keyspace<K, V>

  /** @internal */
  constructor(face: AsyncFace, keyspace: Keyspace<K, V>) {
    super(face, keyspace)
    this.sync = keyspace
  }

  /** Its name. */
  get name(): string {
    return this.sync.name
  }

  /** What the catalog says of it. */
  get descriptor(): KeyspaceDescriptor {
    return this.sync.descriptor
  }
}
