import type { KeyspaceDescriptor } from '../catalog/catalog.js'
import type { AsyncApi } from './api.js'
import { AsyncKeyspaceWrites } from './keyspace-writes.js'
import type { Keyspace } from '../write/keyspace.js'

/**
 * A keyspace whose methods give promises. Made by `AsyncDatabase.keyspace`.
 *
 * @category Async
 */
export class AsyncKeyspace<K, V> extends AsyncKeyspaceWrites<K, V> {
  /** The same keyspace with its sync methods. */
  readonly sync: Keyspace<K, V>

  /** @internal */
  constructor(api: AsyncApi, keyspace: Keyspace<K, V>) {
    super(api, keyspace)
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
