import { ownOptions } from '@ldb/base'
import type { ClusterDriver, CommitOutcome, DriverCapabilities, DriverLimits } from '../driver/driver.js'
import { DriverError } from '../driver/driver-error.js'
import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import type { DriverTransaction } from '../driver/driver-transaction.js'
import type { DriverWatch, WatchRequest } from '../driver/driver-watch.js'
import type { Marker } from '../driver/marker.js'
import type { Version } from '../driver/version.js'
import { MemoryCluster } from './memory-cluster.js'
import type { ChooseFault, MemoryCall, MemoryFault } from './memory-faults.js'
import { MemoryTransaction } from './memory-transaction.js'
import { revisionOf } from './memory-version.js'
import { MemoryWatch } from './memory-watch.js'

/** Options of {@link memoryDriver}. @category Memory driver */
export interface MemoryDriverOptions {
  /** Cluster of the driver; other drivers may share it. Default: a new one. */
  readonly cluster?: MemoryCluster | undefined
  /** Chooses the faults of its calls. Default: none. */
  readonly faults?: ChooseFault | undefined
  /** Is awaited at the begin of every call, as the way to a server would be. Default: a microtask. */
  readonly delay?: (() => Promise<void>) | undefined
  /** Limits to report. Default: those of an engine that keeps the portable ones exactly. */
  readonly limits?: DriverLimits | undefined
  /** Capabilities to report. @defaultValue watch: true */
  readonly capabilities?: DriverCapabilities | undefined
}

const LIMITS: DriverLimits = Object.freeze({
  keyBytesMax: 65_535,
  valueBytesMax: 64 * 1024 * 1024,
  transactionBytesMax: 256 * 1024 * 1024,
  transactionWritesMax: 1_000_000,
  transactionReadsMax: Infinity,
  transactionMsMax: Infinity,
  snapshotMsMax: Infinity,
})

/**
 * Returns a driver that keeps its cluster in memory: the reference implementation of the driver interface, and a test double with faults. It is durable
 * for as long as its `MemoryCluster` is referenced.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an unknown option.
 * @example
 * ```ts
 * import { ClusterDatabase, MemoryCluster, memoryDriver } from '@ldb/cluster'
 *
 * const cluster = new MemoryCluster()
 * const [one, two] = [await ClusterDatabase.open(memoryDriver({ cluster })), await ClusterDatabase.open(memoryDriver({ cluster }))]
 * await one.put('a', '1')
 * console.log(await two.get('a')) // 1
 * await Promise.all([one.close(), two.close()])
 * ```
 * @category Memory driver
 */
export function memoryDriver(options?: MemoryDriverOptions): ClusterDriver {
  ownOptions(options, ['cluster', 'faults', 'delay', 'limits', 'capabilities'] as const)
  return new MemoryDriver(options ?? {})
}

class MemoryDriver implements ClusterDriver {
  readonly engine = 'memory'
  readonly limits: DriverLimits
  readonly capabilities: DriverCapabilities
  readonly #cluster: MemoryCluster
  readonly #faults: ChooseFault
  readonly #delay: (() => Promise<void>) | undefined
  readonly #watches: Set<DriverWatch> = new Set()
  #isClosed = false

  constructor({ cluster, faults, delay, limits, capabilities }: MemoryDriverOptions) {
    this.#cluster = cluster ?? new MemoryCluster()
    this.#faults = faults ?? (() => undefined)
    this.#delay = delay
    this.limits = limits ?? LIMITS
    this.capabilities = capabilities ?? { watch: true }
  }

  async keyspaces(): Promise<DriverKeyspace[]> {
    await this.#begin('catalog')
    return this.#cluster.keyspaces()
  }

  async openKeyspace(name: string): Promise<DriverKeyspace | undefined> {
    await this.#begin('catalog')
    return this.#cluster.find(name)
  }

  async createKeyspace(name: string, properties: string): Promise<DriverKeyspace> {
    await this.#begin('catalog')
    return this.#cluster.create(name, properties)
  }

  async dropKeyspace(keyspace: DriverKeyspace): Promise<boolean> {
    await this.#begin('catalog')
    return this.#cluster.drop(keyspace)
  }

  begin(): DriverTransaction {
    this.#assertOpen()
    return new MemoryTransaction(this.#cluster, (call) => this.#begin(call))
  }

  async resolve(marker: Marker): Promise<CommitOutcome> {
    await this.#begin('resolve')
    return this.#cluster.resolve(marker)
  }

  watch(request: WatchRequest): DriverWatch {
    this.#assertOpen()
    if (!this.capabilities.watch)
      throw new DriverError('unsupported', 'this driver was configured without watch')
    const watch = new MemoryWatch(this.#cluster, request, (closed) => this.#watches.delete(closed))
    this.#watches.add(watch)
    return watch
  }

  compareVersions(a: Version, b: Version): number {
    return revisionOf(a) - revisionOf(b)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#watches].map((watch) => watch.close()))
  }

  async #begin(call: MemoryCall): Promise<MemoryFault | undefined> {
    this.#assertOpen()
    await this.#delay?.()
    this.#assertOpen()
    this.#cluster.noteCall()
    const fault = this.#faults(call)
    if (fault === 'unavailable') throw new DriverError('unavailable', 'no server answers')
    if (fault === 'conflict' && (call === 'read' || call === 'commit'))
      throw new DriverError('conflict', 'another transaction was first')
    return call === 'commit' ? fault : undefined
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new DriverError('closed', 'the driver is closed')
  }
}
