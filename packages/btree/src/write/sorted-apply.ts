import { OperationKind } from '@ldb/base'
import type { BatchReader } from '@ldb/base'
import { PAGE_HEADER_BYTES } from '../format.js'
import { usedBytes } from '../page/page.js'
import { findRecord } from '../read/lookup.js'
import { LeafMerge } from './leaf-merge.js'
import { SortedOperations } from './sorted-operations.js'
import type { TreeState } from './tree-state.js'
import { deleteEntry, putEntry } from './writer.js'

/** Fewer operations on one leaf are applied one by one. */
const MERGED_MIN = 6
/** Upper bound of the operations that one merge searches for. */
const MERGED_MAX = 1024
/** A merge takes as many operations as fit this many pages, all of which it pins. */
const MERGED_PAGES = 3
/** The same at the end of the tree, where operations are often numerous and fill consecutive pages. */
const MERGED_PAGES_AT_END = 8

/**
 * Applies operations that are sorted by key. All operations on one leaf are merged into it in one pass.
 *
 * @internal
 */
export class SortedApply {
  readonly #operations = new SortedOperations()
  readonly #merge = new LeafMerge()

  /** Applies the operations of a reader, at most `countMax`. */
  apply(state: TreeState, reader: BatchReader, countMax: number): void {
    const operations = this.#operations
    operations.read(reader, countMax, state.viewOf(reader.bytes))
    let index = 0
    while (index < operations.count) index = this.#applyToLeaf(state, index)
  }

  /** Applies the operations from `from` on that belong to one leaf, and returns the first of the rest. */
  #applyToLeaf(state: TreeState, from: number): number {
    const to = this.#mergeIntoLeaf(state, from)
    for (let index = from; index < -to; index += 1) this.#applyAlone(state, index)
    return Math.abs(to)
  }

  /** Merges operations into a leaf. Returns the first remaining operation; its negative when too few precede it, and none is applied. */
  #mergeIntoLeaf(state: TreeState, from: number): number {
    const operations = this.#operations
    if (this.#isLong(state, from)) return -from - 1
    try {
      const leaf = state.descend(operations.bytes, operations.keyStart(from), operations.keyEnd(from))
      const upper = state.upperFence(state.root.level)
      const end =
        upper === undefined ? operations.count : operations.firstNotBelow(upper, from + 1, MERGED_MAX)
      const pageCapacity = state.memory.pageBytes - PAGE_HEADER_BYTES
      const pageCount = upper === undefined ? MERGED_PAGES_AT_END : MERGED_PAGES
      let capacity = pageCount * pageCapacity - usedBytes(state.memory, leaf)
      let to = from
      while (to < end && !this.#isLong(state, to) && operations.recordBytes(to) <= capacity) {
        capacity -= operations.recordBytes(to)
        to += 1
      }
      if (to - from < MERGED_MIN) return -to
      this.#merge.apply(state, operations, from, to)
      return to
    } finally {
      state.pages.pins.unpinAll()
    }
  }

  /** Reports whether the key or the value of an operation is too long to be stored whole in a leaf. */
  #isLong(state: TreeState, index: number): boolean {
    const { memory } = state
    const operations = this.#operations
    return (
      operations.keyEnd(index) - operations.keyStart(index) > memory.keyPartMax ||
      operations.valueEnd(index) - operations.valueStart(index) > memory.valueInlineMax
    )
  }

  #applyAlone(state: TreeState, index: number): void {
    const operations = this.#operations
    const { bytes } = operations
    const keyStart = operations.keyStart(index)
    const keyEnd = operations.keyEnd(index)
    if (operations.kind(index) === OperationKind.Put) {
      putEntry(state, bytes, keyStart, keyEnd, operations.valueStart(index), operations.valueEnd(index))
    } else if (findRecord(state.pages.reader, state.root, bytes, keyStart, keyEnd) >= 0) {
      deleteEntry(state, bytes, keyStart, keyEnd)
    }
  }
}
