import type { KeyspaceDescriptor } from '../catalog/catalog.js'
import { KeyspaceWrites } from './keyspace-writes.js'

/**
 * A named, independent, ordered map of a database. Returned by `Database.keyspace`.
 *
 * @category Keyspaces
 */
export class Keyspace<K, V> extends KeyspaceWrites<K, V> {
  /** Name of the keyspace. */
  get name(): string {
    return this.store.descriptor.name
  }

  /** Engine, encodings and other stored properties of the keyspace, from the catalog. */
  get descriptor(): KeyspaceDescriptor {
    return this.store.descriptor
  }
}
