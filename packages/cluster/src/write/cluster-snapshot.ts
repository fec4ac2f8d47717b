import { LdbError } from '@ldb/base'
import type { OpenKeyspace } from '../keyspace/open-keyspace.js'
import type { Version } from '../driver/version.js'
import { ClusterReads } from '../read/cluster-reads.js'
import type { SnapshotSource } from '../read/snapshot-source.js'
import { openedOf } from './cluster-keyspace-of.js'
import type { ClusterKeyspace } from './cluster-keyspace.js'

/**
 * A consistent, read-only view of all keyspaces, as of its creation. Its own reading methods read the keyspace `default`. Release it, or declare it with
 * `await using`.
 *
 * @remarks Writes that the same database is called for afterwards are not in it, nor are they sent before it is fixed. The engine holds old data for it: a snapshot
 * that is older than `snapshotMsMax` of the driver may fail with `LDB_NOT_FOUND`.
 * @category Reading
 */
export class ClusterSnapshot extends ClusterReads<string, string> implements AsyncDisposable {
  readonly #snapshot: SnapshotSource

  /** @internal */
  constructor(opened: OpenKeyspace<string, string>, snapshot: SnapshotSource) {
    super(opened, snapshot)
    this.#snapshot = snapshot
  }

  /** Returns the view of a keyspace through this snapshot. @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_CLOSED. */
  in<K, V>(keyspace: ClusterKeyspace<K, V>): ClusterReads<K, V> {
    this.source.assertReadable()
    return new ClusterReads(openedOf(keyspace, this.opened.session), this.#snapshot)
  }

  /**
   * Returns the version of the snapshot: `changes` with `since` of this version continues where the snapshot ends.
   *
   * @throws {@link LdbError} LDB_UNSUPPORTED when the engine reports none.
   */
  async version(): Promise<Version> {
    this.source.assertReadable()
    const { version } = await this.#snapshot.pinned
    if (version !== undefined) return version
    const { engine } = this.opened.session.driver
    throw new LdbError('LDB_UNSUPPORTED', `${engine} reports no version of a snapshot`)
  }

  /** Releases the snapshot. Later reads reject with `LDB_CLOSED`. Idempotent. */
  async release(): Promise<void> {
    await this.#snapshot.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }
}
