import type { KeyspaceDescriptor } from '../catalog/catalog.js'
import type { AsyncApi } from '../calls/async-api.js'
import { AsyncKeyspaceWrites } from './keyspace-writes.js'
import type { Keyspace } from '../write/keyspace.js'

/**
 * A named, independent, ordered map with promises. Returned by `AsyncDatabase.keyspace`.
 *
 * @category Keyspaces
 */
export class AsyncKeyspace<K, V> extends AsyncKeyspaceWrites<K, V> {
  /** The synchronous API of this keyspace. */
  readonly sync: Keyspace<K, V>

  /** @internal */
  constructor(api: AsyncApi, keyspace: Keyspace<K, V>) {
    super(api, keyspace)
    this.sync = keyspace
  }

  /** Name of the keyspace. */
  get name(): string {
    return this.sync.name
  }

  /** Engine, encodings and other stored properties of the keyspace, from the catalog. */
  get descriptor(): KeyspaceDescriptor {
    return this.sync.descriptor
  }
}
