import type { OrderedStore, StoreSnapshot } from '@ldb/base'

/** The operations of a store that transactions need. @category Transactions */
export type TransactionStore = Pick<OrderedStore, 'seq' | 'get' | 'has' | 'apply' | 'snapshot'>

/** The transactional state of one store: which commits changed it last, and its current snapshot. */
export interface StoreState {
  readonly keyspaceId: number
  readonly store: TransactionStore
  /** Newest registered commit that changes the store, visible or in flight. */
  changedSeq: number
  /** Newest registered commit that changes the store or read keys of it for update (M11). */
  conflictSeq: number
  /** Snapshot of the current state, shared by read views; `undefined` when there is none. */
  snapshot: SharedSnapshot | undefined
}

/** A reference-counted snapshot of one store, released with its last user. */
export class SharedSnapshot {
  readonly snapshot: StoreSnapshot
  readonly #state: StoreState
  #userCount = 0

  constructor(state: StoreState) {
    this.#state = state
    this.snapshot = state.store.snapshot()
  }

  acquire(): void {
    this.#userCount++
  }

  release(): void {
    this.#userCount--
    if (this.#userCount > 0) return
    if (this.#state.snapshot === this) this.#state.snapshot = undefined
    this.snapshot.release()
  }
}

/**
 * One store in one read view. Reads go to the store itself until a commit is about to change it; then they go to a snapshot
 * that is taken before the change (M1).
 */
export class ViewedStore {
  readonly state: StoreState
  /** Target of point reads: the store or its snapshot. */
  reader: TransactionStore | StoreSnapshot
  /**
   * A registered commit that the view does not see is going to change the store. The snapshot is then not shared: later views
   * may see that commit.
   */
  readonly #isBehind: boolean
  #snapshot: SharedSnapshot | undefined = undefined

  constructor(state: StoreState, seq: number) {
    this.state = state
    this.reader = state.store
    this.#isBehind = state.changedSeq > seq
  }

  /** Returns the snapshot of the store, and takes it at the first call. */
  snapshot(): StoreSnapshot {
    if (this.#snapshot !== undefined) return this.#snapshot.snapshot
    const { state } = this
    const shared = (this.#isBehind ? undefined : state.snapshot) ?? new SharedSnapshot(state)
    if (!this.#isBehind) state.snapshot = shared
    shared.acquire()
    this.#snapshot = shared
    this.reader = shared.snapshot
    return shared.snapshot
  }

  release(): void {
    this.#snapshot?.release()
    this.#snapshot = undefined
  }
}
