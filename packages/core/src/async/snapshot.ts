import type { AsyncApi } from './api.js'
import { AsyncKeyspaceReads } from './keyspace-reads.js'
import { AsyncKeyspaceWrites } from './keyspace-writes.js'
import type { KeyspaceWrites } from '../write/keyspace-writes.js'
import type { Snapshot } from '../write/snapshot.js'

/**
 * All keyspaces as they were at one commit, with reading methods that give promises. Release it, or write `await using`.
 *
 * @category Async
 */
export class AsyncSnapshot extends AsyncKeyspaceReads<string, string> implements AsyncDisposable {
  /** The same snapshot with its sync methods. */
  readonly sync: Snapshot

  /** @internal */
  constructor(api: AsyncApi, snapshot: Snapshot) {
    super(api, snapshot)
    this.sync = snapshot
  }

  /** Number of the newest commit that it sees. */
  get seq(): number {
    return this.sync.seq
  }

  /** Returns a keyspace as the snapshot sees it. */
  in<K, V>(keyspace: AsyncKeyspaceWrites<K, V> | KeyspaceWrites<K, V>): AsyncKeyspaceReads<K, V> {
    const target = keyspace instanceof AsyncKeyspaceWrites ? keyspace.writes : keyspace
    return new AsyncKeyspaceReads(this.api, this.sync.in(target))
  }

  /** Gives it back. Idempotent. */
  async release(): Promise<void> {
    this.sync.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.sync.release()
  }
}
