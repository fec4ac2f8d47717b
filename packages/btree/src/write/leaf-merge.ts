import { OperationKind } from '@ldb/base'
import { PAGE_HEADER_BYTES, SLOT_BYTES } from '../format.js'
import { mergeUp } from './merge.js'
import { clearPage, pageNumberOf, prefixBytes, setPrefixBytes, slotCount, usedBytes } from '../page/page.js'
import { admitKey, renewFences } from '../page/prefix.js'
import { appendSlots, copyToScratch } from '../page/edit.js'
import type { PageMemory } from '../page/memory.js'
import { copyKey, recordBytes, slotHead } from '../page/record.js'
import { compareSlot, keyHead } from '../page/search.js'
import { makeSeparator } from '../extents/separator.js'
import type { Separator } from '../extents/separator.js'
import type { SortedOperations } from './sorted-operations.js'
import { insertChild } from './split.js'
import type { TreeState } from './tree-state.js'

const NO_KEY = new Uint8Array(0)

/**
 * Builds a leaf anew from its records and from operations on it that are in order: each record is moved once, however many come
 * between them, and where they need more than one page, all pages are about equally full.
 *
 * @internal
 */
export class LeafMerge {
  /** What is to stand in the leaf, in order: slots it has, and complements of the operations that put something. */
  #entries = new Int32Array(256)
  #count = 0
  /** Bytes of all of them, slots included. */
  #byteCount = 0
  /** Something was removed, or replaced. */
  #removes = false
  /** All that is put comes behind all that is there. */
  #appends = false
  /** The leaf and the pages behind it. */
  readonly #pages: number[] = []

  /**
   * Applies operations `from` to `to`, all short enough to stand in a leaf, to the leaf at the end of the path, to which they all
   * belong. The path means nothing afterwards.
   */
  run(state: TreeState, operations: SortedOperations, from: number, to: number): void {
    const { memory } = state
    const depth = state.root.level
    const leaf = state.pathPage[depth] as number
    const lower = state.lowerFence(depth)
    const upper = state.upperFence(depth)
    const { bytes } = operations
    admitKey(memory, leaf, bytes, operations.keyStart(from), operations.keyEnd(from))
    admitKey(memory, leaf, bytes, operations.keyStart(to - 1), operations.keyEnd(to - 1))
    const source = copyToScratch(memory, leaf)
    this.#plan(state, leaf, source, operations, from, to)
    this.#fill(state, leaf, source, operations, upper === undefined)
    this.#join(state, lower, upper)
    if (this.#pages.length === 1 && this.#removes) mergeUp(state, state.root.level)
  }

  /** Works out what is to stand in the leaf that `source` holds. */
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
        this.#take(slot, recordBytes(source, 0, slot))
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
      this.#take(~index, operations.recordBytes(index))
    }
    this.#appends = slot === count && !this.#removes && (this.#count === 0 || this.#entriesInOrder(count))
    for (; slot < count; slot += 1) this.#take(slot, recordBytes(source, 0, slot))
  }

  #begin(countMax: number): void {
    if (this.#entries.length < countMax) this.#entries = new Int32Array(2 * countMax)
    this.#count = 0
    this.#byteCount = 0
    this.#removes = false
    this.#pages.length = 0
  }

  #take(entry: number, byteCount: number): void {
    this.#entries[this.#count] = entry
    this.#count += 1
    this.#byteCount += byteCount + SLOT_BYTES
  }

  /** Reports whether the slots that are there, `count` of them, come first. */
  #entriesInOrder(count: number): boolean {
    return count === 0 || this.#entries[count - 1] === count - 1
  }

  /** Fills the leaf, and as many new pages as it takes. */
  #fill(
    state: TreeState,
    leaf: number,
    source: PageMemory,
    operations: SortedOperations,
    isLast: boolean,
  ): void {
    const { memory } = state
    const entries = this.#entries
    const room = memory.pageBytes - PAGE_HEADER_BYTES
    // Keys that come in order at the end of the tree leave full pages behind them.
    const target =
      isLast && this.#appends ? room : Math.ceil(this.#byteCount / Math.ceil(this.#byteCount / room))
    const prefix = prefixBytes(source, 0)
    let page = leaf
    let first = 0
    let used = 0
    if (isLast && this.#appends) {
      // What is there stays where it is.
      first = slotCount(source, 0)
      used = usedBytes(source, 0)
    } else {
      clearPage(memory, page, 0)
      setPrefixBytes(memory, page, prefix)
    }
    this.#pages.push(page)
    let slotFrom = 0
    let slotTo = 0
    for (let index = first; index < this.#count; index += 1) {
      const entry = entries[index] as number
      const isSlot = entry >= 0
      const bytes = (isSlot ? recordBytes(source, 0, entry) : operations.recordBytes(~entry)) + SLOT_BYTES
      const isFull = used > 0 && (used >= target || bytes > room - used)
      if (slotTo > slotFrom && (!isSlot || isFull || entry !== slotTo)) {
        appendSlots(memory, page, source, 0, slotFrom, slotTo)
        slotFrom = slotTo
      }
      if (isFull) {
        page = state.pages.allocator.create(0)
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

  /** Returns each page its fences, and the new ones their place below the parent. */
  #join(state: TreeState, lower: Uint8Array | undefined, upper: Uint8Array | undefined): void {
    const { memory, pages } = state
    const made = this.#pages
    const separators: Separator[] = []
    for (let index = 1; index < made.length; index += 1) {
      const left = made[index - 1] as number
      const leftKey = copyKey(memory, left, slotCount(memory, left) - 1)
      separators.push(
        makeSeparator(memory, pages.extents, leftKey, copyKey(memory, made[index] as number, 0)),
      )
    }
    for (const [index, page] of made.entries()) {
      renewFences(memory, page, separators[index - 1]?.key ?? lower, separators[index]?.key ?? upper)
    }
    for (let index = made.length - 1; index > 0; index -= 1) {
      const depth = state.root.level
      const parentSlot = depth > 0 ? (state.pathSlot[depth - 1] as number) : 0
      const { layoutVersion } = pages.reader
      const separator = separators[index - 1] as Separator
      insertChild(state, depth - 1, parentSlot + 1, separator, pageNumberOf(memory, made[index] as number))
      // A branch was split: the way to the leaf is another one.
      if (pages.reader.layoutVersion !== layoutVersion) state.descend(lower ?? NO_KEY, 0, lower?.length ?? 0)
    }
  }
}
