import { DriverError, isDriverError } from '@ldb/cluster'
import type {
  CallOptions,
  ClusterDriver,
  CommitOutcome,
  DriverCapabilities,
  DriverKeyspace,
  DriverLimits,
  DriverTransaction,
  DriverWatch,
  Marker,
  TransactionRequest,
  Version,
  WatchRequest,
} from '@ldb/cluster'
import { randomBytes } from 'node:crypto'
import { resolveOptions } from './postgres-options.js'
import type { PostgresOptions, ResolvedOptions } from './postgres-options.js'
import { engineKindOf } from './schema/engine-kind.js'
import type { EngineKind } from './schema/engine-kind.js'
import { KeyspaceCatalog } from './schema/keyspace-catalog.js'
import { ensureSchema } from './schema/schema.js'
import { Deadline, pause } from './session/deadline.js'
import { driverErrorOf } from './session/error-kinds.js'
import { hostsOf } from './session/hosts.js'
import { SessionPool } from './session/session-pool.js'
import type { SchemaNames } from './schema/schema-names.js'
import { resolveMarker } from './transaction/marker-resolution.js'
import { PageSizes } from './transaction/page-sizes.js'
import { PostgresTransaction } from './transaction/postgres-transaction.js'
import type { TransactionContext } from './transaction/postgres-transaction.js'
import { UnknownMarkers } from './transaction/unknown-markers.js'
import { CommitClock } from './watch/commit-clock.js'
import { CommitNotifier } from './watch/commit-notifier.js'
import { LogTrim } from './watch/log-trim.js'
import { PostgresWatch } from './watch/postgres-watch.js'
import { compareVersions } from './watch/version.js'

const OPEN_MS = 10_000
const RETRY_MS = 50
/** Longer keys do not fit into a page of an index. */
const KEY_BYTES_MAX = 2600
const TRANSACTION_BYTES_MAX = 64 * 1024 * 1024
const TRANSACTION_WRITES_MAX = 100_000

/**
 * A driver of `@ldb/cluster` over PostgreSQL's wire protocol: PostgreSQL 15 and later. YugabyteDB and CockroachDB are accepted by their connection
 * string, without watches, and are not tested.
 *
 * @category Driver
 */
export class PostgresDriver implements ClusterDriver {
  readonly engine: EngineKind
  readonly limits: DriverLimits
  readonly capabilities: DriverCapabilities
  readonly #pool: SessionPool
  readonly #options: ResolvedOptions
  readonly #catalog: KeyspaceCatalog
  readonly #context: TransactionContext
  readonly #markers: UnknownMarkers
  readonly #clock: CommitClock
  readonly #notifier: CommitNotifier
  readonly #trim: LogTrim
  readonly #watches: Set<PostgresWatch> = new Set()
  #closing: Promise<void> | undefined = undefined

  private constructor(pool: SessionPool, options: ResolvedOptions) {
    const { names, snapshotMsMax, retentionMs } = options
    this.engine = engineKindOf(pool.engine)
    const hasVersions = this.engine === 'PostgreSQL'
    this.capabilities = { watch: hasVersions }
    this.limits = {
      keyBytesMax: KEY_BYTES_MAX,
      valueBytesMax: TRANSACTION_BYTES_MAX,
      transactionBytesMax: TRANSACTION_BYTES_MAX,
      transactionWritesMax: TRANSACTION_WRITES_MAX,
      transactionReadsMax: Infinity,
      transactionMsMax: snapshotMsMax,
      snapshotMsMax,
    }
    this.#pool = pool
    this.#options = options
    this.#catalog = new KeyspaceCatalog(names, this.engine)
    this.#markers = new UnknownMarkers(retentionMs)
    const watcherId = randomBytes(8).toString('hex')
    this.#clock = new CommitClock(pool, names, watcherId)
    this.#notifier = new CommitNotifier(pool, names)
    this.#trim = new LogTrim(pool, names, retentionMs, hasVersions)
    const onCommit = (hasWatchers: boolean): void => {
      if (this.#clock.isRunning) this.#clock.poke()
      if (hasWatchers) this.#notifier.poke()
      this.#trim.poke()
    }
    this.#context = {
      pool,
      names,
      pageSizes: new PageSizes(),
      snapshotMsMax,
      hasVersions,
      onCommit,
      markers: this.#markers,
      watcherId,
    }
  }

  /**
   * Connects, and creates the tables if they are absent.
   *
   * @param connectionString - `postgres://user:password@host:port/database`; with several hosts, separated by commas, the driver uses the one that
   * accepts writes, and looks for another when it fails.
   * @throws LdbError LDB_INVALID_ARGUMENT for a string or an option of another form.
   * @throws DriverError `'unavailable'` when no host has answered within 10 s; `'fatal'` when the login is refused or the tables have another format.
   */
  static async open(connectionString: string, options?: PostgresOptions): Promise<PostgresDriver> {
    const resolved = resolveOptions(options)
    const pool = new SessionPool({
      hosts: hostsOf(connectionString),
      client: resolved.client,
      sessionsMax: resolved.connectionsMax,
      idleInTransactionMs: resolved.snapshotMsMax,
    })
    try {
      await prepareSchema(pool, resolved.names)
    } catch (error) {
      await pool.close()
      throw driverErrorOf(error)
    }
    return new PostgresDriver(pool, resolved)
  }

  async keyspaces({ timeoutMs }: CallOptions): Promise<DriverKeyspace[]> {
    return this.#pool.run(new Deadline(timeoutMs), (session) => this.#catalog.list(session))
  }

  async openKeyspace(name: string, { timeoutMs }: CallOptions): Promise<DriverKeyspace | undefined> {
    return this.#pool.run(new Deadline(timeoutMs), (session) => this.#catalog.find(session, name))
  }

  async createKeyspace(
    name: string,
    properties: string,
    { timeoutMs }: CallOptions,
  ): Promise<DriverKeyspace> {
    return this.#pool.run(new Deadline(timeoutMs), (session) =>
      this.#catalog.create(session, name, properties),
    )
  }

  async dropKeyspace(keyspace: DriverKeyspace, { timeoutMs }: CallOptions): Promise<boolean> {
    return this.#pool.run(new Deadline(timeoutMs), (session) => this.#catalog.drop(session, keyspace.id))
  }

  begin(request: TransactionRequest): DriverTransaction {
    this.#pool.assertOpen()
    return new PostgresTransaction(this.#context, request)
  }

  async resolve(marker: Marker, { timeoutMs }: CallOptions): Promise<CommitOutcome> {
    this.#markers.assertFresh(marker)
    try {
      const { names } = this.#options
      const outcome = await this.#pool.run(new Deadline(timeoutMs), (session) =>
        resolveMarker(session, names, marker),
      )
      this.#markers.delete(marker)
      return outcome
    } catch (error) {
      // Two claims at the same time: the next attempt finds the other one.
      if (!isDriverError(error, 'conflict')) throw error
      throw new DriverError('unavailable', 'the marker is being claimed', { cause: error })
    }
  }

  watch(request: WatchRequest): DriverWatch {
    this.#pool.assertOpen()
    if (!this.capabilities.watch)
      throw new DriverError('unsupported', `${this.engine} has no watches in this driver`)
    const { names } = this.#options
    const watch = new PostgresWatch(this.#pool, names, this.#clock, request, (closed) =>
      this.#watches.delete(closed),
    )
    this.#watches.add(watch)
    return watch
  }

  compareVersions(a: Version, b: Version): number {
    return compareVersions(a, b)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#watches].map((watch) => watch.close()))
    const ended = Promise.all([this.#trim.close(), this.#notifier.close()])
    await this.#pool.close()
    await ended
  }
}

/** Creates the tables if they are absent. A primary may fail meanwhile: then the next one is asked, until the time is over. */
async function prepareSchema(pool: SessionPool, names: SchemaNames): Promise<void> {
  const deadline = new Deadline(OPEN_MS)
  for (;;) {
    try {
      return await pool.run(deadline, (session) => ensureSchema(session, names, engineKindOf(pool.engine)))
    } catch (error) {
      const mayRepeat = isDriverError(error, 'unavailable') || isDriverError(error, 'conflict')
      if (!mayRepeat || deadline.remainingMs <= RETRY_MS) throw error
      await pause(RETRY_MS)
    }
  }
}
