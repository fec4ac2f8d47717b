import type { KeyspaceDescriptor } from '../catalog/catalog.js'
import { KeyspaceWrites } from './keyspace-writes.js'

/**
 * A named, independent, ordered map of a database. Made by `Database.keyspace`.
 *
 * @category Keyspaces
 */
export class Keyspace<K, V> extends KeyspaceWrites<K, V> {
  /** Its name. */
  get name(): string {
    return this.store.descriptor.name
  }

  /** What the catalog says of it. */
  get descriptor(): KeyspaceDescriptor {
    return this.store.descriptor
  }
}
