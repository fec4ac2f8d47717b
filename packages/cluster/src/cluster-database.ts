import { invalidArgument, kindOf, LdbError, signalOf } from '@ldb/base'
import type {
  AsyncOptions,
  KeyEncodingOption,
  KeysOf,
  RangeOptions,
  ValueEncodingOption,
  ValuesOf,
} from '@ldb/base'
import { effectiveLimits } from './calls/portable-limits.js'
import { Session } from './calls/session.js'
import { checkConsumerName, resolveChangesOptions } from './changes/changes-options.js'
import type { ClusterChangesOptions } from './changes/changes-options.js'
import { ClusterChanges } from './changes/cluster-changes.js'
import { consumerKey } from './changes/consumer.js'
import { checkDriver, resolveClusterOptions } from './cluster-options.js'
import type { ClusterOptions } from './cluster-options.js'
import type { ClusterDriver, DriverLimits } from './driver/driver.js'
import type { DriverKeyspace } from './driver/driver-keyspace.js'
import { nodeEnvironment } from './host/environment-node.js'
import { checkKeyspaceName, resolveKeyspaceOptions } from './keyspace/keyspace-options.js'
import type {
  ClusterKeyspaceOptions,
  ClusterKeyspaceOptionsWith,
  TypedClusterKeyspaceOptions,
} from './keyspace/keyspace-options.js'
import { decodeProperties } from './keyspace/keyspace-properties.js'
import { KeyspaceTable } from './keyspace/keyspace-table.js'
import type { OpenKeyspace } from './keyspace/open-keyspace.js'
import { SnapshotSource } from './read/snapshot-source.js'
import { ClusterTransaction } from './transaction/cluster-transaction.js'
import { runTransaction } from './transaction/run-transaction.js'
import { ClusterTransactionKeyspace } from './transaction/transaction-keyspace.js'
import { resolveRetryOptions, resolveTransactionMode } from './transaction/transaction-options.js'
import type { ClusterRetryOptions, ClusterTransactionOptions } from './transaction/transaction-options.js'
import { TransactionState } from './transaction/transaction-state.js'
import type { TransactionMode } from './transaction/transaction-state.js'
import { removeExpired } from './write/change-keys.js'
import { sweepKeyspace } from './write/sweep-keyspace.js'
import { ClusterBatch } from './write/cluster-batch.js'
import { ClusterKeyspace } from './write/cluster-keyspace.js'
import { openedOf } from './write/cluster-keyspace-of.js'
import { ClusterSnapshot } from './write/cluster-snapshot.js'

/** A keyspace of a cluster. @category Keyspaces */
export interface ClusterKeyspaceDescriptor {
  readonly name: string
  /** Name of the encoding of its keys. */
  readonly keys: string
  /** Name of the encoding of its values. */
  readonly values: string
}

/** What opens the database, for its constructor. */
interface OpenedParts {
  readonly session: Session
  readonly table: KeyspaceTable
  readonly settings: ClusterKeyspace<string, unknown>
  readonly opened: OpenKeyspace<string, string>
}

/**
 * A database on a distributed engine, with the asynchronous API of LDB. Its own data methods act on the keyspace `default`.
 *
 * @remarks Any number of processes may open the same cluster. There is no synchronous API: every operation is at least one round trip.
 * @example
 * ```ts
 * import { ClusterDatabase, memoryDriver } from '@ldb/cluster'
 *
 * const db = await ClusterDatabase.open(memoryDriver())
 * await db.batch().put('a', '1').put('b', '2').commit()
 * await db.transaction(async (tx) => tx.put('sum', String(await tx.count())))
 * console.log(await db.entries().toArray()) // [ [ 'a', '1' ], [ 'b', '2' ], [ 'sum', '2' ] ]
 * await db.close()
 * ```
 * @category Cluster
 */
export class ClusterDatabase extends ClusterKeyspace<string, string> implements AsyncDisposable {
  readonly #session: Session
  readonly #table: KeyspaceTable
  readonly #settings: ClusterKeyspace<string, unknown>
  readonly #handles: WeakMap<object, ClusterKeyspace<never, never>> = new WeakMap()
  #closed: Promise<void> | undefined = undefined

  /** @internal */
  constructor({ session, table, settings, opened }: OpenedParts) {
    super(opened, deleteScanned)
    this.#session = session
    this.#table = table
    this.#settings = settings
  }

  /**
   * Opens the database of a cluster, and creates what it needs there.
   *
   * @param driver - is closed with the database.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT; LDB_IO when no server answers; LDB_FORMAT when the cluster was written in a newer format.
   */
  static async open(driver: ClusterDriver, options?: ClusterOptions): Promise<ClusterDatabase> {
    const checked = checkDriver(driver)
    const { times, isPortable, now } = resolveClusterOptions(options)
    const environment = now === undefined ? nodeEnvironment : { ...nodeEnvironment, now }
    const session = new Session(
      { driver: checked, limits: effectiveLimits(checked.limits, isPortable), times, environment },
      (own) => (keyspace, keys) => removeExpired(own, keyspace, keys),
    )
    const table = new KeyspaceTable(session)
    try {
      const settings = new ClusterKeyspace(await table.openSettings(), deleteScanned)
      const opened = await table.open('default', resolveKeyspaceOptions(undefined), settings)
      return new ClusterDatabase({ session, table, settings, opened: opened as OpenKeyspace<never, never> })
    } catch (error) {
      await checked.close()
      throw error
    }
  }

  /** True until `close()` is called. */
  get isOpen(): boolean {
    return !this.#session.isClosing
  }

  /** Name of the engine, from its driver. */
  get engine(): string {
    return this.#session.driver.engine
  }

  /** Limits that the database keeps. */
  get limits(): DriverLimits {
    return this.#session.limits
  }

  /**
   * Opens a keyspace, or creates it.
   *
   * @throws {@link LdbError} LDB_EXISTS when the keyspace has other encodings; LDB_NOT_FOUND without `createIfMissing`; LDB_INVALID_ARGUMENT; LDB_IO; LDB_CLOSED.
   */
  keyspace<
    Keys extends KeyEncodingOption<unknown> | undefined = 'utf8',
    Values extends ValueEncodingOption<unknown> | undefined = 'utf8',
  >(
    name: string,
    options?: ClusterKeyspaceOptionsWith<Keys, Values>,
  ): Promise<ClusterKeyspace<KeysOf<Keys>, ValuesOf<Values>>>
  keyspace<K, V>(name: string, ...options: TypedClusterKeyspaceOptions<K, V>): Promise<ClusterKeyspace<K, V>>
  async keyspace(
    name: string,
    options?: ClusterKeyspaceOptions<never, never>,
  ): Promise<ClusterKeyspace<never, never>> {
    this.#session.assertOpen()
    const resolved = resolveKeyspaceOptions(options)
    const opening = this.#table.open(checkKeyspaceName(name), resolved, this.#settings)
    const opened = await this.#session.track(opening)
    const present = this.#handles.get(opened)
    if (present !== undefined) return present
    const handle = new ClusterKeyspace(opened as OpenKeyspace<never, never>, deleteScanned)
    this.#handles.set(opened, handle)
    return handle
  }

  /** Lists the keyspaces, by name. */
  async keyspaces(): Promise<ClusterKeyspaceDescriptor[]> {
    this.#session.assertOpen()
    const listed = await this.#session.track(this.#table.list())
    return listed.map((driver) => ({ name: driver.name, ...decodeProperties(driver) }))
  }

  /** Drops a keyspace with all its entries. @throws {@link LdbError} LDB_NOT_FOUND for an unknown name; LDB_INVALID_ARGUMENT for `default`; LDB_IO; LDB_CLOSED. */
  async dropKeyspace(name: string): Promise<void> {
    this.#session.assertOpen()
    if (checkKeyspaceName(name) === 'default') throw invalidArgument('the keyspace default cannot be dropped')
    await this.#session.track(this.#drop(name))
  }

  /** Returns an empty batch, with the keyspace `default` as its target. */
  batch(): ClusterBatch<string, string> {
    this.#session.assertOpen()
    return new ClusterBatch(this.opened)
  }

  /** Returns a snapshot: a consistent view of all keyspaces as of this call. Release it, or declare it with `await using`. */
  snapshot(): ClusterSnapshot {
    this.#session.assertOpen()
    return new ClusterSnapshot(this.opened, new SnapshotSource(this.#session))
  }

  /**
   * Begins a transaction over all keyspaces. Its snapshot is fixed by its first read. End it, or declare it with `await using`.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT; LDB_CLOSED.
   */
  begin(options?: ClusterTransactionOptions): ClusterTransaction {
    this.#session.assertOpen()
    return this.#begin(resolveTransactionMode(options))
  }

  /**
   * Runs a function in a transaction, commits when its promise resolves, and returns its result. After a conflict, runs it again from fresh reads, until the
   * deadline of the database.
   *
   * @remarks Resolves only if the transaction was committed. A commit without an answer is resolved before the function runs again: no write is
   * applied twice. After `LDB_COMMIT_UNKNOWN` the writes may have been applied.
   * @param run - may run several times, with its side effects. Its second argument is the number of the attempt, from 1 on. Its exception rolls the transaction back and rejects the promise.
   * @throws {@link LdbError} LDB_CONFLICT after `retries` retries or the deadline; LDB_ABORTED; LDB_CLOSED; LDB_COMMIT_UNKNOWN; the errors of writes.
   */
  async transaction<T>(
    run: (transaction: ClusterTransaction, attempt: number) => T | PromiseLike<T>,
    options?: ClusterRetryOptions,
  ): Promise<T> {
    this.#session.assertOpen()
    const resolved = resolveRetryOptions(options)
    if (typeof run !== 'function') throw invalidArgument(`transaction needs a function, not ${kindOf(run)}`)
    return runTransaction(this.#session, () => this.#begin(resolved.mode), run, resolved)
  }

  /**
   * Returns a stream of committed changes of all clients, from this call, `since`, or the position of `consumer` on.
   *
   * @throws {@link LdbError} LDB_UNSUPPORTED when the engine cannot watch; LDB_INVALID_ARGUMENT; LDB_CLOSED.
   */
  changes<K = unknown, V = unknown>(options?: ClusterChangesOptions<K, V>): ClusterChanges<K, V> {
    this.#session.assertOpen()
    const parts = {
      session: this.#session,
      settings: this.#settings,
      keyspaces: () => this.#table.list(),
      openedOf: (driver: DriverKeyspace) => this.#table.of(driver),
    }
    const resolved = resolveChangesOptions(options as ClusterChangesOptions<never, never> | undefined)
    if (resolved.keyspace !== undefined) openedOf(resolved.keyspace, this.#session)
    return new ClusterChanges(parts, resolved)
  }

  /** Forgets a named consumer. @throws {@link LdbError} LDB_NOT_FOUND; LDB_INVALID_ARGUMENT; the errors of writes. */
  async dropConsumer(name: string): Promise<void> {
    this.#session.assertOpen()
    const key = consumerKey(checkConsumerName(name))
    if ((await this.#settings.take(key)) === undefined)
      throw new LdbError('LDB_NOT_FOUND', `there is no consumer ${JSON.stringify(name)}`)
  }

  /**
   * Removes all expired entries, and returns their number. Reads remove those that they meet by themselves, a second later.
   *
   * @throws {@link LdbError} LDB_IO, LDB_ABORTED, LDB_CLOSED.
   */
  async sweepExpired(options?: AsyncOptions): Promise<number> {
    const signal = signalOf(options)
    this.#session.assertOpen()
    let removed = 0
    for (const driver of await this.#session.track(this.#table.list())) {
      removed += await sweepKeyspace(this.#session, driver, signal)
    }
    return removed
  }

  /**
   * Refuses new operations, waits for pending ones, ends open transactions, snapshots, scans and change streams, which fail with `LDB_CLOSED`, and closes the driver. Idempotent.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #begin(mode: TransactionMode): ClusterTransaction {
    return new ClusterTransaction(this.opened, new TransactionState(this.#session, mode))
  }

  async #drop(name: string): Promise<void> {
    const session = this.#session
    const keyspace = await this.#table.find(name)
    await session.repeat((options) => session.driver.dropKeyspace(keyspace, options), undefined)
    await this.#settings.delete(`ttl/${keyspace.id}`)
  }

  async #close(): Promise<void> {
    const session = this.#session
    session.isClosing = true
    session.sweeper.stop()
    await Promise.all([...session.handles].map((handle) => handle.end()))
    await session.drained()
    await session.driver.close()
  }
}

function deleteScanned<K, V>(
  opened: OpenKeyspace<K, V>,
  range: RangeOptions<K>,
  options: AsyncOptions,
): Promise<void> {
  const begin = (): ClusterTransaction =>
    new ClusterTransaction(
      opened as unknown as OpenKeyspace<never, never>,
      new TransactionState(opened.session, { isolation: 'serializable', readOnly: false }),
    )
  return runTransaction(
    opened.session,
    begin,
    ({ state }) => new ClusterTransactionKeyspace(opened, state).deleteRange(range, options),
    { mode: { isolation: 'serializable', readOnly: false }, retries: Infinity, signal: options.signal },
  )
}
