import { assert } from '@ldb/base'
import type { ResolvedManagerOptions } from '../options.js'
import { ReadView } from './read-view.js'
import type { StoreState } from './store-state.js'

/** The use of a read view by one transaction or snapshot. */
export class ViewLease {
  readonly view: ReadView
  readonly isWriter: boolean
  /** What uses the view, and the stack of the call that opened it, for the report of a leak. */
  readonly kind: 'transaction' | 'snapshot'
  readonly stack: string | undefined
  readonly #views: OpenViews
  #isReleased = false

  constructor(
    views: OpenViews,
    view: ReadView,
    isWriter: boolean,
    kind: 'transaction' | 'snapshot',
    stack: string | undefined,
  ) {
    this.#views = views
    this.view = view
    this.isWriter = isWriter
    this.kind = kind
    this.stack = stack
  }

  get released(): boolean {
    return this.#isReleased || this.view.released
  }

  /** Idempotent. */
  release(): void {
    if (this.released) return
    this.#isReleased = true
    this.#views.release(this)
  }
}

/** The open read views, in a list ordered by seq. */
export class OpenViews {
  readonly states: Map<number, StoreState> = new Map()
  oldest: ReadView | undefined = undefined
  #newest: ReadView | undefined = undefined
  /** Number of open transactions and snapshots. */
  openCount = 0
  /** Number of open transactions that may write. */
  writerCount = 0
  readonly #onWriterReleased: () => void

  /** @param onWriterReleased - called when the last writer of a view ends. */
  constructor(onWriterReleased: () => void) {
    this.#onWriterReleased = onWriterReleased
  }

  /** Returns the seq of the oldest view with a writer, or `undefined` when there is no writer. */
  oldestWriterSeq(): number | undefined {
    if (this.writerCount === 0) return undefined
    let view = this.oldest
    while (view !== undefined && view.writerCount === 0) view = view.newer
    return view?.seq
  }

  /** Opens a view at the visible commit. */
  open(
    seq: number,
    isWriter: boolean,
    { monotonicMs: nowMs, openStack }: Pick<ResolvedManagerOptions, 'monotonicMs' | 'openStack'>,
    kind: 'transaction' | 'snapshot',
  ): ViewLease {
    let view = this.#newest
    assert(view === undefined || view.seq <= seq, 'visible commits only grow')
    if (view === undefined || view.seq !== seq || view.isStale) {
      view = this.#add(seq, nowMs())
    }
    view.userCount++
    this.openCount++
    if (isWriter) {
      view.writerCount++
      this.writerCount++
    }
    return new ViewLease(this, view, isWriter, kind, openStack())
  }

  /** Prepares a store for a commit that changes it: every view of its current state takes a snapshot. */
  prepareChange(state: StoreState, seq: number): void {
    this.#freezeAll(state)
    state.changedSeq = seq
    state.snapshot = undefined
  }

  /** Removes a store. Open views keep a snapshot of it. */
  remove(state: StoreState): void {
    this.#freezeAll(state)
    this.states.delete(state.keyspaceId)
    if (this.#newest !== undefined) this.#newest.isStale = true
  }

  /** Ends a lease, and releases its view when it was the last one. */
  release({ view, isWriter }: ViewLease): void {
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
    if (isWriter && view.writerCount === 0) this.#onWriterReleased()
  }

  /** Releases all views, including those in use (M21). */
  releaseAll(): void {
    for (let view = this.oldest; view !== undefined; view = view.newer) view.release()
    this.oldest = undefined
    this.#newest = undefined
    this.openCount = 0
    this.writerCount = 0
    this.#onWriterReleased()
  }

  #add(seq: number, nowMs: number): ReadView {
    const view = new ReadView(seq, nowMs, this.states)
    // Commits in flight change their stores without another call of prepareChange.
    for (const state of this.states.values()) if (state.changedSeq > seq) view.freeze(state)
    view.older = this.#newest
    if (this.#newest === undefined) this.oldest = view
    else this.#newest.newer = view
    this.#newest = view
    return view
  }

  #remove({ older, newer }: ReadView): void {
    if (older === undefined) this.oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
  }

  #freezeAll(state: StoreState): void {
    for (let view = this.#newest; view !== undefined && view.seq >= state.changedSeq; view = view.older) {
      view.freeze(state)
    }
  }
}
