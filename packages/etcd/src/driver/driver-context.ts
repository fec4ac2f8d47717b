import type { EtcdClient } from '../client/etcd-client.js'
import type { Committer } from './committer.js'
import type { KeyLayout } from '../layout/key-layout.js'
import type { PageSizes } from './page-size.js'

/** What the transactions and watches of one driver share. */
export interface DriverContext {
  readonly client: EtcdClient
  readonly layout: KeyLayout
  readonly committer: Committer
  readonly pageSizes: PageSizes
  /** Conditions, and operations, of one transaction of etcd at most. */
  readonly operationsMax: number
  /** @throws DriverError `'closed'` */
  assertOpen(): void
}
