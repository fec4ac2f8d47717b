import { KeyList } from '../records/key-list.js'
import type { ViewedStore } from './open-views.js'
import { ReadSet } from '../records/read-set.js'
import type { ReadBudget } from '../records/read-set.js'
import type { ViewReads } from './view-reads.js'

/** One keyspace in a transaction: where it is read, and what was read. */
export interface KeyspaceRead {
  readonly viewed: ViewedStore
  /** `undefined` where reads do not count (M8). */
  readonly reads: ReadSet | undefined
  /** Keys read for update. */
  locks: KeyList | undefined
}

/** What a transaction has read, by keyspace. */
export class TransactionReads {
  /** The commit that it sees. */
  readonly seq: number
  readonly keyspaces: Map<number, KeyspaceRead> = new Map()
  hasLocks = false
  readonly #view: ViewReads
  readonly #budget: ReadBudget | undefined
  #last: KeyspaceRead | undefined = undefined

  constructor(view: ViewReads, isTracked: boolean, bytesMax: number) {
    this.#view = view
    this.seq = view.lease.view.seq
    this.#budget = isTracked ? { bytes: 0, bytesMax } : undefined
  }

  /** @throws {@link LdbError} LDB_CLOSED, LDB_NOT_FOUND. */
  of(keyspaceId: number): KeyspaceRead {
    const last = this.#last
    if (last !== undefined && last.viewed.lane.keyspaceId === keyspaceId && !this.#view.lease.released)
      return last
    let read = this.keyspaces.get(keyspaceId)
    if (read === undefined || this.#view.lease.released) {
      const viewed = this.#view.store(keyspaceId)
      read = {
        viewed,
        reads: this.#budget === undefined ? undefined : new ReadSet(this.#budget),
        locks: undefined,
      }
      this.keyspaces.set(keyspaceId, read)
    }
    this.#last = read
    return read
  }

  /** Notes a key that was read for update. */
  lock(read: KeyspaceRead, key: Uint8Array, keyBytes: number): void {
    read.locks ??= new KeyList()
    read.locks.add(key, keyBytes)
    this.hasLocks = true
  }
}
