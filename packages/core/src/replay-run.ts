import { toSeq } from '@ldb/base'
import type { BatchSection, OrderedStore } from '@ldb/base'
import { GatheredOperations, HEAD_BYTES, placeApart } from './gathered-operations.js'
import type { KeyOrder } from './key-order.js'
import { haveSameKey, KEPT_APART, operationEnd } from './operation-place.js'
import type { ReplayMemory } from './replay-memory.js'
import { SectionSlice } from './section-slice.js'

/** Bytes that a store is given at a time: they are still in the processor's cache when it reads them. */
const SLICE_BYTES = 262_144
/** Memory of an operation besides its bytes, while its part is sorted: where it begins, and four words. */
const SORTED_BYTES = 20

/**
 * Commits in a row, as far as they concern one store. They are applied together, in the order of their keys, each key once: so
 * the store changes a page once, where one commit after the other would come back to it again and again.
 */
export class ReplayRun {
  readonly #store: OrderedStore
  readonly #keyOrder: KeyOrder
  readonly #memory: ReplayMemory
  readonly #gathered: GatheredOperations
  readonly #slice = new SectionSlice()
  #starts = new Int32Array(0)
  #heads = new Int32Array(0)
  /** Of the newest commit that was gathered whole. */
  #lastSeq = 0
  /** Bytes that were taken of those gathered, and those after which a slice is due. */
  #passedBytes = 0
  #dueBytes = 0
  #sliceBytes = 0

  /**
   * @param memory - shared with the other stores.
   * @param expectedBytes - as many bytes of operations as it is given at a time, at most.
   */
  constructor(store: OrderedStore, keyOrder: KeyOrder, memory: ReplayMemory, expectedBytes: number) {
    this.#store = store
    this.#keyOrder = keyOrder
    this.#memory = memory
    this.#gathered = new GatheredOperations(memory, expectedBytes)
  }

  /** Memory that it takes besides chunks. */
  get besideBytes(): number {
    return this.#gathered.apart.byteCount + this.#gathered.countMax * SORTED_BYTES
  }

  /** Tells how many chunks `add` takes at most. */
  chunksFor(section: BatchSection): number {
    return this.#gathered.chunksFor(section)
  }

  /** Takes a copy of what a commit does to the store, for which there must be room; or applies it, behind those before it. */
  add(section: BatchSection, seq: number): void {
    if (this.#gathered.add(section)) this.#lastSeq = seq
    else this.applyWhole(section, seq)
  }

  /**
   * Applies a commit as it is, behind what was gathered.
   *
   * @remarks A part of it may have been gathered already. That does no harm: whatever it does is done again, behind all the others.
   */
  applyWhole(section: BatchSection, seq: number): void {
    if (this.#lastSeq > this.#store.seq) this.apply()
    else this.#gathered.clear()
    this.#store.apply(section, toSeq(seq))
    this.#lastSeq = seq
  }

  /** Applies what was taken, and forgets it. */
  apply(): void {
    const gathered = this.#gathered
    if (gathered.count === 0) return
    // Each slice passes for a commit of its own: nobody sees the store between two of them.
    const sliceCount = Math.min(Math.ceil(gathered.byteCount / SLICE_BYTES), this.#lastSeq - this.#store.seq)
    this.#sliceBytes = Math.ceil(gathered.byteCount / sliceCount)
    this.#dueBytes = this.#sliceBytes
    this.#passedBytes = 0
    for (let part = 0; part < gathered.partCount; part++) this.#takePart(part)
    this.#applySlice(this.#lastSeq)
    gathered.clear()
  }

  /** Brings the operations of a part in order, and takes from each key what is done last to it. */
  #takePart(part: number): void {
    const gathered = this.#gathered
    const { bytes, view } = this.#memory
    if (gathered.countMax > this.#starts.length) {
      this.#starts = new Int32Array(gathered.countMax)
      this.#heads = new Int32Array(gathered.countMax)
    }
    const starts = this.#starts
    const count = gathered.list(part, starts, this.#heads)
    this.#keyOrder.sortWithHeads(bytes, starts, this.#heads, count)
    for (let index = 0; index < count; index++) {
      const start = starts[index] as number
      const isReplaced = index + 1 < count && this.#isReplaced(start, starts[index + 1] as number)
      if (bytes[start] === KEPT_APART) this.#takeApart(start, isReplaced)
      else {
        const byteCount = operationEnd(bytes, start) - start
        this.#passedBytes += byteCount
        if (!isReplaced) this.#slice.add(view, start, byteCount)
      }
      const isDue = this.#passedBytes >= this.#dueBytes && this.#passedBytes < gathered.byteCount
      if (isDue && this.#slice.operationCount > 0) {
        this.#applySlice(this.#store.seq + 1)
        this.#dueBytes = this.#passedBytes + this.#sliceBytes
      }
    }
    gathered.release(part)
  }

  /** Tells whether the operation that follows is about the same key, so that only what that one does counts. */
  #isReplaced(start: number, next: number): boolean {
    const { bytes, view } = this.#memory
    if (view.getInt32(start - HEAD_BYTES, true) !== view.getInt32(next - HEAD_BYTES, true)) return false
    return haveSameKey(bytes, start, next)
  }

  /** Takes the operation that is kept apart and for which the one at `start` stands. */
  #takeApart(start: number, isReplaced: boolean): void {
    const { offset, byteCount } = placeApart(this.#memory.bytes, start)
    this.#passedBytes += byteCount
    if (!isReplaced) this.#slice.add(this.#gathered.apart.view, offset, byteCount)
  }

  #applySlice(seq: number): void {
    this.#store.apply(this.#slice, toSeq(seq))
    this.#slice.clear()
  }
}
