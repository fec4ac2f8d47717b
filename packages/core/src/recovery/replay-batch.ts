import { toSeq } from '@ldb/base'
import type { BatchSection, OrderedStore } from '@ldb/base'
import { GatheredOperations, HEAD_BYTES, outOfLineLocation } from './gathered-operations.js'
import type { KeyOrder } from './key-order.js'
import { haveSameKey, OUT_OF_LINE, operationEnd } from './operation-location.js'
import type { ReplayMemory } from './replay-memory.js'
import { SectionByReference, SectionSlice } from './section-slice.js'

/** Bytes of a slice that is applied at a time: they are still in the processor's cache. */
const SLICE_BYTES = 262_144
/** Larger slices are copied out of their chunks, so that the chunks are free before the store allocates frames. */
const IN_PLACE_BYTES_MAX = 4_194_304
/** Bytes for the sort of one operation: its start offset, and four words. */
const SORTED_BYTES = 20

/**
 * A replay batch: the operations of consecutive commits for one store. They are applied together in key order, each key once, so that
 * the store changes each page once instead of once per commit.
 */
export class ReplayBatch {
  readonly #store: OrderedStore
  readonly #keyOrder: KeyOrder
  readonly #memory: ReplayMemory
  readonly #gathered: GatheredOperations
  readonly #copies = new SectionSlice()
  readonly #references = new SectionByReference()
  /** Operations are passed to the store by reference, without a copy. */
  #isInPlace = false
  /** Parts before this one were applied and released. */
  #releasedParts = 0
  #starts = new Int32Array(0)
  #heads = new Int32Array(0)
  /** Number of the newest commit that was completely gathered or applied. */
  #lastSeq = 0
  /** A commit was completely gathered since the last application. */
  #hasWholeCommit = false
  /** Bytes of processed operations, and the count at which the next slice is applied. */
  #processedBytes = 0
  #dueBytes = 0
  #sliceBytes = 0

  /**
   * @param memory - shared by all stores.
   * @param expectedBytes - expected maximum of bytes of operations.
   */
  constructor(store: OrderedStore, keyOrder: KeyOrder, memory: ReplayMemory, expectedBytes: number) {
    this.#store = store
    this.#keyOrder = keyOrder
    this.#memory = memory
    this.#gathered = new GatheredOperations(memory, expectedBytes)
  }

  /** Bytes that it uses in addition to chunks. */
  get additionalBytes(): number {
    return this.#gathered.outOfLine.byteCount + this.#gathered.countMax * SORTED_BYTES
  }

  /** Returns an upper bound of the chunks that `add` allocates. */
  chunksFor(section: BatchSection): number {
    return this.#gathered.chunksFor(section)
  }

  /** Copies the section of a commit. If it cannot be gathered, it is applied after the earlier ones. */
  add(section: BatchSection, seq: number): void {
    if (!this.#gathered.add(section)) {
      this.applyWhole(section, seq)
      return
    }
    this.#lastSeq = seq
    this.#hasWholeCommit = true
  }

  /**
   * Applies the section of a commit directly, after the gathered operations.
   *
   * @remarks A part of it may have been gathered already. That is harmless: all of its operations are applied again, after the others.
   */
  applyWhole(section: BatchSection, seq: number): void {
    if (this.#hasWholeCommit) this.apply()
    else this.#gathered.clear()
    this.#store.apply(section, toSeq(seq))
    this.#lastSeq = seq
  }

  /** Applies and removes the gathered operations. */
  apply(): void {
    const gathered = this.#gathered
    if (gathered.count === 0) return
    this.#sliceBytes = Math.ceil(gathered.byteCount / Math.ceil(gathered.byteCount / SLICE_BYTES))
    this.#dueBytes = this.#sliceBytes
    this.#processedBytes = 0
    this.#releasedParts = 0
    this.#references.bytes = this.#memory.bytes
    this.#isInPlace = gathered.outOfLine.byteCount === 0 && this.#sliceBytes <= IN_PLACE_BYTES_MAX
    for (let part = 0; part < gathered.partCount; part++) this.#applyPart(part)
    this.#applySlice(gathered.partCount)
    gathered.clear()
    this.#hasWholeCommit = false
  }

  /** Sorts the operations of a part, and applies the last operation of each key. */
  #applyPart(part: number): void {
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
      const isOverwritten = index + 1 < count && this.#isOverwritten(start, starts[index + 1] as number)
      const byteCount = isOutOfLine(bytes, start)
        ? outOfLineLocation(bytes, start).byteCount
        : operationEnd(bytes, start) - start
      this.#processedBytes += byteCount
      if (!isOverwritten) this.#select(start, byteCount)
      if (this.#processedBytes < this.#dueBytes || this.#processedBytes === gathered.byteCount) continue
      const slice = this.#isInPlace ? this.#references : this.#copies
      if (slice.operationCount === 0) continue
      this.#applySlice(part)
      this.#dueBytes = this.#processedBytes + this.#sliceBytes
    }
    if (!this.#isInPlace) this.#releaseParts(part + 1)
  }

  /** Reports whether the next operation has the same key, and therefore overwrites this one. */
  #isOverwritten(start: number, next: number): boolean {
    const { bytes, view } = this.#memory
    if (view.getInt32(start - HEAD_BYTES, true) !== view.getInt32(next - HEAD_BYTES, true)) return false
    return haveSameKey(bytes, start, next)
  }

  #select(start: number, byteCount: number): void {
    const { bytes, view } = this.#memory
    if (this.#isInPlace) this.#references.add(start)
    else if (isOutOfLine(bytes, start))
      this.#copies.add(this.#gathered.outOfLine.view, outOfLineLocation(bytes, start).offset, byteCount)
    else this.#copies.add(view, start, byteCount)
  }

  /** Applies the current slice with the number of the newest gathered commit, and releases the parts before `partsDone`. */
  #applySlice(partsDone: number): void {
    const slice = this.#isInPlace ? this.#references : this.#copies
    this.#store.apply(slice, toSeq(this.#lastSeq))
    slice.clear()
    this.#releaseParts(partsDone)
  }

  #releaseParts(before: number): void {
    for (; this.#releasedParts < before; this.#releasedParts++) this.#gathered.release(this.#releasedParts)
  }
}

function isOutOfLine(bytes: Uint8Array, start: number): boolean {
  return bytes[start] === OUT_OF_LINE
}
