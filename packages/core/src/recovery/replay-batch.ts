import { toSeq } from '@ldb/base'
import type { BatchSection, OrderedStore } from '@ldb/base'
import { GatheredOperations, HEAD_BYTES, placeApart } from './gathered-operations.js'
import type { KeyOrder } from './key-order.js'
import { haveSameKey, KEPT_APART, operationEnd } from './operation-location.js'
import type { ReplayMemory } from './replay-memory.js'
import { SectionByReference, SectionSlice } from './section-slice.js'

/** Bytes that a store is given at a time: they are still in the processor's cache when it reads them. */
const SLICE_BYTES = 262_144
/** Operations are copied out of their chunks when a store is given more at a time: so the chunks are free before it needs frames. */
const IN_PLACE_BYTES_MAX = 4_194_304
/** Memory of an operation besides its bytes, while its part is sorted: where it begins, and four words. */
const SORTED_BYTES = 20

/**
 * Commits in a row, as far as they concern one store. They are applied together, in the order of their keys, each key once: so
 * the store changes a page once, where one commit after the other would come back to it again and again.
 */
export class ReplayBatch {
  readonly #store: OrderedStore
  readonly #keyOrder: KeyOrder
  readonly #memory: ReplayMemory
  readonly #gathered: GatheredOperations
  readonly #copies = new SectionSlice()
  readonly #inPlace = new SectionByReference()
  /** Operations are given to the store where they stand. */
  #staysInPlace = false
  /** Parts before this one were applied and are released. */
  #releasedParts = 0
  #starts = new Int32Array(0)
  #heads = new Int32Array(0)
  /** Sequence number of the newest commit that was gathered whole or applied. */
  #lastSeq = 0
  /** Some commit was gathered whole since the last application. */
  #hasWholeCommit = false
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

  /** Takes a copy of what a commit does to the store; or applies it, behind those before it, if it cannot be gathered. */
  add(section: BatchSection, seq: number): void {
    if (!this.#gathered.add(section)) {
      this.applyWhole(section, seq)
      return
    }
    this.#lastSeq = seq
    this.#hasWholeCommit = true
  }

  /**
   * Applies a commit as it is, behind what was gathered.
   *
   * @remarks A part of it may have been gathered already. That does no harm: whatever it does is done again, behind all the others.
   */
  applyWhole(section: BatchSection, seq: number): void {
    if (this.#hasWholeCommit) this.apply()
    else this.#gathered.clear()
    this.#store.apply(section, toSeq(seq))
    this.#lastSeq = seq
  }

  /** Applies what was taken, and forgets it. */
  apply(): void {
    const gathered = this.#gathered
    if (gathered.count === 0) return
    this.#sliceBytes = Math.ceil(gathered.byteCount / Math.ceil(gathered.byteCount / SLICE_BYTES))
    this.#dueBytes = this.#sliceBytes
    this.#passedBytes = 0
    this.#releasedParts = 0
    this.#inPlace.bytes = this.#memory.bytes
    this.#staysInPlace = gathered.apart.byteCount === 0 && this.#sliceBytes <= IN_PLACE_BYTES_MAX
    for (let part = 0; part < gathered.partCount; part++) this.#takePart(part)
    this.#applySlice(gathered.partCount)
    gathered.clear()
    this.#hasWholeCommit = false
  }

  /** Brings the operations of a part in order, and takes from each key what is done last to it. */
  #takePart(part: number): void {
    const gathered = this.#gathered
    const { bytes } = this.#memory
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
      const byteCount = isApart(bytes, start)
        ? placeApart(bytes, start).byteCount
        : operationEnd(bytes, start) - start
      this.#passedBytes += byteCount
      if (!isReplaced) this.#take(start, byteCount)
      if (this.#passedBytes < this.#dueBytes || this.#passedBytes === gathered.byteCount) continue
      const taken = this.#staysInPlace ? this.#inPlace : this.#copies
      if (taken.operationCount === 0) continue
      this.#applySlice(part)
      this.#dueBytes = this.#passedBytes + this.#sliceBytes
    }
    if (!this.#staysInPlace) this.#releaseParts(part + 1)
  }

  /** Reports whether the operation that follows is about the same key, so that only what that one does counts. */
  #isReplaced(start: number, next: number): boolean {
    const { bytes, view } = this.#memory
    if (view.getInt32(start - HEAD_BYTES, true) !== view.getInt32(next - HEAD_BYTES, true)) return false
    return haveSameKey(bytes, start, next)
  }

  #take(start: number, byteCount: number): void {
    const { bytes, view } = this.#memory
    if (this.#staysInPlace) this.#inPlace.add(start)
    else if (isApart(bytes, start))
      this.#copies.add(this.#gathered.apart.view, placeApart(bytes, start).offset, byteCount)
    else this.#copies.add(view, start, byteCount)
  }

  /** Applies the collected slice under the number of the newest gathered commit, and releases the parts before `partsTaken`. */
  #applySlice(partsTaken: number): void {
    const taken = this.#staysInPlace ? this.#inPlace : this.#copies
    this.#store.apply(taken, toSeq(this.#lastSeq))
    taken.clear()
    this.#releaseParts(partsTaken)
  }

  #releaseParts(before: number): void {
    for (; this.#releasedParts < before; this.#releasedParts++) this.#gathered.release(this.#releasedParts)
  }
}

function isApart(bytes: Uint8Array, start: number): boolean {
  return bytes[start] === KEPT_APART
}
