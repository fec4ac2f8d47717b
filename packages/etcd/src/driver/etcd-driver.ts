import { DriverError } from '@ldb/cluster'
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
import { EtcdClient } from '../client/etcd-client.js'
import { readFailure } from './call-failure.js'
import { Committer } from './committer.js'
import type { DriverContext } from './driver-context.js'
import { EtcdDriverWatch } from './etcd-driver-watch.js'
import { resolveOptions } from './etcd-options.js'
import type { EtcdOptions, ResolvedOptions } from './etcd-options.js'
import { EtcdTransaction } from './etcd-transaction.js'
import { KeyLayout } from '../layout/key-layout.js'
import { limitsOf } from './limits.js'
import { Markers } from './markers.js'
import { PageSizes } from './page-size.js'
import { checkServerVersion } from './server-version.js'
import { revisionOf } from '../layout/version.js'
import { monotonicMs } from '../client/monotonic-ms.js'

/** Time that `open` and `close` have for their calls, in milliseconds. */
const OPEN_TIMEOUT_MS = 10_000
const CLOSE_TIMEOUT_MS = 2000

/**
 * A driver of `@ldb/cluster` for etcd 3.5+.
 *
 * @remarks
 * A snapshot is a revision of etcd. A commit is one transaction of etcd, on the condition that what was read has its old revisions; commits are
 * strictly serializable, also those of the isolation `'snapshot'`. Every write is fenced by a marker, so that none is applied twice or late. etcd is
 * one Raft group that keeps its keys in memory: for up to a few gigabytes.
 * @category Driver
 */
export class EtcdDriver implements ClusterDriver {
  readonly engine: string = 'etcd'
  readonly limits: DriverLimits
  readonly capabilities: DriverCapabilities = Object.freeze({ watch: true })
  readonly #context: DriverContext
  readonly #markers: Markers
  readonly #watches: Set<EtcdDriverWatch> = new Set()
  #closing: Promise<void> | undefined = undefined

  private constructor(options: ResolvedOptions) {
    const client = new EtcdClient(options.client)
    const layout = new KeyLayout(options.prefix)
    const operationsMax = options.maxTxnOps
    this.limits = limitsOf(options, layout.overheadBytes)
    this.#markers = new Markers(client, layout)
    this.#context = {
      client,
      layout,
      operationsMax,
      committer: new Committer(client, layout, this.#markers, operationsMax),
      pageSizes: new PageSizes(options.pageEntries),
      assertOpen: () => {
        if (this.#closing !== undefined) throw new DriverError('closed', 'the driver is closed')
      },
    }
  }

  /**
   * Connects to etcd.
   *
   * @throws LdbError `LDB_INVALID_ARGUMENT` for wrong options.
   * @throws DriverError `'unavailable'` if no member answers, `'unsupported'` below version 3.5, `'fatal'` if the login is refused.
   */
  static async open(options: EtcdOptions): Promise<EtcdDriver> {
    const resolved = resolveOptions(options)
    const driver = new EtcdDriver(resolved)
    try {
      await checkServerVersion(driver.#context.client, resolved.client.endpoints.length, OPEN_TIMEOUT_MS)
    } catch (error) {
      driver.#context.client.close()
      throw readFailure(error)
    }
    return driver
  }

  async keyspaces({ timeoutMs }: CallOptions): Promise<DriverKeyspace[]> {
    const { layout } = this.#context
    const { kvs } = await this.#read({ ...layout.keyspaces }, timeoutMs)
    return kvs.map((kv) => layout.decodeKeyspace(kv))
  }

  async openKeyspace(name: string, { timeoutMs }: CallOptions): Promise<DriverKeyspace | undefined> {
    const { layout } = this.#context
    const { kvs } = await this.#read({ key: layout.keyspace(name) }, timeoutMs)
    return kvs[0] === undefined ? undefined : layout.decodeKeyspace(kvs[0])
  }

  async createKeyspace(
    name: string,
    properties: string,
    { timeoutMs }: CallOptions,
  ): Promise<DriverKeyspace> {
    this.#context.assertOpen()
    const { layout, committer } = this.#context
    const endMs = monotonicMs() + timeoutMs
    const key = layout.keyspace(name)
    const put = { kind: 'put', key, value: new TextEncoder().encode(properties) } as const
    for (;;) {
      const restMs = Math.max(1, endMs - monotonicMs())
      const known = await this.openKeyspace(name, { timeoutMs: restMs })
      if (known !== undefined) return known
      const isAbsent = { key, relation: 'equal', modRevision: 0 } as const
      await committer.commitOwn({ compare: [isAbsent], operations: [put], otherwise: [] }, restMs)
    }
  }

  async dropKeyspace(keyspace: DriverKeyspace, { timeoutMs }: CallOptions): Promise<boolean> {
    this.#context.assertOpen()
    const { layout, committer } = this.#context
    const key = layout.keyspace(keyspace.name)
    const { isApplied } = await committer.commitOwn(
      {
        compare: [{ key, relation: 'equal', modRevision: Number(keyspace.id) }],
        operations: [
          { kind: 'delete', key },
          { kind: 'delete', ...layout.dataRange(keyspace, undefined, undefined) },
          { kind: 'delete', key: layout.deletion(keyspace) },
        ],
        otherwise: [],
      },
      timeoutMs,
    )
    return isApplied
  }

  begin(request: TransactionRequest): DriverTransaction {
    this.#context.assertOpen()
    return new EtcdTransaction(this.#context, request)
  }

  async resolve(marker: Marker, { timeoutMs }: CallOptions): Promise<CommitOutcome> {
    this.#context.assertOpen()
    return this.#markers.resolve(marker, timeoutMs)
  }

  watch(request: WatchRequest): DriverWatch {
    this.#context.assertOpen()
    const watch = new EtcdDriverWatch(this.#context, request, (closed) => this.#watches.delete(closed))
    this.#watches.add(watch)
    return watch
  }

  compareVersions(a: Version, b: Version): number {
    return revisionOf(a) - revisionOf(b)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#watches].map((watch) => watch.close()))
    await this.#context.committer.drain()
    await this.#markers.close(CLOSE_TIMEOUT_MS)
    this.#context.client.close()
  }

  async #read(
    request: Parameters<EtcdClient['range']>[0],
    timeoutMs: number,
  ): ReturnType<EtcdClient['range']> {
    this.#context.assertOpen()
    try {
      return await this.#context.client.range(request, { timeoutMs })
    } catch (error) {
      this.#context.assertOpen()
      throw readFailure(error)
    }
  }
}
