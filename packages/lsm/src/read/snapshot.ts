import { LdbError, toSeq } from '@ldb/base'
import type { KeyBounds, RangeEstimate, Seq, StoreCursor, StoreSnapshot } from '@ldb/base'
import type { EmptyRanges } from '../empty/empty-ranges.js'
import { estimateRange } from './estimate.js'
import { LsmCursor } from './lsm-cursor.js'
import { PointRead } from './point-read.js'
import type { ReadState } from './read-state.js'
import type { ValueSlab } from './value-slab.js'

/** A frozen view: a pinned read state and a stamp. */
export class LsmSnapshot implements StoreSnapshot {
  readonly seq: Seq
  /** Operations with a greater stamp are not part of the view. */
  readonly stamp: number
  readonly #state: ReadState
  readonly #read: PointRead = new PointRead()
  readonly #emptyRanges: EmptyRanges
  readonly #slab: ValueSlab
  readonly #cursors: Set<LsmCursor> = new Set()
  readonly #onRelease: (snapshot: LsmSnapshot) => void
  #isReleased = false

  /**
   * @param state - pinned by the caller, unpinned by `release`.
   * @param emptyRanges - of the store; for cursors.
   * @param slab - for the values that `get` returns; of the store.
   */
  constructor(
    state: ReadState,
    seq: number,
    stamp: number,
    emptyRanges: EmptyRanges,
    slab: ValueSlab,
    onRelease: (snapshot: LsmSnapshot) => void,
  ) {
    this.#emptyRanges = emptyRanges
    this.#slab = slab
    this.#state = state
    this.seq = toSeq(seq)
    this.stamp = stamp
    this.#onRelease = onRelease
  }

  get(key: Uint8Array, keyBytes: number = key.length): Uint8Array | undefined {
    if (!this.has(key, keyBytes)) return undefined
    return this.#slab.copy(this.#read.valueBuffer, this.#read.valueStart, this.#read.valueEnd)
  }

  getBorrowed(key: Uint8Array, keyBytes: number = key.length): Uint8Array | undefined {
    if (!this.has(key, keyBytes)) return undefined
    return this.#read.valueBuffer.subarray(this.#read.valueStart, this.#read.valueEnd)
  }

  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    return ends.map((end, index) => {
      const key = keys.subarray(ends[index - 1] ?? 0, end)
      return this.get(key)
    })
  }

  has(key: Uint8Array, keyBytes: number = key.length): boolean {
    this.#assertOpen()
    return this.#read.find(this.#state, key, keyBytes, this.stamp)
  }

  cursor(bounds?: KeyBounds): StoreCursor {
    this.#assertOpen()
    const cursor = new LsmCursor(this.#state, this.stamp, bounds, this.#emptyRanges, this.#slab, (closed) =>
      this.#cursors.delete(closed),
    )
    this.#cursors.add(cursor)
    return cursor
  }

  count(bounds?: KeyBounds): number {
    const cursor = this.cursor(bounds)
    try {
      let count = 0
      while (cursor.next()) count++
      return count
    } finally {
      cursor.close()
    }
  }

  estimate(bounds?: KeyBounds): RangeEstimate {
    this.#assertOpen()
    return estimateRange(this.#state, bounds)
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    for (const cursor of [...this.#cursors]) cursor.close()
    this.#state.unpin()
    this.#onRelease(this)
  }

  #assertOpen(): void {
    if (this.#isReleased) throw new LdbError('LDB_CLOSED', 'the snapshot was released')
  }
}
