import type { BatchReader } from '@ldb/base'
import { PAGE_HEADER_COUNT_OFFSET } from '../format.js'
import { heapStart, slotCount, SLOTS_WORD } from '../page/page.js'
import { childOf } from '../page/record.js'
import { searchBranch } from '../page/search.js'
import type { TreeState } from './tree-state.js'
import { putEntry, putInLeaf } from './writer.js'

/** Entries that are put together: what is needed of their leaves stays near the processor until they are changed. */
const ENTRIES_MAX = 64
/** Fewer are put one by one. */
const ENTRIES_MIN = 4
/** Groups that are put without looking ahead after one most of whose leaves were not in memory: looking is a way down in vain. */
const GROUPS_UNSEEN = 15
/** How far below the heap its new records are likely to begin. */
const RECORD_BYTES = 100
/** Words of an entry: where its key and its value begin and end. */
const ENTRY_WORDS = 4

/**
 * Puts entries of a batch a few at a time: first it finds the leaves of all of them, then it loads what will be needed of each,
 * then it changes those that have room, and at last it makes room in the others. So the processor waits for many leaves at once
 * instead of one after the other, and no split moves a leaf that was found. Entries of one leaf are put in their order.
 *
 * @internal
 */
export class PutGroup {
  readonly #entries = new Int32Array(ENTRIES_MAX * ENTRY_WORDS)
  readonly #leaves = new Int32Array(ENTRIES_MAX)
  #count = 0
  /** Groups for which nothing is looked up ahead. */
  #unseen = 0
  /** What was loaded; it is kept so that the loads are not left out as useless. */
  loaded = 0

  get isFull(): boolean {
    return this.#count === ENTRIES_MAX
  }

  /** Forgets the entries. */
  clear(): void {
    this.#count = 0
  }

  /** Takes the entry that a reader shows. */
  add(reader: BatchReader): void {
    const at = this.#count * ENTRY_WORDS
    this.#entries[at] = reader.keyStart
    this.#entries[at + 1] = reader.keyEnd
    this.#entries[at + 2] = reader.valueStart
    this.#entries[at + 3] = reader.valueEnd
    this.#count += 1
  }

  /** Puts the entries, which lie in `bytes`. */
  run(state: TreeState, bytes: Uint8Array): void {
    let count = this.#count
    this.#count = 0
    if (count < ENTRIES_MIN || this.#unseen > 0) {
      this.#leaves.fill(-1, 0, count)
      if (this.#unseen > 0) this.#unseen -= 1
    } else {
      this.#findLeaves(state, bytes, count)
      count = this.#putWhereRoom(state, bytes, count)
    }
    this.#putInOrder(state, bytes, count)
  }

  /**
   * Puts the entries for which their leaves have room. The others are left, in their order, and so is whatever comes after one
   * of them in its leaf: it may be the same key.
   *
   * @returns how many are left.
   */
  #putWhereRoom(state: TreeState, bytes: Uint8Array, count: number): number {
    const entries = this.#entries
    const leaves = this.#leaves
    let left = 0
    for (let index = 0; index < count; index += 1) {
      const leaf = leaves[index] as number
      if (leaf >= 0 && !this.#isAmong(leaf, left) && this.#putInFound(state, bytes, index)) continue
      const at = index * ENTRY_WORDS
      leaves[left] = leaf
      entries.copyWithin(left * ENTRY_WORDS, at, at + ENTRY_WORDS)
      left += 1
    }
    return left
  }

  /** Reports whether one of the first `count` entries belongs to a leaf. */
  #isAmong(leaf: number, count: number): boolean {
    const leaves = this.#leaves
    for (let index = 0; index < count; index += 1) if (leaves[index] === leaf) return true
    return false
  }

  /** Puts the first `count` entries, making room for them. */
  #putInOrder(state: TreeState, bytes: Uint8Array, count: number): void {
    const entries = this.#entries
    const { pages } = state
    const { layoutVersion } = pages.reader
    for (let index = 0; index < count; index += 1) {
      // Once a page was split, brought in or thrown out, what was found need no longer be so.
      const isFound = (this.#leaves[index] as number) >= 0 && pages.reader.layoutVersion === layoutVersion
      if (isFound && this.#putInFound(state, bytes, index)) continue
      const at = index * ENTRY_WORDS
      putEntry(
        state,
        bytes,
        entries[at] as number,
        entries[at + 1] as number,
        entries[at + 2] as number,
        entries[at + 3] as number,
      )
    }
  }

  /** Puts an entry into the leaf that was found for it, if there is room. */
  #putInFound(state: TreeState, bytes: Uint8Array, index: number): boolean {
    const entries = this.#entries
    const at = index * ENTRY_WORDS
    return putInLeaf(
      state,
      this.#leaves[index] as number,
      bytes,
      entries[at] as number,
      entries[at + 1] as number,
      entries[at + 2] as number,
      entries[at + 3] as number,
    )
  }

  /** Goes down for all entries at once, a level at a time: while one waits for a page, the next ones are looked for. */
  #findLeaves(state: TreeState, bytes: Uint8Array, count: number): void {
    const entries = this.#entries
    const leaves = this.#leaves
    const { memory, pages, root } = state
    leaves.fill(pages.reader.residentPage(root.page), 0, count)
    for (let { level } = root; level > 0; level -= 1) {
      for (let index = 0; index < count; index += 1) {
        const page = leaves[index] as number
        if (page < 0) continue
        const at = index * ENTRY_WORDS
        const slot = searchBranch(memory, page, bytes, entries[at] as number, entries[at + 1] as number)
        leaves[index] = pages.reader.residentPage(childOf(memory, page, slot))
      }
    }
    this.#loadLeaves(state, count)
  }

  /** Loads what a put looks at in each leaf: its slots at the quarters and the end, and where its record will stand. */
  #loadLeaves({ memory, pages }: TreeState, count: number): void {
    const leaves = this.#leaves
    const { i32 } = memory
    let missing = 0
    let sum = 0
    for (let index = 0; index < count; index += 1) {
      const leaf = leaves[index] as number
      if (leaf < 0) missing += 1
      else sum ^= i32[(leaf + PAGE_HEADER_COUNT_OFFSET) >> 2] as number
    }
    if (missing * 2 > count) this.#unseen = GROUPS_UNSEEN
    for (let index = 0; index < count; index += 1) {
      const leaf = leaves[index] as number
      if (leaf < 0) continue
      if (!pages.allocator.isWritable(leaf)) leaves[index] = -1
      const slots = slotCount(memory, leaf)
      const middle = (leaf >> 2) + SLOTS_WORD + slots
      const quarter = slots >> 1
      const heap = leaf + heapStart(memory, leaf)
      sum ^= (i32[middle - quarter] as number) ^ (i32[middle] as number)
      sum ^= (i32[middle + quarter] as number) ^ (i32[middle + slots - 1] as number)
      sum ^= (i32[(heap - 1) >> 2] as number) ^ (i32[Math.max(leaf, heap - RECORD_BYTES) >> 2] as number)
    }
    this.loaded = sum
  }
}
