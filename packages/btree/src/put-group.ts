import type { BatchReader } from '@ldb/base'
import { PAGE_HEADER_COUNT_OFFSET } from './format.js'
import { heapStart, slotCount, SLOTS_WORD } from './page.js'
import type { TreeState } from './tree-state.js'
import { putEntry, putInLeaf } from './writer.js'

/** Entries that are put together: their leaves lie in the processor's first cache when they are changed. */
const ENTRIES_MAX = 32
/** Fewer are put one by one. */
const ENTRIES_MIN = 4
/** Groups that are put without looking ahead after one most of whose leaves were not in memory: looking is a way down in vain. */
const GROUPS_UNSEEN = 15
/** Words of an entry: where its key and its value begin and end. */
const ENTRY_WORDS = 4

/**
 * Puts entries of a batch a few at a time, in their order: first it finds the leaves of all of them, then it loads what will be
 * needed of each, then it changes them. So the processor waits for many leaves at once instead of one after the other.
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
    const count = this.#count
    const entries = this.#entries
    const { pages } = state
    this.#count = 0
    if (count >= ENTRIES_MIN && this.#unseen === 0) this.#findLeaves(state, bytes, count)
    else {
      this.#leaves.fill(-1, 0, count)
      if (this.#unseen > 0) this.#unseen -= 1
    }
    const { moveCount } = pages
    for (let index = 0; index < count; index += 1) {
      const at = index * ENTRY_WORDS
      const keyStart = entries[at] as number
      const keyEnd = entries[at + 1] as number
      const valueStart = entries[at + 2] as number
      const valueEnd = entries[at + 3] as number
      const leaf = this.#leaves[index] as number
      // Once a page was split, brought in or thrown out, what was found need no longer be so.
      if (leaf >= 0 && pages.moveCount === moveCount) {
        if (putInLeaf(state, leaf, bytes, keyStart, keyEnd, valueStart, valueEnd)) continue
      }
      putEntry(state, bytes, keyStart, keyEnd, valueStart, valueEnd)
    }
  }

  #findLeaves(state: TreeState, bytes: Uint8Array, count: number): void {
    const entries = this.#entries
    const leaves = this.#leaves
    let missing = 0
    for (let index = 0; index < count; index += 1) {
      const at = index * ENTRY_WORDS
      const leaf = state.leafResident(bytes, entries[at] as number, entries[at + 1] as number)
      if (leaf < 0) missing += 1
      leaves[index] = leaf
    }
    if (missing * 2 > count) this.#unseen = GROUPS_UNSEEN
    const { memory, pages } = state
    const { i32 } = memory
    let sum = 0
    for (let index = 0; index < count; index += 1) {
      const leaf = leaves[index] as number
      if (leaf >= 0) sum ^= i32[(leaf + PAGE_HEADER_COUNT_OFFSET) >> 2] as number
    }
    for (let index = 0; index < count; index += 1) {
      const leaf = leaves[index] as number
      if (leaf < 0) continue
      if (!pages.isWritable(leaf)) leaves[index] = -1
      const middle = (leaf >> 2) + SLOTS_WORD + slotCount(memory, leaf)
      sum ^= (i32[middle] as number) ^ (i32[(leaf + heapStart(memory, leaf) - 1) >> 2] as number)
    }
    this.loaded = sum
  }
}
