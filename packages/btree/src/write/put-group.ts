import { PAGE_HEADER_COUNT_OFFSET } from '../format.js'
import { heapStart, slotCount, SLOTS_WORD } from '../page/page.js'
import { childOf } from '../page/record.js'
import { searchBranch } from '../page/search.js'
import type { TreeState } from './tree-state.js'
import { putEntry, putInLeaf } from './writer.js'

/** Size of a group: small enough that the cache lines of its leaves stay in the processor's cache until they are changed. */
const ENTRIES_MAX = 64
/** Smaller groups are put one by one. */
const ENTRIES_MIN = 4
/** Groups that are put without prefetch after a group with most leaves not resident: its descents were useless. */
const GROUPS_SKIPPED = 15
/** Assumed distance of a new record from the start of the heap. */
const RECORD_BYTES = 100
/** Words of an entry: start and end of its key and of its value. */
const ENTRY_WORDS = 4

/**
 * Puts the entries of a batch in groups: finds the leaves of all entries, prefetches their cache lines, puts the entries that fit, and
 * finally puts those that need a split. The processor so waits for the memory of many leaves at once, and no split
 * moves a leaf that was found. Entries of one leaf are put in batch order.
 *
 * @internal
 */
export class PutGroup {
  readonly #entries = new Int32Array(ENTRIES_MAX * ENTRY_WORDS)
  readonly #leaves = new Int32Array(ENTRIES_MAX)
  #count = 0
  /** Number of groups that are still to be put without prefetch. */
  #skippedGroups = 0
  /** Receives the prefetched words, so that the compiler does not remove the loads. */
  prefetchSink = 0

  get isFull(): boolean {
    return this.#count === ENTRIES_MAX
  }

  /** Removes all entries. */
  clear(): void {
    this.#count = 0
  }

  /** Adds an entry, by the positions of its key and its value. */
  add(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const at = this.#count * ENTRY_WORDS
    this.#entries[at] = keyStart
    this.#entries[at + 1] = keyEnd
    this.#entries[at + 2] = valueStart
    this.#entries[at + 3] = valueEnd
    this.#count += 1
  }

  /** Puts the entries, whose keys and values are in `bytes`, and removes them from the group. */
  apply(state: TreeState, bytes: Uint8Array): void {
    let count = this.#count
    this.#count = 0
    if (count < ENTRIES_MIN || this.#skippedGroups > 0) {
      this.#leaves.fill(-1, 0, count)
      if (this.#skippedGroups > 0) this.#skippedGroups -= 1
    } else {
      this.#findLeaves(state, bytes, count)
      count = this.#putFitting(state, bytes, count)
    }
    this.#putInOrder(state, bytes, count)
  }

  /**
   * Puts the entries that fit their leaves. Keeps the others, in order, and every entry of the same leaf that follows one of
   * them, because it may have the same key.
   *
   * @returns the number of remaining entries.
   */
  #putFitting(state: TreeState, bytes: Uint8Array, count: number): number {
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

  /** Reports whether one of the first `count` entries belongs to `leaf`. */
  #isAmong(leaf: number, count: number): boolean {
    const leaves = this.#leaves
    for (let index = 0; index < count; index += 1) if (leaves[index] === leaf) return true
    return false
  }

  /** Puts the first `count` entries, splitting pages where necessary. */
  #putInOrder(state: TreeState, bytes: Uint8Array, count: number): void {
    const entries = this.#entries
    const { pages } = state
    const { layoutVersion } = pages.reader
    for (let index = 0; index < count; index += 1) {
      // A split, load or eviction invalidates the leaves that were found.
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

  /** Puts an entry into the leaf that was found for it, if it fits. */
  #putInFound(state: TreeState, bytes: Uint8Array, index: number): boolean {
    const entries = this.#entries
    const at = index * ENTRY_WORDS
    const leaf = this.#leaves[index] as number
    return putInLeaf(
      state,
      state.arenas.of(leaf),
      leaf,
      bytes,
      entries[at] as number,
      entries[at + 1] as number,
      entries[at + 2] as number,
      entries[at + 3] as number,
    )
  }

  /** Descends for all entries level by level, so that the processor overlaps their memory accesses. */
  #findLeaves(state: TreeState, bytes: Uint8Array, count: number): void {
    const entries = this.#entries
    const leaves = this.#leaves
    const { arenas, pages, root } = state
    leaves.fill(pages.reader.residentPage(root.page), 0, count)
    for (let { level } = root; level > 0; level -= 1) {
      for (let index = 0; index < count; index += 1) {
        const page = leaves[index] as number
        if (page < 0) continue
        const at = index * ENTRY_WORDS
        const memory = arenas.of(page)
        const slot = searchBranch(memory, page, bytes, entries[at] as number, entries[at + 1] as number)
        leaves[index] = pages.reader.residentPage(childOf(memory, page, slot))
      }
    }
    this.#prefetchLeaves(state, count)
  }

  /** Loads the words of each leaf that a put reads first: slots at the quarters and the end, and the position of the new record. */
  #prefetchLeaves({ arenas, pages }: TreeState, count: number): void {
    const leaves = this.#leaves
    let missing = 0
    let sum = 0
    for (let index = 0; index < count; index += 1) {
      const leaf = leaves[index] as number
      if (leaf < 0) missing += 1
      else sum ^= arenas.of(leaf).i32[(leaf + PAGE_HEADER_COUNT_OFFSET) >> 2] as number
    }
    if (missing * 2 > count) this.#skippedGroups = GROUPS_SKIPPED
    for (let index = 0; index < count; index += 1) {
      const leaf = leaves[index] as number
      if (leaf < 0) continue
      if (!pages.allocator.isWritable(leaf)) leaves[index] = -1
      const memory = arenas.of(leaf)
      const { i32 } = memory
      const slots = slotCount(memory, leaf)
      const middle = (leaf >> 2) + SLOTS_WORD + slots
      const quarter = slots >> 1
      const heap = leaf + heapStart(memory, leaf)
      sum ^= (i32[middle - quarter] as number) ^ (i32[middle] as number)
      sum ^= (i32[middle + quarter] as number) ^ (i32[middle + slots - 1] as number)
      sum ^= (i32[(heap - 1) >> 2] as number) ^ (i32[Math.max(leaf, heap - RECORD_BYTES) >> 2] as number)
    }
    this.prefetchSink = sum
  }
}
