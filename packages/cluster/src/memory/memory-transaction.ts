import { DriverError } from '../driver/driver-error.js'
import type {
  CommitResult,
  CommitRequest,
  DriverKey,
  DriverTransaction,
  RangePage,
  RangeRequest,
} from '../driver/driver-transaction.js'
import type { Version } from '../driver/version.js'
import type { MemoryCluster } from './memory-cluster.js'
import type { MemoryCall, MemoryFault } from './memory-faults.js'
import { versionOf } from './memory-version.js'

/** Begins a call: waits as the driver is configured, and returns the fault to inject. */
export type BeginCall = (call: MemoryCall) => Promise<MemoryFault | undefined>

/** A transaction of the memory driver: reads at one revision, validates at commit. */
export class MemoryTransaction implements DriverTransaction {
  readonly #cluster: MemoryCluster
  readonly #beginCall: BeginCall
  #revision: number | undefined = undefined
  #isEnded = false

  constructor(cluster: MemoryCluster, beginCall: BeginCall) {
    this.#cluster = cluster
    this.#beginCall = beginCall
  }

  get version(): Version | undefined {
    return this.#revision === undefined ? undefined : versionOf(this.#revision)
  }

  async pin(): Promise<void> {
    await this.#read()
  }

  async getMany(keys: readonly DriverKey[]): Promise<(Uint8Array | undefined)[]> {
    const revision = await this.#read()
    return keys.map(({ keyspace, key }) => this.#cluster.mapOf(keyspace).get(key, revision)?.slice())
  }

  async range({ keyspace, lower, upper, reverse, limit, valueBytes }: RangeRequest): Promise<RangePage> {
    const revision = await this.#read()
    const found = this.#cluster.mapOf(keyspace).range({ lower, upper }, revision, reverse, limit + 1)
    const entries = found
      .slice(0, limit)
      .map(({ key, value }) => ({ key: key.slice(), value: value.slice(0, valueBytes) }))
    return { entries, hasMore: found.length > limit }
  }

  async commit(request: CommitRequest): Promise<CommitResult> {
    this.#assertOpen()
    this.#isEnded = true
    const fault = await this.#beginCall('commit')
    if (fault === 'unknownLate') this.#cluster.delay(request, this.#revision)
    if (fault === 'unknownLate' || fault === 'unknownNotApplied') throw unknown()
    const revision = this.#cluster.commit(request, this.#revision)
    if (fault === 'unknownApplied') throw unknown()
    return { version: versionOf(revision) }
  }

  async finish(): Promise<void> {
    this.#assertOpen()
    this.#isEnded = true
    await this.#beginCall('read')
  }

  async abort(): Promise<void> {
    this.#isEnded = true
  }

  async #read(): Promise<number> {
    this.#assertOpen()
    await this.#beginCall('read')
    this.#revision ??= this.#cluster.revision
    this.#cluster.assertKept(this.#revision)
    return this.#revision
  }

  #assertOpen(): void {
    if (this.#isEnded) throw new DriverError('fatal', 'the transaction has ended')
  }
}

function unknown(): DriverError {
  return new DriverError('commitUnknown', 'the answer to the commit was lost')
}
