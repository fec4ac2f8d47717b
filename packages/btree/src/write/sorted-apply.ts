import { OperationKind } from '@ldb/base'
import type { BatchReader } from '@ldb/base'
import { PAGE_HEADER_BYTES } from '../format.js'
import { usedBytes } from '../page/page.js'
import { findRecord } from '../read/lookup.js'
import { LeafMerge } from './leaf-merge.js'
import { LeafUpdate, MERGED_MIN } from './leaf-update.js'
import { mergeUp } from './merge.js'
import type { PutGroup } from './put-group.js'
import { SortedOperations } from './sorted-operations.js'
import type { TreeState } from './tree-state.js'
import { deleteEntry, putEntry } from './writer.js'

/** Fewer operations on one leaf are applied in groups, whose descents overlap. */
const DENSE_MIN = 3
/** Operations that are applied in groups before the density is tested again. */
const SPARSE_COUNT = 64
/** Upper bound of the operations that one merge searches for. */
const MERGED_MAX = 1024
/** A merge takes as many operations as fit this many pages, all of which it pins. */
const MERGED_PAGES = 3
/** The same at the end of the tree, where operations are often numerous and fill consecutive pages. */
const MERGED_PAGES_AT_END = 8

/**
 * Applies operations that are sorted by key. All operations on one leaf share one descent: they are applied in place, or merged into the
 * leaf in one pass when they insert many entries.
 *
 * @internal
 */
export class SortedApply {
  readonly #operations = new SortedOperations()
  readonly #update = new LeafUpdate()
  readonly #merge = new LeafMerge()
  readonly #puts: PutGroup

  /** @param puts - the group for operations that are far apart. */
  constructor(puts: PutGroup) {
    this.#puts = puts
  }

  /** Applies the operations of a reader, at most `countMax`. */
  apply(state: TreeState, reader: BatchReader, countMax: number): void {
    const operations = this.#operations
    operations.read(reader, countMax, state.viewOf(reader.bytes), state.encodedFrom)
    let index = 0
    while (index < operations.count) index = this.#applyNext(state, index)
  }

  /** Applies operations from `from` on, most often those of one leaf, and returns the first of the rest. */
  #applyNext(state: TreeState, from: number): number {
    let done = from
    if (!this.#isLong(state, from)) {
      done = this.#updateResident(state, from)
      if (done === from) done = this.#updatePinned(state, from)
    }
    if (done > from) return done
    this.#applyAlone(state, from)
    return from + 1
  }

  /**
   * Applies operations to their leaf in place, if the path to it is resident and the leaf is writable. No frame has to be pinned, because
   * nothing is loaded.
   */
  #updateResident(state: TreeState, from: number): number {
    const operations = this.#operations
    const { reader } = state.pages
    const { layoutVersion } = reader
    const leaf = state.descendBelowResident(
      operations.bytes,
      operations.keyStart(from),
      operations.keyEnd(from),
    )
    // After the load of a leaf, the path may be invalid.
    if (leaf < 0 || reader.layoutVersion !== layoutVersion) return from
    const end = this.#endOfLeaf(state, from)
    if (end - from < DENSE_MIN) return this.#applyGroup(state, from)
    const done = this.#update.apply(state, leaf, operations, from, end)
    if (this.#update.hasRemoved && isUnderfull(state, leaf)) this.#mergeWithSibling(state, from)
    return done
  }

  /** Applies operations to their leaf, which it pins: in place, or merged into it. */
  #updatePinned(state: TreeState, from: number): number {
    const operations = this.#operations
    try {
      const leaf = state.descend(operations.bytes, operations.keyStart(from), operations.keyEnd(from))
      const end = this.#endOfLeaf(state, from)
      const done = this.#update.apply(state, leaf, operations, from, end)
      if (this.#update.hasRemoved && isUnderfull(state, leaf)) mergeUp(state, state.root.level)
      return done > from ? done : this.#mergeIntoLeaf(state, leaf, from, end)
    } finally {
      state.pages.pins.unpinAll()
    }
  }

  /** Merges operations into the leaf of the path, unless they are few. Returns the first operation that is not applied. */
  #mergeIntoLeaf(state: TreeState, leaf: number, from: number, end: number): number {
    const operations = this.#operations
    const pageCapacity = state.limits.pageEnd - PAGE_HEADER_BYTES
    const isLast = state.isAtRightEdge(state.root.level)
    const pageCount = isLast ? MERGED_PAGES_AT_END : MERGED_PAGES
    let capacity = pageCount * pageCapacity - usedBytes(state.arenas.of(leaf), leaf)
    let to = from
    while (to < end && !this.#isLong(state, to) && operations.recordBytes(to) <= capacity) {
      capacity -= operations.recordBytes(to)
      to += 1
    }
    if (to - from < MERGED_MIN) return from
    this.#merge.apply(state, operations, from, to)
    return to
  }

  /** Merges the leaf of an operation, which is nearly empty, with a sibling. */
  #mergeWithSibling(state: TreeState, index: number): void {
    const operations = this.#operations
    try {
      state.descend(operations.bytes, operations.keyStart(index), operations.keyEnd(index))
      mergeUp(state, state.root.level)
    } finally {
      state.pages.pins.unpinAll()
    }
  }

  /** Returns the first operation after `from` that does not belong to the leaf of the path. */
  #endOfLeaf(state: TreeState, from: number): number {
    const upper = state.upperFence(state.root.level)
    const operations = this.#operations
    return upper === undefined ? operations.count : operations.firstNotBelow(upper, from + 1, MERGED_MAX)
  }

  /** Applies some operations without the use of their order. */
  #applyGroup(state: TreeState, from: number): number {
    const operations = this.#operations
    const puts = this.#puts
    const to = Math.min(operations.count, from + SPARSE_COUNT)
    for (let index = from; index < to; index += 1) {
      if (operations.kind(index) === OperationKind.Put) {
        puts.add(
          operations.keyStart(index),
          operations.keyEnd(index),
          operations.valueStart(index),
          operations.valueEnd(index),
        )
      } else this.#applyAlone(state, index)
    }
    // The operations have different keys, so that their order has no effect.
    puts.apply(state, operations.bytes)
    return to
  }

  /** Reports whether the key or the value of an operation is too long to be stored whole in a leaf. */
  #isLong(state: TreeState, index: number): boolean {
    const { limits } = state
    const operations = this.#operations
    return (
      operations.keyEnd(index) - operations.keyStart(index) > limits.keyPartMax ||
      operations.valueEnd(index) - operations.valueStart(index) > limits.valueInlineMax
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

/** Reports whether a leaf is so empty that it may be merged with a sibling. */
function isUnderfull({ arenas, limits }: TreeState, leaf: number): boolean {
  return usedBytes(arenas.of(leaf), leaf) < limits.pageBytes >> 2
}
