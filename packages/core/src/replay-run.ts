import { copyWords, toSeq } from '@ldb/base'
import type { BatchSection, OrderedStore } from '@ldb/base'
import type { KeyOrder } from './key-order.js'
import { OperationTable } from './operation-table.js'

/** Bytes that a store is given at a time: they are still in the processor's cache when it reads them. */
const SLICE_BYTES = 262_144
/** Operations that are loaded ahead. */
const TOUCHED_OPERATIONS = 32
/** Bytes that come into the processor's cache together. */
const LINE_BYTES = 64
/** Bytes of an operation that are loaded ahead; the processor foresees the rest of a long one. */
const TOUCHED_BYTES_MAX = 256

/**
 * Commits in a row, as far as they concern one store. They are applied together, in the order of their keys, each key once: so
 * the store changes a page once, where one commit after the other would come back to it again and again.
 */
export class ReplayRun {
  readonly #store: OrderedStore
  readonly #keyOrder: KeyOrder
  readonly #table: OperationTable
  readonly #bytesMax: number
  #slice = new Uint8Array(0)
  #sliceView = new DataView(this.#slice.buffer)
  #lastSeq = 0
  /** What was loaded ahead; kept so that the loads are not left out as useless. */
  touched = 0

  /**
   * @param bytesMax - about as many bytes of operations as it is given at a time.
   * @param logBytes - as many as it will be given altogether, at most.
   */
  constructor(store: OrderedStore, keyOrder: KeyOrder, bytesMax: number, logBytes: number) {
    this.#store = store
    this.#keyOrder = keyOrder
    this.#table = new OperationTable(Math.min(bytesMax, logBytes))
    this.#bytesMax = bytesMax
  }

  /** Memory that the operations take. */
  get memoryBytes(): number {
    return this.#table.memoryBytes
  }

  /** Takes a copy of what a commit does to the store; where that is too much for a copy, applies it at once. */
  add(section: BatchSection, seq: number): void {
    if (section.end - section.start >= this.#bytesMax) {
      this.apply()
      this.#store.apply(section, toSeq(seq))
      return
    }
    this.#table.add(section)
    this.#lastSeq = seq
  }

  /** Applies what was taken, and forgets it. */
  apply(): void {
    const table = this.#table
    if (table.count === 0) return
    this.#sortOperations()
    // Each slice passes for a commit of its own: nobody sees the store between two of them.
    const sliceCount = Math.min(Math.ceil(table.byteCount / SLICE_BYTES), this.#lastSeq - this.#store.seq)
    const sliceBytes = Math.ceil(table.byteCount / sliceCount)
    let from = 0
    while (from < table.count) from = this.#applySlice(from, sliceBytes)
    table.clear()
  }

  /** Applies operations from a place in the order on, and gives the place behind them. */
  #applySlice(from: number, byteCount: number): number {
    const table = this.#table
    const { starts, count } = table
    let operationCount = 0
    let end = 0
    let passedBytes = 0
    let index = from
    let touchedEnd = from
    while (index < count && passedBytes < byteCount) {
      if (index === touchedEnd) touchedEnd = this.#touch(index)
      const operation = starts[index] as number
      const bytes = table.endOf(operation) - operation
      passedBytes += bytes
      index++
      // Only what is done last to a key counts.
      if (index < count && table.isReplacedBy(operation, starts[index] as number)) continue
      this.#reserve(end, bytes)
      copyWords(table.view, operation, this.#sliceView, end, bytes)
      end += bytes
      operationCount++
    }
    const isSorted = table.ranges.length === 0
    const section: BatchSection = { bytes: this.#slice, start: 0, end, operationCount, isSorted }
    this.#store.apply(section, toSeq(index < count ? this.#store.seq + 1 : this.#lastSeq))
    return index
  }

  /**
   * Loads the next operations: the processor waits for all of them at once instead of one after the other. First it loads where
   * they begin, for that tells where they end.
   */
  #touch(from: number): number {
    const table = this.#table
    const { starts, bytes, count } = table
    const end = Math.min(count, from + TOUCHED_OPERATIONS)
    let sum = 0
    for (let index = from; index < end; index++) sum ^= bytes[starts[index] as number] as number
    for (let index = from; index < end; index++) {
      const start = starts[index] as number
      const last = table.endOf(start) - 1
      for (let at = start + LINE_BYTES; at < last && at <= start + TOUCHED_BYTES_MAX; at += LINE_BYTES) {
        sum ^= bytes[at] as number
      }
      sum ^= bytes[last] as number
    }
    this.touched = sum
    return end
  }

  #reserve(used: number, byteCount: number): void {
    if (byteCount <= this.#slice.length - used) return
    const grown = new Uint8Array(used + byteCount + SLICE_BYTES)
    grown.set(this.#slice.subarray(0, used))
    this.#slice = grown
    this.#sliceView = new DataView(grown.buffer)
  }

  /** Sorts the operations between those that are about ranges, which must stay where they are. */
  #sortOperations(): void {
    const { bytes, starts, ranges, count } = this.#table
    let from = 0
    for (const range of ranges) {
      this.#keyOrder.sort(bytes, starts, from, range)
      from = range + 1
    }
    this.#keyOrder.sort(bytes, starts, from, count)
  }
}
