import { DriverError } from '@ldb/cluster'
import type { CommitOutcome, Marker } from '@ldb/cluster'
import { Fifo } from '@ldb/base'
import type { EtcdClient } from '../client/etcd-client.js'
import { EtcdCallError, RpcStatus } from '../client/rpc-error.js'
import type { EtcdOperation } from '../messages/txn.js'
import { isLeaseExpired, readFailure } from './call-failure.js'
import { MARKER_CLAIMED, MARKER_COMMITTED } from '../layout/key-layout.js'
import type { KeyLayout } from '../layout/key-layout.js'
import { monotonicMs } from '../client/monotonic-ms.js'

/** Time to live of the lease of markers, in seconds: a marker lives at least for the difference to the next value. */
const LEASE_SECONDS = 3 * 3600
/** Age at which a lease is replaced, in milliseconds. */
const LEASE_USE_MS = 3600 * 1000
/** Leases that exist at the same time at most. */
const LEASES_MAX = LEASE_SECONDS / (LEASE_USE_MS / 1000) + 1
/** Old markers that a commit deletes at most: more than it adds, so that a backlog shrinks. */
const DELETED_PER_COMMIT = 2
/** Newest markers that are not deleted: the outcome of a commit whose client has died before it has reported it can be found. */
const KEPT = 64

interface MarkerLease {
  readonly id: number
  readonly grantedMs: number
}

/**
 * The markers of this driver's commits.
 *
 * @remarks
 * (M1) A commit puts its marker on the condition that it is absent, so that it is applied at most once, and never after its marker was claimed.
 * (M2) The marker has a lease, without which etcd refuses the commit. A commit that arrives when its marker was removed with the lease is refused.
 * (M3) A marker is deleted earlier only when its commit was acknowledged, or is known to be applied.
 */
export class Markers {
  readonly #client: EtcdClient
  readonly #layout: KeyLayout
  #lease: Promise<MarkerLease> | undefined = undefined
  readonly #leases: number[] = []
  /** Keys of markers that are no longer needed. */
  readonly #garbage: Fifo<Uint8Array> = new Fifo()
  /** Leases of the markers whose commits have an unknown outcome. */
  readonly #unresolved: Map<Marker, number> = new Map()

  constructor(client: EtcdClient, layout: KeyLayout) {
    this.#client = client
    this.#layout = layout
  }

  /** Returns a lease for a marker that is put now. */
  async lease(timeoutMs: number): Promise<number> {
    const current = this.#lease
    if (current === undefined) return (await this.#grant(timeoutMs)).id
    const { id, grantedMs } = await current
    if (monotonicMs() - grantedMs > LEASE_USE_MS) return (await this.#grant(timeoutMs)).id
    return id
  }

  /** Replaces a lease that has expired: a machine that slept does not notice the time. */
  async replaceLease(id: number, timeoutMs: number): Promise<number> {
    if ((await this.#lease)?.id === id) this.#lease = undefined
    return this.lease(timeoutMs)
  }

  /** Returns the operation that records a marker. */
  record(marker: Marker, lease: number): EtcdOperation {
    return { kind: 'put', key: this.#layout.marker(marker), value: MARKER_COMMITTED, lease }
  }

  /** Returns deletions of old markers, for a commit that has room for `count` more operations. */
  takeGarbage(count: number): Uint8Array[] {
    const taken: Uint8Array[] = []
    while (taken.length < Math.min(count, DELETED_PER_COMMIT)) {
      if (this.#garbage.length <= KEPT) break
      const key = this.#garbage.shift()
      if (key === undefined) break
      taken.push(key)
    }
    return taken
  }

  /** Takes note that markers are no longer needed, or that they are not deleted after all. */
  addGarbage(keys: readonly Uint8Array[]): void {
    for (const key of keys) this.#garbage.push(key)
  }

  /** Takes note that the outcome of a commit is unknown. */
  addUnresolved(marker: Marker, lease: number): void {
    this.#unresolved.set(marker, lease)
  }

  /** Reports whether a marker is recorded by a commit whose request etcd has answered. */
  async isRecorded(marker: Marker, timeoutMs: number): Promise<boolean> {
    const { kvs } = await this.#client.range({ key: this.#layout.marker(marker) }, { timeoutMs })
    return kvs[0]?.value[0] === MARKER_COMMITTED[0]
  }

  /**
   * Decides whether a commit is applied, by claiming its marker.
   *
   * @throws DriverError
   */
  async resolve(marker: Marker, timeoutMs: number): Promise<CommitOutcome> {
    const key = this.#layout.marker(marker)
    // The claim ends with the lease of the commit, at which etcd begins to refuse the commit for that. A claim of another client's marker never ends.
    const lease = this.#unresolved.get(marker)
    const claim = {
      compare: [{ key, relation: 'equal', modRevision: 0 }] as const,
      success: [
        { kind: 'put', key, value: MARKER_CLAIMED, ...(lease === undefined ? {} : { lease }) },
      ] as const,
      failure: [{ kind: 'range', range: { key } }] as const,
    }
    try {
      // A claim may be repeated: its condition and its value make it idempotent.
      const { succeeded, ranges } = await this.#client.repeatableTxn(claim, { timeoutMs })
      const recorded = ranges[0]?.kvs[0]
      const isApplied = !succeeded && recorded?.value[0] === MARKER_COMMITTED[0]
      this.#unresolved.delete(marker)
      if (isApplied) this.#garbage.push(key)
      return isApplied ? 'applied' : 'notApplied'
    } catch (error) {
      if (isLeaseExpired(error)) throw undecidable(error)
      throw readFailure(error)
    }
  }

  /** Deletes what this driver has put. */
  async close(timeoutMs: number): Promise<void> {
    // The markers of commits with an unknown outcome stay: another client may want to know it.
    if (this.#unresolved.size > 0) return
    await Promise.all(
      this.#leases.map((id) => this.#client.revokeLease(id, { timeoutMs }).catch(() => undefined)),
    )
  }

  #grant(timeoutMs: number): Promise<MarkerLease> {
    const granted = this.#requestLease(timeoutMs)
    this.#lease = granted
    granted.catch(() => {
      if (this.#lease === granted) this.#lease = undefined
    })
    return granted
  }

  async #requestLease(timeoutMs: number): Promise<MarkerLease> {
    const endMs = monotonicMs() + timeoutMs
    for (;;) {
      const id = 1 + Math.floor(Math.random() * (Number.MAX_SAFE_INTEGER - 1))
      const grantedMs = monotonicMs()
      try {
        await this.#client.grantLease(id, LEASE_SECONDS, { timeoutMs: endMs - grantedMs })
        this.#leases.push(id)
        // Older ones have expired.
        if (this.#leases.length > LEASES_MAX) this.#leases.shift()
        return { id, grantedMs }
      } catch (error) {
        // A lease that was granted nevertheless expires unused.
        const mayTryAgain = error instanceof EtcdCallError && (error.wasSent || isTaken(error))
        if (!mayTryAgain || monotonicMs() >= endMs) throw readFailure(error)
      }
    }
  }
}

function isTaken(error: EtcdCallError): boolean {
  return error.status === RpcStatus.FAILED_PRECONDITION
}

function undecidable(cause: unknown): DriverError {
  return new DriverError('fatal', 'the outcome of the commit is unknown: its marker has expired', { cause })
}
