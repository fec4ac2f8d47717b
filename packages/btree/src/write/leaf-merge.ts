import { OperationKind } from '@ldb/base'
import { PAGE_HEADER_BYTES, SLOT_BYTES } from '../format.js'
import { mergeUp } from './merge.js'
import { clearPage, pageNumberOf, prefixBytes, setPrefixBytes, slotCount, usedBytes } from '../page/page.js'
import { admitKey, renewFences } from '../page/prefix.js'
import { appendSlots, copyToScratch } from '../page/edit.js'
import type { PageMemory } from '../page/memory.js'
import { copyKey, recordBytes, slotHead } from '../page/record.js'
import { compareSlot, keyHead } from '../page/search-slots.js'
import { makeSeparator } from '../extents/separator.js'
import type { Separator } from '../extents/separator.js'
import type { SortedOperations } from './sorted-operations.js'
import { insertChild } from './split.js'
import type { TreeState } from './tree-state.js'

const NO_KEY = new Uint8Array(0)

/**
 * Merges sorted operations into a leaf: rebuilds it, and as many new pages as it needs, from its records and the operations. Each
 * record is moved once, and the pages are about equally full.
 *
 * @internal
 */
export class LeafMerge {
  /** The merged entries in order: slots of the old leaf, and the bitwise complements of the indexes of puts. */
  #entries = new Int32Array(256)
  #count = 0
  /** Bytes of the merged entries, slots included. */
  #byteCount = 0
  /** An operation removes or replaces an entry. */
  #removes = false
  /** Offsets of the leaf and the new pages to its right. */
  readonly #pages: number[] = []

  /**
   * Applies operations `from` to `to` (exclusive) to the leaf at the end of the path. All of them belong to that leaf and fit a leaf
   * without extents. The path is invalid afterwards.
   */
  apply(state: TreeState, operations: SortedOperations, from: number, to: number): void {
    const depth = state.root.level
    const leaf = state.pathPage[depth] as number
    const memory = state.arenas.of(leaf)
    const lower = state.lowerFence(depth)
    const upper = state.upperFence(depth)
    const { bytes } = operations
    admitKey(memory, leaf, bytes, operations.keyStart(from), operations.keyEnd(from))
    admitKey(memory, leaf, bytes, operations.keyStart(to - 1), operations.keyEnd(to - 1))
    const count = slotCount(memory, leaf)
    const isAppend =
      upper === undefined &&
      (count === 0 ||
        compareSlot(memory, leaf, count - 1, bytes, operations.keyStart(from), operations.keyEnd(from), 0) >
          0)
    if (isAppend) {
      this.#planAppend(state, operations, from, to)
      this.#fill(state, leaf, memory, operations, true)
    } else {
      const source = copyToScratch(memory, leaf)
      this.#plan(state, leaf, source, operations, from, to)
      this.#fill(state, leaf, source, operations, false)
    }
    this.#join(state, lower, upper)
    if (this.#pages.length === 1 && this.#removes) mergeUp(state, state.root.level)
  }

  /** Merges the slots of the old leaf, in `source`, with the operations. */
  #plan(
    state: TreeState,
    leaf: number,
    source: PageMemory,
    operations: SortedOperations,
    from: number,
    to: number,
  ): void {
    const count = slotCount(source, 0)
    const prefix = prefixBytes(source, 0)
    const { bytes } = operations
    this.#begin(count + to - from)
    let slot = 0
    for (let index = from; index < to; index += 1) {
      const keyStart = operations.keyStart(index)
      const keyEnd = operations.keyEnd(index)
      const head = keyHead(bytes, keyStart, keyEnd, prefix)
      let order = -1
      while (slot < count) {
        order = head - slotHead(source, 0, slot)
        if (order === 0) order = compareSlot(source, 0, slot, bytes, keyStart, keyEnd, prefix)
        if (order <= 0) break
        this.#addEntry(slot, recordBytes(source, 0, slot))
        slot += 1
      }
      const puts = operations.kind(index) === OperationKind.Put
      if (slot < count && order === 0) {
        state.retireExtents(leaf, slot)
        state.entryCount -= 1
        this.#removes = true
        slot += 1
      }
      if (!puts) continue
      state.entryCount += 1
      this.#addEntry(~index, operations.recordBytes(index))
    }
    for (; slot < count; slot += 1) this.#addEntry(slot, recordBytes(source, 0, slot))
  }

  /** Adds the puts, whose keys are above all keys of the tree. */
  #planAppend(state: TreeState, operations: SortedOperations, from: number, to: number): void {
    this.#begin(to - from)
    for (let index = from; index < to; index += 1) {
      if (operations.kind(index) !== OperationKind.Put) continue
      state.entryCount += 1
      this.#addEntry(~index, operations.recordBytes(index))
    }
  }

  #begin(countMax: number): void {
    if (this.#entries.length < countMax) this.#entries = new Int32Array(2 * countMax)
    this.#count = 0
    this.#byteCount = 0
    this.#removes = false
    this.#pages.length = 0
  }

  #addEntry(entry: number, byteCount: number): void {
    this.#entries[this.#count] = entry
    this.#count += 1
    this.#byteCount += byteCount + SLOT_BYTES
  }

  /** Writes the merged entries to the leaf and to as many new pages as they need. To append, leaves the present entries in place. */
  #fill(
    state: TreeState,
    leaf: number,
    source: PageMemory,
    operations: SortedOperations,
    appends: boolean,
  ): void {
    let memory = state.arenas.of(leaf)
    const entries = this.#entries
    const capacity = memory.pageEnd - PAGE_HEADER_BYTES
    // Keys that are appended in order at the end of the tree fill pages completely.
    const target = appends ? capacity : Math.ceil(this.#byteCount / Math.ceil(this.#byteCount / capacity))
    const prefix = prefixBytes(memory, leaf)
    let page = leaf
    let used = 0
    if (appends) used = usedBytes(memory, leaf)
    else {
      clearPage(memory, page, 0)
      setPrefixBytes(memory, page, prefix)
    }
    this.#pages.push(page)
    let slotFrom = 0
    let slotTo = 0
    for (let index = 0; index < this.#count; index += 1) {
      const entry = entries[index] as number
      const isSlot = entry >= 0
      const bytes = (isSlot ? recordBytes(source, 0, entry) : operations.recordBytes(~entry)) + SLOT_BYTES
      const isFull = used > 0 && (used >= target || bytes > capacity - used)
      if (slotTo > slotFrom && (!isSlot || isFull || entry !== slotTo)) {
        appendSlots(memory, page, source, 0, slotFrom, slotTo)
        slotFrom = slotTo
      }
      if (isFull) {
        page = state.pages.allocator.create(0)
        memory = state.arenas.of(page)
        setPrefixBytes(memory, page, prefix)
        this.#pages.push(page)
        used = 0
      }
      used += bytes
      if (isSlot) {
        if (slotTo === slotFrom) slotFrom = entry
        slotTo = entry + 1
      } else operations.writeTo(memory, page, ~entry)
    }
    if (slotTo > slotFrom) appendSlots(memory, page, source, 0, slotFrom, slotTo)
  }

  /** Sets the fences of the pages, and inserts the new pages into the parent. */
  #join(state: TreeState, lower: Uint8Array | undefined, upper: Uint8Array | undefined): void {
    const { arenas, limits, pages } = state
    const pageOffsets = this.#pages
    const separators: Separator[] = []
    for (let index = 1; index < pageOffsets.length; index += 1) {
      const left = pageOffsets[index - 1] as number
      const right = pageOffsets[index] as number
      const leftMemory = arenas.of(left)
      const leftKey = copyKey(leftMemory, left, slotCount(leftMemory, left) - 1)
      const rightKey = copyKey(arenas.of(right), right, 0)
      separators.push(makeSeparator(limits, pages.extents, leftKey, rightKey))
    }
    for (const [index, page] of pageOffsets.entries()) {
      const above = separators[index]?.key ?? upper
      renewFences(arenas.of(page), page, separators[index - 1]?.key ?? lower, above)
    }
    for (let index = pageOffsets.length - 1; index > 0; index -= 1) {
      const depth = state.root.level
      const parentSlot = depth > 0 ? (state.pathSlot[depth - 1] as number) : 0
      const { layoutVersion } = pages.reader
      const separator = separators[index - 1] as Separator
      const page = pageOffsets[index] as number
      insertChild(state, depth - 1, parentSlot + 1, separator, pageNumberOf(arenas.of(page), page))
      // A branch was split, so that the path to the leaf has changed.
      if (pages.reader.layoutVersion !== layoutVersion) state.descend(lower ?? NO_KEY, 0, lower?.length ?? 0)
    }
  }
}
