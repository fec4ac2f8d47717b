import { keySuccessor } from '@ldb/base'
import type { CommitOutcome } from '../driver/driver.js'
import { DriverError } from '../driver/driver-error.js'
import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import type { CommitRequest } from '../driver/driver-transaction.js'
import type { WatchedChange } from '../driver/driver-watch.js'
import type { Marker } from '../driver/marker.js'
import { VersionedMap } from './versioned-map.js'

/** Options of a {@link MemoryCluster}. @category Memory driver */
export interface MemoryClusterOptions {
  /** Number of newest commits whose changes and older values are kept; older snapshots and watches are too old. @defaultValue 10000 */
  readonly historyCommits?: number | undefined
  /** Number of calls of all clients after which a commit arrives that the fault `'unknownLate'` has delayed. @defaultValue 8 */
  readonly lateCalls?: number | undefined
}

/** A commit of the history. */
export interface MemoryCommit {
  readonly revision: number
  readonly changes: readonly WatchedChange[]
}

interface LateCommit {
  readonly request: CommitRequest
  readonly revision: number | undefined
  callsLeft: number
}

/**
 * The state that the memory drivers of one cluster share: every key with its older values, the history of commits, and the markers. Strictly
 * serializable: commits are validated and applied one at a time.
 *
 * @category Memory driver
 */
export class MemoryCluster {
  readonly #historyCommits: number
  readonly #lateCalls: number
  readonly #keyspaces: Map<string, { readonly keyspace: DriverKeyspace; readonly map: VersionedMap }> =
    new Map()
  readonly #markers: Map<Marker, CommitOutcome> = new Map()
  readonly #waiters: Set<() => void> = new Set()
  #history: MemoryCommit[] = []
  #late: LateCommit[] = []
  #oldest = 0
  #revision = 0
  #nextId = 1

  constructor({ historyCommits = 10_000, lateCalls = 8 }: MemoryClusterOptions = {}) {
    this.#historyCommits = historyCommits
    this.#lateCalls = lateCalls
  }

  /** Number of the newest commit. @internal */
  get revision(): number {
    return this.#revision
  }

  /** @internal */
  keyspaces(): DriverKeyspace[] {
    const all = [...this.#keyspaces.values()].map(({ keyspace }) => keyspace)
    return all.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** @internal */
  find(name: string): DriverKeyspace | undefined {
    return this.keyspaces().find((keyspace) => keyspace.name === name)
  }

  /** @internal */
  create(name: string, properties: string): DriverKeyspace {
    const present = this.find(name)
    if (present !== undefined) return present
    const keyspace = Object.freeze({ name, id: String(this.#nextId++).padStart(8, '0'), properties })
    this.#keyspaces.set(keyspace.id, { keyspace, map: new VersionedMap() })
    return keyspace
  }

  /** @internal */
  drop({ id }: DriverKeyspace): boolean {
    return this.#keyspaces.delete(id)
  }

  /** Returns the entries of a keyspace. @throws DriverError `'keyspaceGone'`. @internal */
  mapOf({ id, name }: DriverKeyspace): VersionedMap {
    const found = this.#keyspaces.get(id)
    if (found !== undefined) return found.map
    throw new DriverError('keyspaceGone', `keyspace ${JSON.stringify(name)} was dropped`)
  }

  /** @throws DriverError `'snapshotTooOld'` when the state after a revision is not kept. @internal */
  assertKept(revision: number): void {
    if (revision < this.#oldest)
      throw new DriverError('snapshotTooOld', `commit ${this.#oldest} is the oldest that is kept`)
  }

  /** Returns the commits after a revision. @internal */
  commitsAfter(revision: number): readonly MemoryCommit[] {
    this.assertKept(revision)
    return this.#history.filter((commit) => commit.revision > revision)
  }

  /**
   * Validates a commit, applies it and returns its revision.
   *
   * @param snapshot - revision that was read; `undefined` when nothing was.
   * @throws DriverError `'conflict'` also when its marker was claimed.
   * @internal
   */
  commit(request: CommitRequest, snapshot: number | undefined): number {
    if (this.#markers.has(request.marker))
      throw new DriverError('conflict', 'the marker of the commit was used')
    for (const { keyspace } of [...request.writes, ...request.deletedRanges]) this.mapOf(keyspace)
    if (snapshot !== undefined) this.#validate(request, snapshot)
    this.#markers.set(request.marker, 'applied')
    const revision = ++this.#revision
    this.#history.push({ revision, changes: this.#apply(request, revision) })
    this.#trim()
    for (const wake of [...this.#waiters]) wake()
    return revision
  }

  /** Decides a marker: claims it unless its commit is applied. @internal */
  resolve(marker: Marker): CommitOutcome {
    const decided = this.#markers.get(marker)
    if (decided !== undefined) return decided
    this.#markers.set(marker, 'notApplied')
    return 'notApplied'
  }

  /** Delays a commit: it arrives after a few further calls, or with `deliverLate`. @internal */
  delay(request: CommitRequest, revision: number | undefined): void {
    this.#late.push({ request, revision, callsLeft: this.#lateCalls })
  }

  /** Notes a call of any client. @internal */
  noteCall(): void {
    for (const late of this.#late) late.callsLeft--
    if (this.#late.some(({ callsLeft }) => callsLeft <= 0)) this.deliverLate()
  }

  /** Delivers the commits that faults have delayed, as a frozen server does when it continues. Returns how many were applied. */
  deliverLate(): number {
    const late = this.#late
    this.#late = []
    let applied = 0
    for (const { request, revision } of late) {
      try {
        this.commit(request, revision)
        applied++
      } catch {
        // It was claimed, or conflicts with a commit meanwhile.
      }
    }
    return applied
  }

  /** Discards the history: all snapshots and watches that are not at the newest commit are too old. */
  discardHistory(): void {
    this.#compact(this.#revision)
  }

  /** Calls a function after the next commit. @internal */
  whenCommitted(wake: () => void): () => void {
    this.#waiters.add(wake)
    return () => this.#waiters.delete(wake)
  }

  #validate({ readKeys, readRanges }: CommitRequest, snapshot: number): void {
    this.assertKept(snapshot)
    const keys = readKeys.map(({ keyspace, key }) => ({ keyspace, lower: key, upper: keySuccessor(key) }))
    for (const { keyspace, lower, upper } of [...keys, ...readRanges]) {
      if (this.mapOf(keyspace).isChangedAfter({ lower, upper }, snapshot))
        throw new DriverError('conflict', 'a key that was read has changed')
    }
  }

  #apply({ writes, deletedRanges }: CommitRequest, revision: number): WatchedChange[] {
    const changes: WatchedChange[] = []
    for (const { keyspace, lower, upper } of deletedRanges) {
      const map = this.mapOf(keyspace)
      for (const { key } of map.range({ lower, upper }, revision, false, Infinity))
        map.set(key, revision, undefined)
      changes.push({ kind: 'deleteRange', keyspace, lower, upper })
    }
    for (const { keyspace, key, value } of writes) {
      this.mapOf(keyspace).set(key, revision, value)
      changes.push(
        value === undefined ? { kind: 'delete', keyspace, key } : { kind: 'put', keyspace, key, value },
      )
    }
    return changes
  }

  #trim(): void {
    if (this.#history.length > 2 * this.#historyCommits) this.#compact(this.#revision - this.#historyCommits)
  }

  #compact(revision: number): void {
    this.#oldest = revision
    this.#history = this.#history.filter((commit) => commit.revision > revision)
    for (const { map } of this.#keyspaces.values()) map.compact(revision)
  }
}
