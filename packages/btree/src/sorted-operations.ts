import { assert, compareByteRanges, OperationKind } from '@ldb/base'
import type { BatchReader } from '@ldb/base'
import { PAGE_HEADER_BYTES, VALUE_FIELD_BYTES } from './format.js'
import { LeafMerge } from './leaf-merge.js'
import { findRecord } from './lookup.js'
import { usedBytes } from './page.js'
import { appendRecord } from './page-edit.js'
import type { PageMemory } from './page-memory.js'
import type { TreeState } from './tree-state.js'
import { deleteEntry, putEntry } from './writer.js'

/** Words of an operation: where its key and its value begin and end, and its kind. */
const OPERATION_WORDS = 5
/** Fewer operations on a leaf are applied one by one. */
const MERGED_MIN = 6
/** Operations on one leaf that are looked for. */
const MERGED_MAX = 1024
/** A merge takes operations as long as this many pages, which it holds, have room for all. */
const MERGED_PAGES = 3
/** The same at the end of the tree, where operations are often many, and the pages that they fill stand behind one another. */
const MERGED_PAGES_AT_END = 8

/**
 * Operations on single keys in ascending order, each key once. All that belong to one leaf are applied to it together.
 *
 * @internal
 */
export class SortedOperations {
  bytes: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(this.bytes.buffer)
  #words = new Int32Array(0)
  #count = 0
  readonly #merge = new LeafMerge()

  /** Applies the operations that a reader goes through, `countMax` of them at most. */
  apply(state: TreeState, reader: BatchReader, countMax: number): void {
    this.#read(reader, countMax)
    this.#view = state.viewOf(this.bytes)
    let index = 0
    while (index < this.#count) index = this.#applyToLeaf(state, index)
  }

  keyStart(index: number): number {
    return this.#words[index * OPERATION_WORDS] as number
  }

  keyEnd(index: number): number {
    return this.#words[index * OPERATION_WORDS + 1] as number
  }

  kind(index: number): number {
    return this.#words[index * OPERATION_WORDS + 4] as number
  }

  /** Bytes of the record that an operation puts, which stands in a leaf as a whole. */
  recordBytes(index: number): number {
    const word = index * OPERATION_WORDS
    const words = this.#words
    const keyBytes = (words[word + 1] as number) - (words[word] as number)
    return VALUE_FIELD_BYTES + keyBytes + (words[word + 3] as number) - (words[word + 2] as number)
  }

  /** Writes the record that an operation puts behind the others of a page that has room for it. */
  writeTo(memory: PageMemory, page: number, index: number): void {
    const words = this.#words
    const word = index * OPERATION_WORDS
    appendRecord(
      memory,
      page,
      this.bytes,
      this.#view,
      words[word] as number,
      words[word + 1] as number,
      words[word + 2] as number,
      words[word + 3] as number,
    )
  }

  #read(reader: BatchReader, countMax: number): void {
    if (this.#words.length < countMax * OPERATION_WORDS)
      this.#words = new Int32Array(countMax * OPERATION_WORDS)
    const words = this.#words
    const { bytes } = reader
    let word = 0
    while (reader.next()) {
      const { keyStart, keyEnd, kind } = reader
      assert(kind !== OperationKind.DeleteRange && kind !== OperationKind.DeleteFrom, 'ranges have no order')
      if (word > 0) {
        const isAbove =
          compareByteRanges(
            bytes,
            words[word - OPERATION_WORDS] as number,
            words[word - OPERATION_WORDS + 1] as number,
            bytes,
            keyStart,
            keyEnd,
          ) < 0
        assert(isAbove, 'operations that are said to be in order are')
      }
      words[word] = keyStart
      words[word + 1] = keyEnd
      words[word + 2] = reader.valueStart
      words[word + 3] = reader.valueEnd
      words[word + 4] = kind
      word += OPERATION_WORDS
    }
    this.bytes = bytes
    this.#count = word / OPERATION_WORDS
  }

  /** Applies operations from `from` on, those on one leaf at most, and gives the first that is left. */
  #applyToLeaf(state: TreeState, from: number): number {
    const to = this.#mergeIntoLeaf(state, from)
    for (let index = from; index < -to; index += 1) this.#applyAlone(state, index)
    return Math.abs(to)
  }

  /** Gives the first operation that is left; its negative when those before it were too few, and not applied. */
  #mergeIntoLeaf(state: TreeState, from: number): number {
    if (this.#isLong(state, from)) return -from - 1
    try {
      const leaf = state.descend(this.bytes, this.keyStart(from), this.keyEnd(from))
      const upper = state.upperFence(state.root.level)
      const end = upper === undefined ? this.#count : this.#firstNotBelow(upper, from + 1)
      const pageRoom = state.memory.pageBytes - PAGE_HEADER_BYTES
      const pageCount = upper === undefined ? MERGED_PAGES_AT_END : MERGED_PAGES
      let room = pageCount * pageRoom - usedBytes(state.memory, leaf)
      let to = from
      while (to < end && !this.#isLong(state, to) && this.recordBytes(to) <= room) {
        room -= this.recordBytes(to)
        to += 1
      }
      if (to - from < MERGED_MIN) return -to
      this.#merge.run(state, this, from, to)
      return to
    } finally {
      state.pages.letGo()
    }
  }

  /** First operation from `from` on whose key is not below `key`; or one on this side of it, when it is far away. */
  #firstNotBelow(key: Uint8Array, from: number): number {
    let low = from
    let high = Math.min(this.#count, from + MERGED_MAX)
    while (low < high) {
      const middle = (low + high) >> 1
      const { bytes } = this
      const order = compareByteRanges(bytes, this.keyStart(middle), this.keyEnd(middle), key, 0, key.length)
      if (order < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Tells whether a part of what an operation puts, or its key, is too long to stand in a leaf. */
  #isLong(state: TreeState, index: number): boolean {
    const { memory } = state
    const word = index * OPERATION_WORDS
    const words = this.#words
    return (
      (words[word + 1] as number) - (words[word] as number) > memory.keyPartMax ||
      (words[word + 3] as number) - (words[word + 2] as number) > memory.valueInlineMax
    )
  }

  #applyAlone(state: TreeState, index: number): void {
    const { bytes } = this
    const keyStart = this.keyStart(index)
    const keyEnd = this.keyEnd(index)
    if (this.kind(index) !== OperationKind.Put) {
      if (findRecord(state.pages, state.root, bytes, keyStart, keyEnd) >= 0)
        deleteEntry(state, bytes, keyStart, keyEnd)
      return
    }
    const word = index * OPERATION_WORDS
    putEntry(state, bytes, keyStart, keyEnd, this.#words[word + 2] as number, this.#words[word + 3] as number)
  }
}
