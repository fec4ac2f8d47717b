import { assert, LdbError } from '@ldb/base'
import { ViewedStore } from './store-state.js'
import type { StoreState } from './store-state.js'

/** All stores at one commit. Transactions and snapshots that see the same commit share a read view. */
export class ReadView {
  /** The newest commit that the view sees. */
  readonly seq: number
  /** Time at which the first user began. */
  readonly openedAtMs: number
  userCount = 0
  /** Number of users that may write. */
  writerCount = 0
  /** True after the release by the last user or by the close of the manager. */
  released = false
  /** A store was removed since. Transactions that begin later at the same commit get a new view. */
  isStale = false
  older: ReadView | undefined = undefined
  newer: ReadView | undefined = undefined
  readonly stores: Map<number, ViewedStore> = new Map()
  readonly #states: ReadonlyMap<number, StoreState>

  constructor(seq: number, openedAtMs: number, states: ReadonlyMap<number, StoreState>) {
    this.seq = seq
    this.openedAtMs = openedAtMs
    this.#states = states
  }

  /** Returns a store in this view. @throws {@link LdbError} LDB_NOT_FOUND when there is no store with the id. */
  store(keyspaceId: number): ViewedStore {
    const viewed = this.stores.get(keyspaceId)
    if (viewed !== undefined) return viewed
    const state = this.#states.get(keyspaceId)
    if (state === undefined) throw new LdbError('LDB_NOT_FOUND', `there is no store ${keyspaceId}`)
    assert(state.changedSeq <= this.seq, 'a store is frozen before a later commit changes it')
    return this.#add(state)
  }

  /** Takes a snapshot of a store that is about to change. */
  freeze(state: StoreState): void {
    const viewed = this.stores.get(state.keyspaceId) ?? this.#add(state)
    viewed.snapshot()
  }

  release(): void {
    this.released = true
    for (const viewed of this.stores.values()) viewed.release()
    this.stores.clear()
  }

  #add(state: StoreState): ViewedStore {
    const viewed = new ViewedStore(state, this.seq)
    this.stores.set(state.keyspaceId, viewed)
    return viewed
  }
}
