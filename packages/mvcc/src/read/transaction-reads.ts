import { KeyList } from '../records/key-list.js'
import type { ViewedStore } from './store-state.js'
import { ReadSet } from '../records/read-set.js'
import type { ReadBudget } from '../records/read-set.js'
import type { ViewReads } from './view-reads.js'

/** One keyspace in a transaction: its store in the read view, and its read set. */
export interface KeyspaceRead {
  readonly viewed: ViewedStore
  /** The read set; `undefined` when reads are not checked for conflicts (M8). */
  readonly reads: ReadSet | undefined
  /** Keys read for update; `undefined` when there are none. */
  updateReads: KeyList | undefined
}

/** The read sets of a transaction, by keyspace. */
export class TransactionReads {
  /** The newest commit that the transaction sees. */
  readonly seq: number
  readonly keyspaces: Map<number, KeyspaceRead> = new Map()
  hasUpdateReads = false
  readonly #view: ViewReads
  readonly #budget: ReadBudget | undefined
  #last: KeyspaceRead | undefined = undefined

  constructor(view: ViewReads, isTracked: boolean, bytesMax: number) {
    this.#view = view
    this.seq = view.lease.view.seq
    this.#budget = isTracked ? { bytes: 0, bytesMax } : undefined
  }

  /** Returns the state of a keyspace, created at its first use. @throws {@link LdbError} LDB_CLOSED, LDB_NOT_FOUND. */
  of(keyspaceId: number): KeyspaceRead {
    const last = this.#last
    if (last !== undefined && last.viewed.state.keyspaceId === keyspaceId && !this.#view.lease.released)
      return last
    let read = this.keyspaces.get(keyspaceId)
    if (read === undefined || this.#view.lease.released) {
      const viewed = this.#view.store(keyspaceId)
      read = {
        viewed,
        reads: this.#budget === undefined ? undefined : new ReadSet(this.#budget),
        updateReads: undefined,
      }
      this.keyspaces.set(keyspaceId, read)
    }
    this.#last = read
    return read
  }

  /** Adds a key that was read for update. */
  addUpdateRead(read: KeyspaceRead, key: Uint8Array, keyBytes: number): void {
    read.updateReads ??= new KeyList()
    read.updateReads.add(key, keyBytes)
    this.hasUpdateReads = true
  }
}
