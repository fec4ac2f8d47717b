import { invalidArgument } from '@ldb/base'
import type { Session } from '../calls/session.js'
import type { OpenKeyspace } from '../keyspace/open-keyspace.js'
import { ClusterKeyspace } from './cluster-keyspace.js'

/** Returns what is behind a handle of a keyspace. @throws {@link LdbError} LDB_INVALID_ARGUMENT unless it is a keyspace of the database. */
export function openedOf<K, V>(keyspace: ClusterKeyspace<K, V>, session: Session): OpenKeyspace<K, V> {
  if (keyspace instanceof ClusterKeyspace && keyspace.opened.session === session) return keyspace.opened
  throw invalidArgument('the keyspace is not one of this database')
}
