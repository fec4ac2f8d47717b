import type { AsyncApi } from '../calls/async-api.js'
import { CallOrder } from '../calls/call-order.js'
import { AsyncKeyspaceReads } from './keyspace-reads.js'
import { AsyncKeyspaceWrites } from './keyspace-writes.js'
import type { KeyspaceWrites } from '../write/keyspace-writes.js'
import type { Snapshot } from '../write/snapshot.js'

/**
 * A consistent, read-only view of all keyspaces at one commit, with promises. Its own reading methods read the keyspace
 * `default`. Release it, or declare it with `await using`.
 *
 * @category Async
 */
export class AsyncSnapshot extends AsyncKeyspaceReads<string, string> implements AsyncDisposable {
  /** The synchronous API of this snapshot. */
  readonly sync: Snapshot

  /** @internal */
  constructor(api: AsyncApi, snapshot: Snapshot) {
    super(api, snapshot, new CallOrder(api.gate, { order: api.calls, call: undefined }))
    this.sync = snapshot
  }

  /** Number of the newest commit that the snapshot sees. */
  get seq(): number {
    return this.sync.seq
  }

  /**
   * Returns the view of a keyspace through this snapshot.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when the keyspace was created after the snapshot; LDB_INVALID_ARGUMENT for a
   * keyspace of another database; LDB_CLOSED after the release.
   */
  in<K, V>(keyspace: AsyncKeyspaceWrites<K, V> | KeyspaceWrites<K, V>): AsyncKeyspaceReads<K, V> {
    this.calls.assertOpen()
    const target = keyspace instanceof AsyncKeyspaceWrites ? keyspace.writes : keyspace
    return new AsyncKeyspaceReads(this.api, this.sync.in(target), this.calls)
  }

  /** Releases the snapshot after the reads that were called before. Later reads reject with `LDB_CLOSED`. Idempotent. */
  release(): Promise<void> {
    return this.calls.end(() => {
      this.sync.release()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }
}
