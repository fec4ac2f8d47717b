import type { CallOptions } from './call-options.js'
import type { DriverKeyspace } from './driver-keyspace.js'
import type { DriverTransaction, TransactionRequest } from './driver-transaction.js'
import type { DriverWatch, WatchRequest } from './driver-watch.js'
import type { Marker } from './marker.js'
import type { Version } from './version.js'

/** What an engine accepts. Infinity where it sets no limit. @category Driver */
export interface DriverLimits {
  /** Length of a key, in bytes. */
  readonly keyBytesMax: number
  /** Length of a value, in bytes. */
  readonly valueBytesMax: number
  /** Sum of the lengths of the keys and values that one commit writes. */
  readonly transactionBytesMax: number
  /** Number of keys written and ranges deleted by one commit. The driver's own entries, such as markers, are not counted. */
  readonly transactionWritesMax: number
  /** Number of keys and ranges read by one transaction that writes. */
  readonly transactionReadsMax: number
  /** Time from the first read to the commit of a transaction, in milliseconds. */
  readonly transactionMsMax: number
  /** Age that a snapshot may reach, in milliseconds. */
  readonly snapshotMsMax: number
}

/** What an engine has. A call that needs what is false rejects with a `DriverError` of kind `'unsupported'`. @category Driver */
export interface DriverCapabilities {
  /** `watch` reports committed changes exactly once, in order, and resumes at a version. */
  readonly watch: boolean
}

/** What became of a commit: it is applied, or it is not **and never will be**. @category Driver */
export type CommitOutcome = 'applied' | 'notApplied'

/**
 * A distributed engine, as `ClusterDatabase` needs it: ordered keyspaces, snapshot reads and atomic, serializable commits.
 *
 * @remarks
 * **Who does what.** The driver translates; all policy is above it. It retries no commit, resolves no conflict and buffers no write. The layer above
 * buffers and sorts writes, merges them with what the driver reads, encodes keys, values and expiries, checks limits, runs transactions again after
 * conflicts, waits between attempts, and resolves unknown outcomes. The bytes that the layer above stores in a value are described in FORMAT.md of
 * this package; a driver stores them unchanged.
 *
 * **Consistency.** Commits of transactions that pass their reads are strictly serializable if the engine is; each driver documents what it guarantees.
 * A commit that is acknowledged is durable as the engine is configured, and visible to every transaction that begins afterwards, on every client.
 *
 * **Markers.** Every commit carries a fresh marker, which the driver records atomically with the writes. `resolve` decides a marker: when the marker is
 * recorded, the commit is applied; otherwise `resolve` claims it, so that the commit is refused if it arrives later. This is what makes a
 * retry after a timeout safe: a request that waits in the socket of a frozen server must not be applied after its retry. A driver deletes markers by
 * itself: that of an acknowledged commit at once or later; one that was claimed only after any request with it must have been lost, an hour or more.
 *
 * **Threads of calls.** All methods may be called concurrently. Byte arrays that are passed to the driver are not changed by either side; arrays
 * that the driver returns belong to the caller.
 *
 * **Errors.** Every rejection is a {@link DriverError}.
 * @category Driver
 */
export interface ClusterDriver {
  /** Name of the engine, for messages: `'PostgreSQL'`. */
  readonly engine: string
  readonly limits: DriverLimits
  readonly capabilities: DriverCapabilities

  /** Lists the keyspaces, by name. */
  keyspaces(options: CallOptions): Promise<DriverKeyspace[]>

  /** Returns the keyspace of a name, or `undefined`. */
  openKeyspace(name: string, options: CallOptions): Promise<DriverKeyspace | undefined>

  /**
   * Creates a keyspace and returns it. When the name exists, also through a concurrent call of another client, returns that one, with its own
   * properties: the call may be repeated after an error.
   */
  createKeyspace(name: string, properties: string, options: CallOptions): Promise<DriverKeyspace>

  /**
   * Drops a keyspace with all its entries, and returns whether this identity existed. A commit that writes to it afterwards is `'keyspaceGone'`; a
   * read of it is `'keyspaceGone'` or finds nothing. The call may be repeated after an error.
   */
  dropKeyspace(keyspace: DriverKeyspace, options: CallOptions): Promise<boolean>

  /**
   * Returns a transaction. Does no I/O: the snapshot is fixed by the first read, or by `pin`.
   *
   * @throws DriverError `'closed'`.
   */
  begin(request: TransactionRequest): DriverTransaction

  /**
   * Decides whether the commit with a marker is applied. Called only after `commit` has rejected with `'commitUnknown'`, until it has answered once.
   * Rejects with `'unavailable'` while it cannot decide, after which it is called again.
   */
  resolve(marker: Marker, options: CallOptions): Promise<CommitOutcome>

  /**
   * Watches committed changes.
   *
   * @throws DriverError `'unsupported'` without the capability; `'closed'`.
   */
  watch(request: WatchRequest): DriverWatch

  /** Compares two versions of this cluster: below 0 when `a` is before `b`, 0 when equal, above 0 when after. */
  compareVersions(a: Version, b: Version): number

  /** Ends all transactions and watches, and closes the connections. Idempotent. */
  close(): Promise<void>
}
