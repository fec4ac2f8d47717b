import { assert, LdbError } from '@ldb/base'
import type { OrderedStore, StoreSnapshot } from '@ldb/base'

/** What of a store transactions need. @category Transactions */
export type TransactionStore = Pick<OrderedStore, 'seq' | 'get' | 'has' | 'apply' | 'snapshot'>

/** A store, and which commit changed it last. */
export interface StoreLane {
  readonly keyspaceId: number
  readonly store: TransactionStore
  /** Newest commit known that changes it, visible or in flight. */
  changedSeq: number
  /** Newest commit known that writes to it or has read of it for update (M11). */
  notedSeq: number
  /** A frozen present state that views share, while there is one. */
  pin: SharedPin | undefined
}

/** A frozen state of one store, given back with its last user. */
export class SharedPin {
  readonly snapshot: StoreSnapshot
  readonly #lane: StoreLane
  #userCount = 0

  constructor(lane: StoreLane) {
    this.#lane = lane
    this.snapshot = lane.store.snapshot()
  }

  acquire(): void {
    this.#userCount++
  }

  release(): void {
    this.#userCount--
    if (this.#userCount > 0) return
    if (this.#lane.pin === this) this.#lane.pin = undefined
    this.snapshot.release()
  }
}

/**
 * One store in one view. While nothing has changed the store since, the store itself is read, and nothing is frozen; a
 * commit that is going to change it freezes it first (M1).
 */
export class ViewedStore {
  readonly lane: StoreLane
  /** Where single keys are read. */
  reader: TransactionStore | StoreSnapshot
  /** The view is older than what is known to change the store, which has not happened yet: its pin is its own. */
  readonly #isAhead: boolean
  #pin: SharedPin | undefined = undefined

  constructor(lane: StoreLane, seq: number) {
    this.lane = lane
    this.reader = lane.store
    this.#isAhead = lane.changedSeq > seq
  }

  /** Returns the frozen state. */
  snapshot(): StoreSnapshot {
    if (this.#pin !== undefined) return this.#pin.snapshot
    const { lane } = this
    const pin = (this.#isAhead ? undefined : lane.pin) ?? new SharedPin(lane)
    if (!this.#isAhead) lane.pin = pin
    pin.acquire()
    this.#pin = pin
    this.reader = pin.snapshot
    return pin.snapshot
  }

  release(): void {
    this.#pin?.release()
    this.#pin = undefined
  }
}

/** All stores as they were at one commit. Transactions and snapshots that see the same commit share it. */
export class View {
  readonly seq: number
  /** When the first of its users began. */
  readonly openedAtMs: number
  userCount = 0
  /** Users that may write. */
  writerCount = 0
  /** It has been given back: by its last user, or because the manager was closed. */
  released = false
  /** A store has gone since: who begins now does not see it, and gets a view of his own. */
  isShut = false
  older: View | undefined = undefined
  newer: View | undefined = undefined
  readonly stores: Map<number, ViewedStore> = new Map()
  readonly #lanes: ReadonlyMap<number, StoreLane>

  constructor(seq: number, openedAtMs: number, lanes: ReadonlyMap<number, StoreLane>) {
    this.seq = seq
    this.openedAtMs = openedAtMs
    this.#lanes = lanes
  }

  /** Returns a store as the view sees it. @throws {@link LdbError} LDB_NOT_FOUND when there is none of that number. */
  store(keyspaceId: number): ViewedStore {
    const known = this.stores.get(keyspaceId)
    if (known !== undefined) return known
    const lane = this.#lanes.get(keyspaceId)
    if (lane === undefined) throw new LdbError('LDB_NOT_FOUND', `there is no store ${keyspaceId}`)
    assert(lane.changedSeq <= this.seq, 'a store is frozen before a later commit changes it')
    return this.#add(lane)
  }

  /** Freezes a store that is about to change. */
  freeze(lane: StoreLane): void {
    const viewed = this.stores.get(lane.keyspaceId) ?? this.#add(lane)
    viewed.snapshot()
  }

  release(): void {
    this.released = true
    for (const viewed of this.stores.values()) viewed.release()
    this.stores.clear()
  }

  #add(lane: StoreLane): ViewedStore {
    const viewed = new ViewedStore(lane, this.seq)
    this.stores.set(lane.keyspaceId, viewed)
    return viewed
  }
}

/** The right of one transaction or snapshot to its view. */
export class ViewLease {
  readonly view: View
  readonly isWriter: boolean
  readonly #views: OpenViews
  #isGivenBack = false

  constructor(views: OpenViews, view: View, isWriter: boolean) {
    this.#views = views
    this.view = view
    this.isWriter = isWriter
  }

  get released(): boolean {
    return this.#isGivenBack || this.view.released
  }

  /** Idempotent. */
  release(): void {
    if (this.released) return
    this.#isGivenBack = true
    this.#views.giveBack(this)
  }
}

/** The views that are open, in a list by rising seq. */
export class OpenViews {
  readonly lanes: Map<number, StoreLane> = new Map()
  oldest: View | undefined = undefined
  #newest: View | undefined = undefined
  /** Transactions and snapshots that are open. */
  openCount = 0
  /** Those of them that may write. */
  writerCount = 0
  readonly #onWriterGone: () => void

  constructor(onWriterGone: () => void) {
    this.#onWriterGone = onWriterGone
  }

  /** The oldest commit that somebody sees who may write; `undefined` when there is nobody. */
  oldestWriterSeq(): number | undefined {
    if (this.writerCount === 0) return undefined
    let view = this.oldest
    while (view !== undefined && view.writerCount === 0) view = view.newer
    return view?.seq
  }

  /** Opens a view at the visible commit. */
  open(seq: number, isWriter: boolean, nowMs: () => number): ViewLease {
    let view = this.#newest
    assert(view === undefined || view.seq <= seq, 'visible commits only grow')
    if (view === undefined || view.seq !== seq || view.isShut) {
      view = this.#add(seq, nowMs())
    }
    view.userCount++
    this.openCount++
    if (isWriter) {
      view.writerCount++
      this.writerCount++
    }
    return new ViewLease(this, view, isWriter)
  }

  /** A commit is going to change a store: whoever sees it as it is has it frozen. */
  noteChange(lane: StoreLane, seq: number): void {
    this.#freezeAll(lane)
    lane.changedSeq = seq
    lane.pin = undefined
  }

  /** A store goes: whoever is open keeps it, frozen. */
  remove(lane: StoreLane): void {
    this.#freezeAll(lane)
    this.lanes.delete(lane.keyspaceId)
    if (this.#newest !== undefined) this.#newest.isShut = true
  }

  /** Ends a lease. */
  giveBack({ view, isWriter }: ViewLease): void {
    view.userCount--
    this.openCount--
    if (isWriter) {
      view.writerCount--
      this.writerCount--
    }
    if (view.userCount === 0) {
      this.#remove(view)
      view.release()
    }
    if (isWriter && view.writerCount === 0) this.#onWriterGone()
  }

  /** Gives all views back, whoever has them (M21). */
  releaseAll(): void {
    for (let view = this.oldest; view !== undefined; view = view.newer) view.release()
    this.oldest = undefined
    this.#newest = undefined
    this.openCount = 0
    this.writerCount = 0
    this.#onWriterGone()
  }

  #add(seq: number, nowMs: number): View {
    const view = new View(seq, nowMs, this.lanes)
    // What is in flight changes a store without another word.
    for (const lane of this.lanes.values()) if (lane.changedSeq > seq) view.freeze(lane)
    view.older = this.#newest
    if (this.#newest === undefined) this.oldest = view
    else this.#newest.newer = view
    this.#newest = view
    return view
  }

  #remove({ older, newer }: View): void {
    if (older === undefined) this.oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
  }

  #freezeAll(lane: StoreLane): void {
    for (let view = this.#newest; view !== undefined && view.seq >= lane.changedSeq; view = view.older) {
      view.freeze(lane)
    }
  }
}
