import { DriverError, isDriverError } from '@ldb/cluster'
import type { Marker } from '@ldb/cluster'
import type { EtcdClient } from '../client/etcd-client.js'
import type { EtcdRangeRequest } from '../messages/range.js'
import type { EtcdCompare, EtcdOperation, EtcdTxnResponse } from '../messages/txn.js'
import { commitFailure, isFull, isLeaseExpired, readFailure } from './call-failure.js'
import type { KeyLayout } from '../layout/key-layout.js'
import type { Markers } from './markers.js'
import { monotonicMs } from '../client/monotonic-ms.js'

/** A write with its conditions. */
export interface FencedWrite {
  readonly compare: readonly EtcdCompare[]
  readonly operations: readonly EtcdOperation[]
  /** Reads that are made instead if a condition is not met. */
  readonly otherwise: readonly EtcdRangeRequest[]
}

/** What became of a write: applied, or refused because of a condition. */
export interface FencedResult {
  readonly isApplied: boolean
  /** Revision of the write; `undefined` if etcd has not reported it. */
  readonly revision: number | undefined
  /** The answers to `otherwise` of a write that was refused. */
  readonly ranges: EtcdTxnResponse['ranges']
}

/** Sends writes, each with a fresh marker: no write is applied twice, or after it counts as failed. */
export class Committer {
  readonly #client: EtcdClient
  readonly #layout: KeyLayout
  readonly #markers: Markers
  readonly #operationsMax: number
  readonly #inFlight: Set<Promise<unknown>> = new Set()

  constructor(client: EtcdClient, layout: KeyLayout, markers: Markers, operationsMax: number) {
    this.#client = client
    this.#layout = layout
    this.#markers = markers
    this.#operationsMax = operationsMax
  }

  /**
   * Sends a write once.
   *
   * @throws DriverError `'commitUnknown'` if it may be applied; any other kind only if it is not and never will be.
   */
  async commit(write: FencedWrite, marker: Marker, timeoutMs: number): Promise<FencedResult> {
    const result = this.#commit(write, marker, monotonicMs() + timeoutMs)
    this.#inFlight.add(result)
    try {
      return await result
    } finally {
      this.#inFlight.delete(result)
    }
  }

  /** Sends a write of the driver's own until its outcome is known. @throws DriverError */
  async commitOwn(write: FencedWrite, timeoutMs: number): Promise<FencedResult> {
    const endMs = monotonicMs() + timeoutMs
    for (;;) {
      const marker = randomMarker()
      try {
        return await this.commit(write, marker, endMs - monotonicMs())
      } catch (error) {
        if (!isDriverError(error, 'commitUnknown')) throw error
        const outcome = await this.#markers.resolve(marker, Math.max(1, endMs - monotonicMs()))
        if (outcome === 'applied') return { isApplied: true, revision: undefined, ranges: [] }
        if (monotonicMs() >= endMs) throw new DriverError('unavailable', error.message, { cause: error })
      }
    }
  }

  /** Waits until no write is in flight. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#inFlight)
  }

  async #commit(write: FencedWrite, marker: Marker, endMs: number): Promise<FencedResult> {
    let lease = await this.#leaseFor(undefined, endMs)
    for (let isRenewed = false; ; isRenewed = true) {
      const room = this.#operationsMax - write.operations.length - 1
      const garbage = this.#markers.takeGarbage(room)
      try {
        const result = await this.#send(write, marker, lease, garbage, endMs)
        if (result.isApplied) this.#markers.addGarbage([this.#layout.marker(marker)])
        else this.#markers.addGarbage(garbage)
        return result
      } catch (error) {
        this.#markers.addGarbage(garbage)
        // etcd has answered that it has not written: the same marker may be used again.
        if (isLeaseExpired(error) && !isRenewed) lease = await this.#leaseFor(lease, endMs)
        else return await this.#settleFailure(error, marker, lease, endMs)
      }
    }
  }

  async #leaseFor(expired: number | undefined, endMs: number): Promise<number> {
    const timeoutMs = Math.max(1, endMs - monotonicMs())
    try {
      if (expired === undefined) return await this.#markers.lease(timeoutMs)
      return await this.#markers.replaceLease(expired, timeoutMs)
    } catch (error) {
      throw readFailure(error)
    }
  }

  async #send(
    write: FencedWrite,
    marker: Marker,
    lease: number,
    garbage: readonly Uint8Array[],
    endMs: number,
  ): Promise<FencedResult> {
    const key = this.#layout.marker(marker)
    const compare: EtcdCompare[] = [{ key, relation: 'equal', modRevision: 0 }, ...write.compare]
    const success: EtcdOperation[] = [...write.operations, this.#markers.record(marker, lease)]
    for (const old of garbage) success.push({ kind: 'delete', key: old })
    const failure = write.otherwise.map((range) => ({ kind: 'range', range }) as const)
    const timeoutMs = Math.max(1, endMs - monotonicMs())
    const response = await this.#client.txn({ compare, success, failure }, { timeoutMs })
    return { isApplied: response.succeeded, revision: response.revision, ranges: response.ranges }
  }

  async #settleFailure(error: unknown, marker: Marker, lease: number, endMs: number): Promise<FencedResult> {
    let failure = commitFailure(error)
    if (isFull(error)) {
      try {
        // The write that fills etcd is refused, and nevertheless applied. It has been executed: its marker says which.
        const isApplied = await this.#markers.isRecorded(marker, Math.max(1, endMs - monotonicMs()))
        if (isApplied) return { isApplied, revision: undefined, ranges: [] }
      } catch (cause) {
        failure = new DriverError('commitUnknown', failure.message, { cause })
      }
    }
    if (failure.kind === 'commitUnknown') this.#markers.addUnresolved(marker, lease)
    throw failure
  }
}

function randomMarker(): Marker {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Buffer.from(bytes).toString('hex') as Marker
}
